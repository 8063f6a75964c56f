"""The plain view of `lab world`, and what the cluster tells the rest of the lab."""

from __future__ import annotations

import json

from pulumi_tentacle.lab.cluster.view import to_json
from pulumi_tentacle.lab.node import services
from tests.lab.cluster.two_nodes import DISK, KEY, ROLE, SERVICE, Lab


def test_the_view_is_json_and_shows_the_role(role: Lab) -> None:
    view = json.loads(json.dumps(to_json(role.cluster)))

    group = next(g for g in view["groups"] if g["name"] == ROLE)
    service = next(r for r in view["resources"] if r["name"] == SERVICE)
    assert (group["state"], group["owner"], group["type"]) == ("Online", "NODE1", "GenericService")
    assert (service["state"], service["owner"], service["group"]) == ("Online", "NODE1", ROLE)
    assert service["dependencies"] == f"([{ROLE}]) and ([{DISK}])"
    assert service["checkpoints"] == [KEY]
    assert service["parameters"]["ServiceName"] == SERVICE
    assert [(n["name"], n["state"]) for n in view["nodes"]] == [("NODE1", "Up"), ("NODE2", "Up")]
    assert {"name": ROLE, "container": "CN=Computers,DC=lab,DC=test", "enabled": True} in view["directory"]


def test_the_cluster_knows_which_services_are_its_own(role: Lab) -> None:
    assert role.cluster.manages_service(SERVICE.upper())
    assert not role.cluster.manages_service("WinRM")


def test_a_start_outside_the_cluster_trips(role: Lab) -> None:
    services.start(role.node2, SERVICE, by_cluster=False)

    assert [(t.where, t.detail) for t in role.estate.tripwires] == [("NODE2", SERVICE)]
