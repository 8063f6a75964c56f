"""Processes of a node."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pulumi_tentacle.remoting.commands import command
from pulumi_tentacle.remoting.node import Answer
from pulumi_tentacle.windows.queries import Query


def started(process_id: int) -> Query[datetime | None]:
    """When a process started, by the node's clock; None if there is no such process (and for id 0)."""

    def parse(answers: Sequence[Answer]) -> datetime | None:
        for answer in answers:
            for found in answer.objects:
                return datetime.fromisoformat(str(found["CreationDate"]).replace("Z", "+00:00")).astimezone()
        return None

    if process_id == 0:
        return Query((), parse)
    return Query(
        (
            command("Get-CimInstance", ClassName="Win32_Process")
            | command("Where-Object", Property="ProcessId", EQ=True, Value=process_id)
            | command("Select-Object", Property=["CreationDate"]),
        ),
        parse,
    )
