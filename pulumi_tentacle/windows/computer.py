"""What computer a node is: names in a configuration are only ways to reach it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_tentacle.remoting.commands import command
from pulumi_tentacle.remoting.node import Answer
from pulumi_tentacle.windows.queries import Query


@dataclass(frozen=True)
class Computer:
    """`name` is the NetBIOS name in upper case, `domain` the DNS name of its domain (or its workgroup)."""

    name: str
    domain: str

    def __str__(self) -> str:
        return f"{self.name}.{self.domain}"


def _parse(answers: Sequence[Answer]) -> Computer:
    (found,) = answers[0].objects
    return Computer(str(found["Name"]).upper(), str(found["Domain"]).lower())


COMPUTER = Query(
    (
        command("Get-CimInstance", ClassName="Win32_ComputerSystem")
        | command("Select-Object", Property=["Name", "Domain"]),
    ),
    _parse,
)
