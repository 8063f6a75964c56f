"""What the user may write, what it becomes, and what counts as a change."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_tentacle.errors import InvalidInput
from pulumi_tentacle.plugin import operations
from pulumi_tentacle.resources.deployment_target.model import parse_id, target_id
from pulumi_tentacle.resources.deployment_target.resource import DeploymentTargetResource
from pulumi_tentacle.resources.values import UNKNOWN

RESOURCE = DeploymentTargetResource()
T = "AB" * 20
BASE: dict[str, Any] = {"host": "web", "environments": ["Production"], "roles": ["app"]}
INSTANCE: dict[str, Any] = {
    "nodes": ["n1"],
    "instanceName": "Tentacle",
    "serviceName": "OctopusDeploy Tentacle",
    "configPath": r"C:\Octopus\Tentacle.config",
    "exclusiveTrust": False,
}
PAIR = {**INSTANCE, "nodes": ["n1", "n2"]}


def check(**changes: Any) -> dict[str, Any]:
    return operations.check(RESOURCE, {**BASE, **changes})


def changes_of(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    answer = operations.diff(RESOURCE, check(**old), check(**new))
    return sorted(answer.detailedDiff)


@pytest.mark.parametrize(
    ("written", "name", "expected"),
    [
        ({}, "name", "web"),
        ({"host": "WEB01"}, "name", "web01"),
        ({"host": UNKNOWN}, "name", UNKNOWN),
        ({"name": "Shop"}, "name", "Shop"),
        ({}, "port", 10933),
        ({}, "tenantedDeployment", "Untenanted"),
        ({"tenants": ["Acme"]}, "tenantedDeployment", "Tenanted"),
        ({"tenantTags": ["Ring/Early"]}, "tenantedDeployment", "Tenanted"),
        (
            {"tenants": ["Acme"], "tenantedDeployment": "TenantedOrUntenanted"},
            "tenantedDeployment",
            "TenantedOrUntenanted",
        ),
        ({"tenants": UNKNOWN}, "tenantedDeployment", UNKNOWN),
        ({}, "upgradeLocked", False),
        ({"instance": INSTANCE}, "upgradeLocked", False),
        ({"instance": PAIR}, "upgradeLocked", True),
        ({"instance": PAIR, "upgradeLocked": False}, "upgradeLocked", False),
        ({"instance": UNKNOWN}, "upgradeLocked", UNKNOWN),
        ({}, "health", {"wait": True, "timeout": 600, "allowWarnings": True}),
        ({}, "disabled", False),
        ({}, "tenants", []),
    ],
)
def test_defaults(written: dict[str, Any], name: str, expected: Any) -> None:
    assert check(**written)[name] == expected


@pytest.mark.parametrize(
    ("written", "path", "words"),
    [
        ({"tenantTags": ["Ring/Early", "Early"]}, "tenantTags[1]", "'Ring/Early'"),
        ({"tenantTags": ["Ring/"]}, "tenantTags[0]", "tag set and tag"),
        ({"tenantedDeployment": "Untenanted", "tenants": ["Acme"]}, "tenantedDeployment", "does not go together"),
        ({"tenantedDeployment": "Tenanted"}, "tenantedDeployment", "needs tenants"),
        ({"tenantedDeployment": "Sometimes"}, "tenantedDeployment", "'Tenanted'"),
        ({"roles": []}, "roles", "at least one"),
        ({"environments": [" "]}, "environments[0]", "empty"),
        ({"expectedThumbprint": "AB" * 19}, "expectedThumbprint", "38"),
        ({"expectedThumbprint": "AB" * 32}, "expectedThumbprint", "SHA-256"),
        ({"expectedThumbprint": "G" + "A" * 39}, "expectedThumbprint", "position 1"),
        ({"host": "https://web:10933/"}, "host", "URL"),
        ({"host": "web:10933"}, "host", "port"),
        ({"port": 65536}, "port", "65535"),
        ({"health": {"timeout": 0}}, "health.timeout", "greater than"),
        ({"policy": "x"}, "policy", "no property"),
    ],
)
def test_bad_input(written: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        check(**written)
    assert [reason for where, reason in raised.value.failures if where == path and words in reason], raised.value


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ({"roles": ["web", "db"]}, {"roles": ["DB", "Web", "web"]}, []),
        ({"environments": ["b", "a"]}, {"environments": ["A", "b"]}, []),
        ({"tenantTags": ["Ring/Early"]}, {"tenantTags": ["ring/early"]}, []),
        ({"host": "Web"}, {"host": "web"}, []),
        ({"roles": ["web"]}, {"roles": ["web", "db"]}, ["roles"]),
        ({"health": {"timeout": 5}}, {"health": {"timeout": 6}}, ["health.timeout"]),
        ({"machinePolicy": "Default"}, {}, ["machinePolicy"]),
        ({}, {"tenants": ["Acme"]}, ["tenantedDeployment", "tenants"]),
    ],
)
def test_u61_sets_are_compared_as_sets(old: dict[str, Any], new: dict[str, Any], changed: list[str]) -> None:
    assert changes_of(old, new) == changed


def test_u05_a_thumbprint_from_the_certificate_window() -> None:
    pasted = "\u200e" + " ".join(["ab"] * 20)
    assert changes_of({"expectedThumbprint": T}, {"expectedThumbprint": pasted}) == []
    assert check(expectedThumbprint=pasted)["expectedThumbprint"] == pasted


def test_only_another_space_replaces() -> None:
    old = check()
    for name in RESOURCE.inputs.model_fields:
        alias = RESOURCE.inputs.model_fields[name].alias
        assert alias is not None
        answer = operations.diff(RESOURCE, old, {**old, alias: UNKNOWN})
        assert list(answer.replaces) == (["space"] if name == "space" else []), name
    assert RESOURCE.delete_before_replace
    assert RESOURCE.updates == set(RESOURCE.inputs.model_fields) - {"space"}


@pytest.mark.parametrize("id", ["Spaces-1/Machines-12", "spaces-1/MACHINES-12", " Spaces-1/Machines-12 "])
def test_u97_ids_in_any_case(id: str) -> None:
    assert target_id(*parse_id(id)) == "Spaces-1/Machines-12"


@pytest.mark.parametrize("id", ["Machines-12", "Spaces-1/Workers-1", "Spaces-1/Machines-x", "web", ""])
def test_other_ids_say_the_form(id: str) -> None:
    with pytest.raises(InvalidInput, match="Spaces-1/Machines-1"):
        parse_id(id)
