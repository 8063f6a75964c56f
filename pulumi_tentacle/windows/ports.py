"""TCP ports of a node."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_tentacle.remoting.commands import command
from pulumi_tentacle.remoting.node import Answer
from pulumi_tentacle.windows.queries import Query

_NONE = "CmdletizationQuery_NotFound"  # ..._LocalPort, ..._State: nothing matches


def listening(port: int) -> Query[bool]:
    """True while anything listens on the port."""

    def parse(answers: Sequence[Answer]) -> bool:
        (answer,) = answers
        if answer.error is not None and answer.error.error_id.startswith(_NONE):
            return False
        return bool(answer.objects)

    return Query(
        (
            command("Get-NetTCPConnection", LocalPort=port, State="Listen")
            | command("Select-Object", Property=["LocalPort"]),
        ),
        parse,
    )
