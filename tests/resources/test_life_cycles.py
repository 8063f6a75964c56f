"""Whole lives of resources on the lab, over real gRPC and real WinRM."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_tentacle.plugin.properties import plain
from tests.resources.conftest import Bench
from tests.resources.guide import ORDER, clustered, take_away


def test_the_clustered_guide(bench: Bench) -> None:
    made = clustered(bench)
    world = bench.world()
    thumbprint = made["TentacleInstance"][2]["thumbprint"]
    assert world["tripwires"] == []
    assert world["unknown"] == {}
    states = {}
    for name, node in world["nodes"].items():
        (instance,) = node["instances"]
        assert instance["thumbprint"] == thumbprint
        assert instance["configuration"] == r"C:\Octopus\Tentacle.config"
        assert instance["home"] == r"E:\Octopus\Home"
        (service,) = [s for s in node["services"] if s["name"] == "OctopusDeploy Tentacle"]
        assert service["startMode"] == "Manual"
        states[name] = service["state"]
    assert sorted(states.values()) == ["Running", "Stopped"]
    (machine,) = world["octopus"]["machines"]
    assert machine["HealthStatus"] in ("Healthy", "HasWarnings")
    assert machine["Endpoint"]["Thumbprint"] == thumbprint
    assert machine["Endpoint"]["Uri"] == f"https://{made['ClusterRole'][2]['host']}:10933/"
    assert made["DeploymentTarget"][2]["healthStatus"] in ("Healthy", "HasWarnings")
    secrets = [made["Certificate"][2]["pfx"].value, bench.configuration()["winrmPassword"]]
    log = json.dumps([entry.message for entry in bench.provider.log])
    assert not any(secret in log for secret in secrets)

    for kind in ORDER:  # reading what was made finds no difference
        id, inputs, outputs = made[kind]
        read_id, read_inputs, read_outputs = bench.provider.read(kind, id, inputs, outputs)
        assert read_id == id
        assert plain(read_inputs) == plain(inputs), kind
        assert plain(read_outputs) == plain(outputs), kind
        diff = bench.provider.diff(kind, inputs, read_inputs)
        assert diff.changes == diff.DIFF_NONE

    take_away(bench, made)
    _nothing_of_ours_is_left(bench)
    take_away(bench, made)  # twice is no error


def _nothing_of_ours_is_left(bench: Bench) -> None:
    world = bench.world()
    assert world["tripwires"] == []
    assert world["octopus"]["machines"] == []
    assert [g["name"] for g in world["cluster"]["groups"]] == ["Cluster Group", "Available Storage"]
    for node in world["nodes"].values():
        assert node["instances"] == []
        assert [s for s in node["services"] if "Tentacle" in s["name"]] == []
        assert [r for r in node["firewall"] if "pulumi" in json.dumps(r)] == []
        assert [f for f in node["files"] if "pulumi_tentacle" in f or f.endswith("Tentacle.config")] == []
    assert any(node["installed"] for node in world["nodes"].values())  # the MSI stays
    assert all(not disk.get("onlineOn") for disk in world["disks"])


def test_the_listening_guide(bench: Bench) -> None:
    node = bench.nodes[0]
    server = bench.provider.invoke("getServerCertificate")
    id, inputs, instance = bench.make("TentacleInstance", {"nodes": [node], "installer": bench.installer})
    trust = bench.make("TrustedServer", {"instance": instance["reference"], "thumbprint": server["thumbprint"]})
    target = bench.make(
        "DeploymentTarget",
        {
            "host": node,
            "name": "listening",
            "instance": trust[2]["instance"],
            "environments": ["Production"],
            "roles": ["app"],
            "expectedThumbprint": instance["thumbprint"],
        },
    )
    assert target[2]["healthStatus"] in ("Healthy", "HasWarnings")
    world = bench.world()
    assert world["tripwires"] == []
    first = next(iter(world["nodes"].values()))
    (service,) = [s for s in first["services"] if s["name"] == "OctopusDeploy Tentacle"]
    assert (service["state"], service["startMode"]) == ("Running", "Auto")
    for kind, (made_id, made_inputs, outputs) in (
        ("TentacleInstance", (id, inputs, instance)),
        ("TrustedServer", trust),
        ("DeploymentTarget", target),
    ):
        _, read_inputs, read_outputs = bench.provider.read(kind, made_id, made_inputs, outputs)
        assert (plain(read_inputs), plain(read_outputs)) == (plain(made_inputs), plain(outputs))
    for kind, made in (
        ("DeploymentTarget", target),
        ("TrustedServer", trust),
        ("TentacleInstance", (id, inputs, instance)),
    ):
        bench.provider.delete(kind, made[0], made[2])
    _nothing_of_ours_is_left(bench)


@pytest.mark.parametrize("kind", ["TentacleInstance", "SharedDisk", "TrustedServer", "ClusterRole"])
def test_an_update_without_changes_changes_nothing(bench: Bench, kind: str) -> None:
    made = clustered(bench, kind)
    id, inputs, outputs = made[kind]
    before = _commands(bench)
    assert plain(bench.provider.update(kind, id, inputs, inputs, outputs)) == plain(outputs)
    assert _commands(bench) == before


def _commands(bench: Bench) -> dict[str, Any]:
    return {name: node["commands"] for name, node in bench.world()["nodes"].items()}
