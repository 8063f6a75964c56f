"""The errors that a client decides by: full ids and categories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_tentacle.lab.powershell.engine import invoke
from pulumi_tentacle.lab.world import Node

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "errors.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['call'][0]} {case['call'][1]}")
def test_what_is_not_there_or_not_possible_is_the_error_that_windows_gives(node: Node, case: dict[str, Any]) -> None:
    name, parameters = case["call"]

    outcome = invoke(node, name, **parameters)

    assert [(record.fqid, record.category.name) for record in outcome.errors] == [(case["fqid"], case["category"])]
    assert outcome.output == []
    assert node.unknown == {}


def test_error_action_stop_ends_the_pipeline(node: Node) -> None:
    outcome = invoke(node, "Get-Service", Name="Nope", ErrorAction="Stop")

    assert outcome.state == "Failed"


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Get-CimInstance", {"ClassName": "Win32_Product"}),
        ("Get-FileHash", {"LiteralPath": r"C:\a", "Algorithm": "MD5"}),
        ("Get-Item", {"Path": r"C:\Windows\*"}),
        ("Get-Item", {"LiteralPath": r"\\server\share"}),
        ("Test-Path", {"LiteralPath": r"HKCU:\Software"}),
        ("New-Item", {"ItemType": "File", "Path": r"C:\a.txt"}),
        ("Initialize-Disk", {"Number": 1, "PartitionStyle": "MBR"}),
        ("New-NetFirewallRule", {"DisplayName": "A", "RemoteAddress": ["10.0.0.5/8"]}),
        ("New-NetFirewallRule", {"DisplayName": "A", "LocalPort": ["99999"]}),
        ("New-NetFirewallRule", {"DisplayName": "A", "Protocol": "ICMPv4"}),
        ("Remove-NetFirewallRule", {}),
    ],
)
def test_what_the_references_do_not_tell_is_refused_and_counted(
    node: Node, name: str, parameters: dict[str, Any]
) -> None:
    outcome = invoke(node, name, **parameters)

    assert outcome.state == "Failed"
    assert [record.failure.error_id for record in outcome.errors] == ["LabNotKnown"]
    assert outcome.errors[0].message.startswith("The lab does not know ")
    assert sum(node.unknown.values()) == 1
