"""The tail rules of a batch, as recorded from the real engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_tentacle.lab.powershell.engine import Command, command, run_pipeline
from pulumi_tentacle.lab.world import Logon, Node

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("statements.yaml").read_text())


def statement(text: str) -> list[Command]:
    kind, _, name = text.partition(" ")
    return [
        {
            "write": command("Write-Thing", name),
            "fail": command("Get-Thing", name, Fail=True),
            "stop": command("Get-Thing", name, Fail=True, ErrorAction="Stop"),
            "throw": command("Get-Thing", name, Throw=True),
            "unknown": command("Get-Nothing"),
            "unbound": command("Get-Thing", Nope=1),
        }[kind]
    ]


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_the_client_sees_and_the_server_runs(case: dict[str, Any], node: Node, ran: list[str]) -> None:
    outcome = run_pipeline(node, Logon("LAB\\admin"), [statement(text) for text in case["statements"]])

    assert outcome.output == case["output"]
    assert [record.fqid for record in outcome.errors] == case.get("errors", [])
    assert outcome.state == case["state"]
    assert ran == case["ran"]
    assert (outcome.failure is not None) == (case["state"] == "Failed")
