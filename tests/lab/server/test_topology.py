"""The topology file: every key a default, everything else refused with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_tentacle.lab.building import build, make_installer
from pulumi_tentacle.lab.topology import TopologyError, read_topology

CASES = yaml.safe_load((Path(__file__).parent / "topology_errors.yaml").read_text(encoding="utf-8"))


def write(folder: Path, text: str) -> Path:
    file = folder / "topology.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["topology"]))
def test_what_is_refused(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(TopologyError) as refused:
        read_topology(write(tmp_path, case["topology"]))
    assert case["says"] in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TopologyError, match="cannot read the topology"):
        read_topology(tmp_path / "none.yaml")


def test_the_default_is_the_clustered_guides_estate() -> None:
    topology = read_topology()
    assert topology.addresses() == {
        "nodes[0].address": "127.10.0.11",
        "nodes[1].address": "127.10.0.12",
        "cluster.address": "127.10.0.20",
        "octopus.address": "127.10.0.30",
    }
    assert topology.free_role_address == "127.10.0.40"
    estate = build(topology)
    assert [(n.name, n.fqdn, n.address) for n in estate.nodes.values()] == [
        ("NODE1", "node1.lab.test", "127.10.0.11"),
        ("NODE2", "node2.lab.test", "127.10.0.12"),
    ]
    (lun,) = estate.luns
    assert (lun.serial_number, lun.size, lun.style, lun.partitions) == ("LUN-0001", 20 * 2**30, "RAW", [])
    assert lun.seen_by["NODE1"] != lun.seen_by["NODE2"]  # a disk number means nothing on another node
    assert estate.octopus is not None
    assert [e.name for e in estate.octopus.environments] == ["Production", "Test"]
    assert [s.name for s in estate.octopus.spaces] == ["Default"]
    assert [(u.name, u.local) for u in estate.users] == [("LAB\\Administrator", False), ("labadmin", True)]


def test_a_network_of_ones_own() -> None:
    topology = read_topology(network="127.77.3.0/24", cluster=None)
    assert list(topology.addresses().values()) == ["127.77.3.11", "127.77.3.12", "127.77.3.30"]
    assert topology.services_address == "127.77.3.1"


def test_given_addresses_are_kept_and_others_avoid_them(tmp_path: Path) -> None:
    topology = read_topology(
        write(tmp_path, "nodes: [{name: A}, {name: B, address: 127.10.0.11}]\ncluster: {address: 127.10.0.40}")
    )
    assert [n.address for n in topology.nodes] == ["127.10.0.12", "127.10.0.11"]
    assert topology.free_role_address == "127.10.0.41"


def test_everything_that_a_file_can_say(tmp_path: Path) -> None:
    text = """
    domain: corp.example
    nodes: [{name: alpha}]
    disks: [{serialNumber: S1, uniqueId: "60000001", sizeGb: 1}, {serialNumber: S2}]
    cluster: null
    users: [{name: svc, password: given}, {name: helper, local: true}]
    octopus:
      spaces: [Main, Second]
      environments: [Dev]
      tagSets: [{name: Ring, tags: [Early]}]
      tenants: [Acme, {name: Beta, tags: [Ring/Early]}]
      machinePolicies: [Slow]
      proxies: [{name: Gate, host: gate, port: 3128}]
    transports: [negotiate]
    latency: none
    """
    estate = build(read_topology(write(tmp_path, text)))
    assert [u.name for u in estate.users] == ["CORP\\Administrator", "labadmin", "CORP\\svc", "helper"]
    assert estate.users[2].password == "given"
    assert estate.luns[0].unique_id == "60000001"
    assert len(estate.luns[1].unique_id) == 32
    octopus = estate.octopus
    assert octopus is not None
    assert [(t.name, t.tags) for t in octopus.tenants] == [("Acme", []), ("Beta", ["Ring/Early"])]
    assert [p.name for p in octopus.policies] == ["Default Machine Policy", "Default Machine Policy", "Slow"]
    assert [(p.name, p.port) for p in octopus.proxies] == [("Gate", 3128)]


def test_secrets_are_random_and_watched() -> None:
    first, second = build(read_topology()), build(read_topology())
    assert first.octopus is not None
    assert {u.password for u in first.users} < first.secrets
    assert set(first.octopus.api_keys) < first.secrets
    assert not first.secrets & second.secrets


def test_an_installer_is_always_the_same() -> None:
    installer = make_installer("9.2.4285")
    assert installer.file_name == "Octopus.Tentacle.9.2.4285-x64.msi"
    assert installer.data == make_installer("9.2.4285").data
    assert installer.data != make_installer("8.3.3594").data
