"""What Octopus accepts as a deployment target, as data: machine_rules.yaml."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_tentacle.lab.octopus import render, rules
from pulumi_tentacle.lab.octopus.errors import Refusal
from pulumi_tentacle.lab.octopus.state import Endpoint, Machine, Octopus

CASES = yaml.safe_load((Path(__file__).parent / "machine_rules.yaml").read_text(encoding="utf-8"))
BODY: dict[str, Any] = {
    "SpaceId": "Spaces-1",
    "Name": "sql-cluster",
    "Endpoint": {
        "CommunicationStyle": "TentaclePassive",
        "Uri": "https://tentcl.lab.test:10933/",
        "Thumbprint": "0123456789ABCDEF0123456789ABCDEF01234567",
        "ProxyId": None,
    },
    "EnvironmentIds": ["Environments-1"],
    "Roles": ["sql"],
    "TenantedDeploymentParticipation": "Untenanted",
    "TenantIds": [],
    "TenantTags": [],
}


@pytest.fixture
def store(octopus: Octopus) -> Octopus:
    endpoint = Endpoint(rules.LISTENING, "https://web-1:10933/", "A" * 40)
    octopus.machines.append(Machine("Machines-1", "Spaces-1", "web-1", endpoint, ["Environments-1"], ["Web"]))
    return octopus


def _body(case: dict[str, Any]) -> Any:
    if "replaced" in case:
        return case["replaced"]
    body = copy.deepcopy(BODY) | case.get("body", {})
    if isinstance(body.get("Endpoint"), dict):
        body["Endpoint"] |= case.get("endpoint", {})
    for name in case.get("without", []):
        del body[name]
    return body


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["case"]))
def test_machine_rule(case: dict[str, Any], store: Octopus) -> None:
    if "status" in case:
        with pytest.raises(Refusal) as refused:
            rules.machine_from(_body(case), store, "Spaces-1")
        assert refused.value.status == case["status"]
        assert case["says"] in f"{refused.value.message}\n" + "\n".join(refused.value.errors)
        return
    shown = render.machine(rules.machine_from(_body(case), store, "Spaces-1"))
    assert {name: shown[name] for name in case.get("stored", {})} == case.get("stored", {})
    expected = case.get("stored_endpoint", {})
    assert {name: shown["Endpoint"][name] for name in expected} == expected


def test_a_put_may_keep_its_own_name_and_not_change_the_style(store: Octopus) -> None:
    mine = store.machines[0]
    body = copy.deepcopy(BODY) | {"Name": "Web-1"}
    assert rules.machine_from(body, store, "Spaces-1", mine).name == "Web-1"
    body["Endpoint"]["CommunicationStyle"] = "TentacleActive"
    with pytest.raises(Refusal) as refused:
        rules.machine_from(body, store, "Spaces-1", mine)
    assert refused.value.errors == ["Model Endpoint type does not match incoming type"]


def test_versions_without_the_null_defect_take_null_tenants(store: Octopus) -> None:
    store.null_lists_crash = False
    assert rules.machine_from(BODY | {"TenantIds": None}, store, "Spaces-1").tenant_ids == []


@pytest.mark.parametrize(
    ("host", "uri"),
    [
        ("TENTCL", "https://tentcl:10933/"),
        ("10.0.0.5", "https://10.0.0.5:10933/"),
        ("FD00::10", "https://[fd00::10]:10933/"),
    ],
)
def test_address_of_a_listening_tentacle(host: str, uri: str) -> None:
    assert rules.listening_uri(host, 10933) == uri
