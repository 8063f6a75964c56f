"""Refusing what the lab has no model for: said to the client, and counted in `Node.unknown`."""

from __future__ import annotations

from typing import NoReturn

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.node.program import Completed
from pulumi_tentacle.lab.powershell.cmdlet import Call, Failure
from pulumi_tentacle.lab.world import Node


def refuse(call: Call, what: str) -> NoReturn:
    """End a cmdlet or script for which the references do not say what Windows would do."""
    _count(call.node, what)
    call.throw(Failure(f"The lab does not know {what}.", "LabNotKnown", ErrorCategory.NotImplemented))


def not_known(node: Node, what: str) -> Completed:
    """The end of a program for which the references do not say what Windows would do."""
    _count(node, what)
    return Completed(1, stderr=f"the lab does not know {what}\r\n")


def _count(node: Node, what: str) -> None:
    node.unknown[what] = node.unknown.get(what, 0) + 1
