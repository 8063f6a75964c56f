"""Dependency expressions: the grammar of ApiSetResourceDependencyExpression, and what may depend on what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_tentacle.lab.cluster import dependencies
from pulumi_tentacle.lab.powershell.engine import command
from tests.lab.cluster.two_nodes import DISK, ROLE, ROLE_ADDRESS, SERVICE, Lab

CASES = json.loads(Path(__file__).with_name("dependency_expressions.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"] or "empty")
def test_expression(case: dict[str, Any]) -> None:
    names = {name.lower(): name for name in ("A", "B", "C", "Cluster Disk 1")}

    def find(name: str) -> str:
        return names[name.lower()]

    if case.get("error"):
        with pytest.raises(dependencies.BadExpression):
            dependencies.parse(case["text"], find)
        return
    expression = dependencies.parse(case["text"], find)
    assert dependencies.render(expression, str) == case["rendered"]
    for online, holds in case.get("needs", {}).items():
        assert dependencies.satisfied(expression, set(online.split()).__contains__) is holds


def expression_of(lab: Lab, resource: str, **more: Any) -> str:
    found = lab.do("Get-ClusterResourceDependency", Resource=resource, **more)
    return str(found[0].properties["DependencyExpression"])


def test_every_resource_is_listed_with_its_expression(role: Lab) -> None:
    """Get returns one object for each resource; the expression is empty when there is none (§1.5)."""
    found = role.do("Get-ClusterResourceDependency")

    assert {str(o.properties["Resource"]): o.properties["DependencyExpression"] for o in found} == {
        "Cluster IP Address": "",
        "Cluster Name": "([Cluster IP Address])",
        DISK: "",
        ROLE: f"([IP Address {ROLE_ADDRESS}])",
        f"IP Address {ROLE_ADDRESS}": "",
        SERVICE: f"([{ROLE}]) and ([{DISK}])",
    }


def test_ids_instead_of_names(role: Lab) -> None:
    assert expression_of(role, ROLE, Guid=True) == f"([{role.resource(f'IP Address {ROLE_ADDRESS}').id}])"


def test_one_provider_is_added_and_taken_away(role: Lab) -> None:
    role.do("Add-ClusterResourceDependency", Resource=ROLE, Provider=DISK)
    assert expression_of(role, ROLE) == f"([IP Address {ROLE_ADDRESS}]) and ([{DISK}])"

    role.do("Remove-ClusterResourceDependency", Resource=ROLE, Provider=DISK)
    assert expression_of(role, ROLE) == f"([IP Address {ROLE_ADDRESS}])"


def test_the_empty_expression_clears(role: Lab) -> None:
    role.do("Set-ClusterResourceDependency", Resource=SERVICE, Dependency="")

    assert expression_of(role, SERVICE) == ""


@pytest.mark.parametrize(
    ("cmdlet", "arguments", "code"),
    [
        ("Set", {"Dependency": "[nothing]"}, 5007),
        ("Set", {"Dependency": "TENTACLE01"}, 87),
        ("Set", {"Dependency": f"[{ROLE}]"}, 87),  # itself
        ("Set", {"Dependency": "[Cluster Name]"}, 87),  # another group
        ("Set", {"Dependency": f"[{SERVICE}]"}, 1059),  # a circle
        ("Add", {"Provider": f"IP Address {ROLE_ADDRESS}"}, 5003),
        ("Add", {"Provider": SERVICE}, 1059),
        ("Add", {"Provider": "nothing"}, 5007),
        ("Remove", {"Provider": DISK}, 5002),
    ],
)
def test_refused(role: Lab, cmdlet: str, arguments: dict[str, str], code: int) -> None:
    """[MS-CMRP] ApiAddResourceDependency, ApiRemoveResourceDependency, ApiSetResourceDependencyExpression."""
    record = role.refused(command(f"{cmdlet}-ClusterResourceDependency", Resource=ROLE, **arguments))

    assert record.failure.hresult & 0xFFFF == code
    assert expression_of(role, ROLE) == f"([IP Address {ROLE_ADDRESS}])"


def test_an_online_resource_takes_no_dependency_on_an_offline_one(role: Lab) -> None:
    role.do("Add-ClusterResource", Name="late", ResourceType="Generic Service", Group=ROLE)

    record = role.refused(command("Add-ClusterResourceDependency", Resource=SERVICE, Provider="late"))

    assert record.failure.hresult & 0xFFFF == 5019


def test_one_of_several_alternatives_stays_while_all_are_online(role: Lab) -> None:
    """[MS-CMRP] ApiRemoveResourceDependency."""
    role.do("Set-ClusterResourceDependency", Resource=ROLE, Dependency=f"[IP Address {ROLE_ADDRESS}] or [{DISK}]")
    remove = command("Remove-ClusterResourceDependency", Resource=ROLE, Provider=DISK)
    assert role.refused(remove).failure.hresult & 0xFFFF == 5019

    role.do("Stop-ClusterResource", Name=ROLE)
    role.succeed(remove)
    assert expression_of(role, ROLE) == f"([IP Address {ROLE_ADDRESS}])"
