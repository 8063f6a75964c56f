"""Drives and folders as one node sees them now. Storage cmdlets would show the whole cluster's (windows-cluster.md §4.3)."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_tentacle.remoting.commands import command
from pulumi_tentacle.remoting.node import Answer
from pulumi_tentacle.windows.queries import Query


def volumes() -> Query[frozenset[str]]:
    """Drive letters in use on the node, DVD drives and network drives included."""

    def parse(answers: Sequence[Answer]) -> frozenset[str]:
        return frozenset(str(d["DeviceID"])[0].upper() for d in answers[0].objects)

    return Query(
        (command("Get-CimInstance", ClassName="Win32_LogicalDisk") | command("Select-Object", Property=["DeviceID"]),),
        parse,
    )


def existing_folders(paths: Sequence[str]) -> Query[frozenset[str]]:
    """Those of the paths that are folders."""

    def parse(answers: Sequence[Answer]) -> frozenset[str]:
        return frozenset(path for path, answer in zip(paths, answers, strict=True) if answer.objects == [True])

    return Query(tuple(command("Test-Path", LiteralPath=path, PathType="Container") for path in paths), parse)
