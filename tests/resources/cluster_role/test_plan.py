"""What is done for a role in which situation, and what is refused before anything is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_tentacle.errors import TentacleError
from pulumi_tentacle.resources.cluster_role.apply import why_not_online
from pulumi_tentacle.resources.cluster_role.observe import RoleFacts
from pulumi_tentacle.resources.cluster_role.plan import Wanted, plan, plan_delete, refuse, same_dependency
from pulumi_tentacle.windows.cluster_queries import Overview, Resource
from tests.resources.cases import build, case_id, load

CASES = load(str(Path(__file__).parent / "plan"))
URN = "urn:role"
SERVICE = "OctopusDeploy Tentacle"
WANTED: dict[str, Any] = {
    "urn": URN,
    "name": "OCTOPUS",
    "service": SERVICE,
    "disk": "600A",
    "addresses": ["10.1.0.50"],
    "checkpoints": ["Software\\Octopus"],
    "group_properties": [["AutoFailbackType", 0]],
}
NETWORK = {"name": "Cluster Network 1", "address": "10.1.0.0", "mask": "255.255.255.0", "client": True, "dhcp": False}
PARTS: dict[str, dict[str, Any]] = {
    "address": {
        "resource": {"name": "IP Address 10.1.0.50", "type": "IP Address"},
        "details": {
            "parameters": {
                "Address": "10.1.0.50",
                "SubnetMask": "255.255.255.0",
                "Network": "Cluster Network 1",
                "EnableDhcp": 0,
            },
            "dependency": "",
        },
    },
    "name": {
        "resource": {"name": "OCTOPUS", "type": "Network Name"},
        "details": {"parameters": {"Name": "OCTOPUS", "DnsName": "OCTOPUS"}, "dependency": "([IP Address 10.1.0.50])"},
    },
    "disk": {
        "resource": {"name": "Cluster Disk 1", "type": "Physical Disk"},
        "details": {"parameters": {}, "dependency": ""},
    },
    "service": {
        "resource": {"name": SERVICE, "type": "Generic Service"},
        "details": {
            "parameters": {"ServiceName": SERVICE, "UseNetworkName": 0},
            "dependency": "([OCTOPUS]) and ([Cluster Disk 1])",
            "checkpoints": ["software\\octopus"],
            "owners": ["NODE1", "NODE2"],
        },
    },
}


def part(kind: str, changes: dict[str, Any]) -> dict[str, Any]:
    base = PARTS[kind]
    resource = {
        "state": "Online",
        "group": "OCTOPUS",
        "owner": "NODE1",
        **base["resource"],
        **changes.get("resource", {}),
    }
    details = {"checkpoints": [], "owners": [], **base["details"], **changes.get("details", {})}
    return {"resource": resource, "details": details}


def facts(described: dict[str, Any]) -> RoleFacts:
    """`parts`: those of the role, with changes; `group`: null, or its owner; `disk`: its group and owner."""
    parts = [part(kind, changes) for kind, changes in described.get("parts", {}).items()]
    group = described.get("group", "NODE1")
    disk = described.get("disk", ["OCTOPUS", "NODE1"])
    cluster = {
        "name": "CLU",
        "id": "1",
        "domain": "lab.test",
        "nodes": {"NODE1": "Up", "NODE2": "Up"},
        "groups": [],
        "resources": [*(p["resource"] for p in parts), *described.get("others", [])],
    }
    return build(
        RoleFacts,
        {
            "nodes": {"NODE1": "node1", "NODE2": "node2"},
            "marks": described.get("marks", {"NODE1": URN, "NODE2": URN}),
            "cluster": cluster,
            "networks": [{**NETWORK, **n} for n in described.get("networks", [{}])],
            "group": group
            and {"name": "OCTOPUS", "state": described.get("state", "Online"), "owner": group, "core": False},
            "parts": parts,
            "services_elsewhere": [part("service", c) for c in described.get("services_elsewhere", [])],
            "disk": disk
            and {
                "name": "Cluster Disk 1",
                "state": "Online",
                "type": "Physical Disk",
                "group": disk[0],
                "owner": disk[1],
            },
            "common": {"AutoFailbackType": 0, **described.get("common", {})},
            "preferred": described.get("preferred", []),
        },
    )


@pytest.mark.parametrize("case", CASES, ids=map(case_id, CASES))
def test_plan(case: dict[str, Any]) -> None:
    wanted = build(Wanted, {**WANTED, **case.get("wanted", {})})
    found = facts(case["facts"])
    if "refused" in case:
        with pytest.raises(TentacleError) as caught:
            refuse(wanted, found)
        assert case["refused"] in str(caught.value)
        return
    if case.get("delete"):
        steps = plan_delete(wanted.name, found)
    else:
        refuse(wanted, found)
        steps = plan(wanted, found)
    assert [step.words for step in steps] == case["steps"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("([A]) and ([B])", "([B]) and ([A])", True),
        ("[A] and [B]", "([a]) and ([b])", True),
        ("([A]) or ([B])", "([A]) and ([B])", False),
        ("([A])", "[A]", True),
        ("", "([A])", False),
    ],
)
def test_dependencies_are_compared_by_meaning(one: str, other: str, same: bool) -> None:
    assert same_dependency(one, other) is same


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("IP Address", 5057, "uses this address"),
        ("Network Name", 5, "'Create Computer objects'"),
        ("Network Name", 5905, "enabled computer account 'OCTOPUS'"),
        ("Generic Service", 1060, "not installed on NODE1"),
        ("Generic Service", 1053, "Tentacle's log"),
    ],
)
def test_u35_why_a_resource_is_not_online_is_told_with_what_to_do(kind: str, code: int, words: str) -> None:
    cluster = Overview("CLU", "1", "lab.test", {}, (), ())
    text = why_not_online(cluster, Resource("OCTOPUS", "Failed", kind, "OCTOPUS", "NODE1", code), "")
    assert words in text
    assert str(code) in text
