"""What is done for a deployment target in which situation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_tentacle.errors import Conflict
from pulumi_tentacle.octopus.machines import Machine
from pulumi_tentacle.resources.deployment_target.plan import (
    CheckHealth,
    Facts,
    Modify,
    Wanted,
    faults,
    plan,
    twin_warnings,
)
from tests.resources.cases import build, case_id, load

CASES = load(str(Path(__file__).parent / "plan"))
T = "AB" * 20
REGISTRATION = {
    "name": "web",
    "uri": "https://web:10933/",
    "thumbprint": T,
    "environment_ids": ["E-1"],
    "roles": ["app"],
}
MACHINE = {
    **REGISTRATION,
    "id": "Machines-1",
    "policy_id": "MachinePolicies-1",
    "health": "Healthy",
    "upgrade_locked": False,
}


def machine(changes: dict[str, Any] | None) -> Machine | None:
    return None if changes is None else build(Machine, {**MACHINE, **changes})


def wanted(case: dict[str, Any]) -> Wanted:
    registration = {**REGISTRATION, **case.get("registration", {})}
    return build(Wanted, {"registration": registration, **case.get("wanted", {})})


def facts(case: dict[str, Any]) -> Facts:
    """`found` by id (default) or by name; `namesake` is another target that has the wanted name."""
    found = machine(case.get("machine", {}))
    recorded = case.get("recorded")
    return Facts(
        machine=found if case.get("found", "by id") == "by id" else None,
        namesake=found if case.get("found") == "by name" else machine(case.get("namesake")),
        recorded=build(Facts, {"recorded": recorded}).recorded,
        space="Default",
        environments={"E-1": "Production"},
    )


@pytest.mark.parametrize("case", [c for c in CASES if "steps" in c], ids=case_id)
def test_plan(case: dict[str, Any]) -> None:
    assert [step.words for step in plan(wanted(case), facts(case))] == case["steps"]


@pytest.mark.parametrize("case", [c for c in CASES if "conflict" in c], ids=case_id)
def test_what_is_not_ours_is_left_alone(case: dict[str, Any]) -> None:
    with pytest.raises(Conflict) as raised:
        plan(wanted(case), facts(case))
    assert [words for words in case["conflict"] if words not in str(raised.value)] == []


def test_every_case_was_run() -> None:
    assert all(("steps" in c) != ("conflict" in c) for c in CASES)


def test_a_change_comes_before_its_check() -> None:
    steps = plan(wanted({"registration": {"uri": "https://other:10933/"}}), Facts(machine({})))
    assert [type(s) for s in steps] == [Modify, CheckHealth]


@pytest.mark.parametrize(
    ("changes", "check_health", "allow_warnings", "words"),
    [
        ({}, True, True, []),
        ({"health": "HasWarnings"}, True, True, []),
        ({"health": "HasWarnings"}, True, False, ["health.allowWarnings forbids"]),
        ({"health": "Unavailable"}, True, True, ["cannot connect"]),
        ({"health": "Unhealthy"}, True, True, ["script fails"]),
        ({"health": "Unknown"}, True, True, ["has not checked"]),
        ({"health": "Novel"}, True, True, ["is Novel"]),
        ({"health": "Unavailable"}, False, True, []),
        ({"thumbprint": "CD" * 20}, True, True, ["expectedThumbprint is " + T]),
        ({"thumbprint": "CD" * 20, "health": "Unavailable"}, True, True, ["Octopus expects", "cannot connect"]),
    ],
)
def test_faults_are_stable_texts(
    changes: dict[str, Any], check_health: bool, allow_warnings: bool, words: list[str]
) -> None:
    found = machine(changes)
    assert found is not None
    texts = faults(found, T, check_health, allow_warnings)
    assert len(texts) == len(words)
    assert all(any(w in t for t in texts) for w in words)
    assert texts == sorted(texts)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([], []),
        (
            [{"id": "Machines-9", "name": "PROD", "uri": "https://10.0.0.5:10933/"}],
            ["'PROD' (Machines-9, https://10.0.0.5"],
        ),
        ([{"id": "Workers-1", "name": "w", "uri": "https://10.0.0.5:10933/"}], ["Workers-1"]),
        ([{"id": "Workers-1", "name": "w"}], []),
        ([{"id": "Machines-9", "name": "old name"}], ["is a deployment target already: 'old name'"]),
    ],
)
def test_u04_others_with_the_same_certificate(others: list[dict[str, Any]], words: list[str]) -> None:
    twins = [m for m in map(machine, others) if m is not None]
    warnings = twin_warnings(wanted({}).registration, twins)
    assert len(warnings) == len(words)
    assert all(w in text for w, text in zip(words, warnings, strict=True))
