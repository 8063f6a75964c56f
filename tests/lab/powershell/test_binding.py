"""Parameters: how they are bound, and the ids of the errors when they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_tentacle.lab.powershell import scripts
from pulumi_tentacle.lab.powershell.cmdlet import Call, script, script_key
from pulumi_tentacle.lab.powershell.engine import Command, invoke, run_pipeline, script_command
from pulumi_tentacle.lab.world import Logon, Node

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("binding.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_binding(case: dict[str, Any], node: Node) -> None:
    outcome = invoke(node, "Set-Thing", *case.get("at", []), **case.get("named", {}))

    if "error" in case:
        assert [record.fqid for record in outcome.errors] == [f"{case['error']},SetThing"]
        assert outcome.state == "Failed"
    else:
        assert outcome.output == [case["bound"]]
    assert list(node.unknown) == ([case["unknown"]] if "unknown" in case else [])


def test_cmdlet_names_ignore_case_and_runs_are_noted(node: Node) -> None:
    assert invoke(node, "WRITE-thing", "x").output == ["x"]
    assert node.cmdlets == ["Write-Thing"]


def test_reading_cmdlets_have_no_confirm(node: Node) -> None:
    assert invoke(node, "Get-Thing", Confirm=False).errors[0].fqid == "NamedParameterNotFound,GetThing"


def test_all_commands_bind_before_the_first_one_runs(node: Node, ran: list[str]) -> None:
    commands = [Command("Write-Thing", [(None, "x")]), Command("Set-Thing", [("Nope", 1)])]
    assert run_pipeline(node, Logon("LAB\\admin"), [commands]).state == "Failed"
    assert ran == []


def test_an_unknown_cmdlet_says_that_the_lab_does_not_know_it(node: Node) -> None:
    for _ in range(2):
        failure = invoke(node, "Get-Nothing").failure
    assert failure is not None
    assert "the lab does not know the cmdlet Get-Nothing" in failure.message
    assert node.unknown == {"cmdlet Get-Nothing": 2}


SCRIPT = """# Says hello.
param([string]$Name, [int]$Times = 1, [string[]]$Tags, [hashtable]$More, [switch]$Loud)
'text'
"""


def say_hello(call: Call) -> Any:
    yield dict(call.parameters)


@pytest.mark.parametrize(
    ("given", "bound"),
    [
        ({"name": "x", "TIMES": "3"}, {"Name": "x", "Times": 3}),
        ({"Name": None, "Tags": "t", "Loud": None}, {"Name": "", "Tags": ["t"], "Loud": True}),
        ({"More": {"k": 1}}, {"More": {"k": 1}}),
    ],
)
def test_a_script_is_found_by_its_text_and_bound_by_its_param_block(
    node: Node, given: dict[str, Any], bound: dict[str, Any]
) -> None:
    script("say-hello", script_key(SCRIPT))(say_hello)
    windows_text = SCRIPT.replace("\n", "\r\n")
    outcome = run_pipeline(node, Logon("LAB\\admin"), [[script_command(windows_text, **given)]])
    assert outcome.output == [bound]
    assert node.cmdlets == ["say-hello"]


def test_a_script_parameter_that_does_not_exist_is_refused(node: Node) -> None:
    script("say-hello", script_key(SCRIPT))(say_hello)
    outcome = run_pipeline(node, Logon("LAB\\admin"), [[script_command(SCRIPT, Nope=1)]])
    assert [record.fqid for record in outcome.errors] == ["NamedParameterNotFound"]


@pytest.mark.parametrize(
    ("source", "declared"),
    [
        ("'no parameters'", {}),
        ("param()", {}),
        ("param([string] $A,\n  $B)", {"A": False, "B": False}),
        (
            "# comment\nPARAM (\n[Parameter(Mandatory = $true)]\n[byte[]]$Data, [int]$N = (1 + 2))\n$other",
            {"Data": True, "N": False},
        ),
    ],
)
def test_parameters_that_a_script_declares(source: str, declared: dict[str, bool]) -> None:
    parameters = scripts.parameters(source)
    assert {name: parameter.mandatory for name, parameter in parameters.items()} == declared
    assert [parameter.position for parameter in parameters.values()] == list(range(len(declared)))


def test_a_changed_script_is_refused(node: Node) -> None:
    script("say-hello", script_key(SCRIPT))(say_hello)
    changed = SCRIPT.replace("'text'", "'other text'")
    outcome = run_pipeline(node, Logon("LAB\\admin"), [[script_command(changed, Name="x")]])
    assert outcome.state == "Failed"
    assert "does not know the script" in outcome.errors[0].message
    assert node.unknown == {f"script {script_key(changed)}": 1}
