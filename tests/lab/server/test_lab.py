"""The lab as a whole: what answers where, and what its control can do."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pulumi_tentacle.lab.client import ControlError, ask
from pulumi_tentacle.lab.cluster.membership import CLUSTER_SERVICE
from pulumi_tentacle.lab.faults import Effect, Fault, Request
from pulumi_tentacle.lab.http import AddressTaken
from pulumi_tentacle.lab.report import world
from pulumi_tentacle.lab.server import Lab
from pulumi_tentacle.lab.topology import read_topology


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("GET", parts.path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


def play(lab: Lab, fault: str, **arguments: Any) -> str:
    result: str = ask(lab.document()["control"], "POST", f"faults/{fault}", arguments)["result"]
    return result


def test_everything_of_the_document_answers(lab: Lab) -> None:
    document = lab.document()
    assert [n["name"] for n in document["nodes"]] == ["NODE1", "NODE2"]
    for node in document["nodes"]:
        assert answers(node["address"], node["http"])
        assert answers(node["address"], node["https"])
    assert Path(document["ca"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    key = {"X-Octopus-ApiKey": document["octopus"]["apiKey"]}
    status, body = get(document["octopus"]["url"] + "/api/environments/all", key)
    assert (status, [e["Name"] for e in json.loads(body)]) == (200, ["Production", "Test"])
    assert [i["version"] for i in document["installers"]] == ["8.3.3594", "9.2.4285"]
    for installer in document["installers"]:
        status, data = get(installer["url"])
        assert (status, hashlib.sha256(data).hexdigest()) == (200, installer["sha256"])
        assert Path(installer["file"]).read_bytes() == data
    assert document["disks"][0]["serialNumber"] == "LUN-0001"
    assert not answers(document["roleAddress"], 10933)
    assert ask(document["control"], "GET", "document") == document


def test_the_control_needs_its_token(lab: Lab) -> None:
    control = urlsplit(lab.document()["control"])
    base = f"http://{control.netloc}"
    for path in ("/world", "/wrong/world", "/downloads/Unknown.msi", "/docs", "/openapi.json"):
        assert get(base + path)[0] == 404


def test_the_world_of_a_fresh_lab(lab: Lab) -> None:
    shown = ask(lab.document()["control"], "GET", "world")
    assert shown == json.loads(json.dumps(world(lab.estate)))
    assert (shown["tripwires"], shown["unknown"]) == ([], {})
    assert shown["disks"][0]["onlineOn"] == []
    assert shown["cluster"]["groups"][0]["state"] == "Online"
    assert shown["octopus"]["machines"] == []
    node = shown["nodes"]["NODE1"]
    assert {"WinRM", CLUSTER_SERVICE} <= {s["name"] for s in node["services"]}
    for part in ("instances", "commands", "installed", "listeners", "firewall"):
        assert node[part] == []


def test_files_are_text_or_base64(lab: Lab) -> None:
    play(lab, "edit-file", node="node1.lab.test", path=r"C:\New\a.txt", content="w6Q=")
    play(lab, "edit-file", node="NODE1", path=r"C:\New\a.bin", content="/w==")
    files = world(lab.estate)["nodes"]["NODE1"]["files"]
    assert (files[r"C:\New\a.txt"], files[r"C:\New\a.bin"]) == ("ä", {"base64": "/w=="})
    play(lab, "delete-file", node="NODE1", path=r"C:\New\a.txt")
    assert r"C:\New\a.txt" not in world(lab.estate)["nodes"]["NODE1"]["files"]


def test_a_node_goes_down_and_comes_back(lab: Lab) -> None:
    node = lab.estate.nodes["NODE1"]
    booted = node.booted
    assert play(lab, "node-down", node="NODE1") == "NODE1 is down"
    assert not answers(node.address, 5986)
    shown = world(lab.estate)
    assert (shown["nodes"]["NODE1"]["up"], shown["cluster"]["groups"][0]["owner"]) == (False, "NODE2")
    play(lab, "node-up", node="NODE1")
    assert answers(node.address, 5986)
    assert node.booted > booted
    assert world(lab.estate)["cluster"]["nodes"][0]["state"] == "Up"
    assert play(lab, "reboot", node="NODE2") == "NODE2 has restarted"
    assert world(lab.estate)["cluster"]["groups"][0]["owner"] == "NODE1"


def test_a_disk_mounted_twice_is_seen(lab: Lab) -> None:
    play(lab, "mount-disk", node="NODE1", serial="lun-0001")
    assert lab.estate.tripwires == []
    play(lab, "mount-disk", node="NODE2", serial="LUN-0001")
    assert [(t.what, t.where) for t in lab.estate.tripwires] == [("disk online on two nodes", "NODE2")]


def test_the_directory_and_octopus_take_faults(lab: Lab) -> None:
    cluster = lab.estate.cluster
    assert cluster is not None
    play(lab, "deny-computer-objects")
    assert cluster.account not in cluster.directory.creators[cluster.container]
    play(lab, "allow-computer-objects")
    assert cluster.account in cluster.directory.creators[cluster.container]
    play(lab, "octopus", status=429, retry_after=1, path="spaces")
    document = lab.document()
    key = {"X-Octopus-ApiKey": document["octopus"]["apiKey"]}
    assert [get(document["octopus"]["url"] + "/api/spaces/all", key)[0] for _ in range(2)] == [429, 200]


def test_a_winrm_request_is_dropped(lab: Lab) -> None:
    play(lab, "request", node="NODE1", effect="drop-after", nth=2, operation="Command", command="Get-Disk")
    (rule,) = lab.node_server(lab.estate.nodes["NODE1"]).faults
    asked = [Request(1, "Command", ("Get-Disk",)), Request(2, "Receive"), Request(3, "Command", ("Get-Disk",))]
    assert [rule(request) for request in asked] == [None, None, Fault(Effect.DROP_AFTER)]


@pytest.mark.parametrize(
    ("fault", "arguments", "says"),
    [
        ("explode", {}, "there is no such fault"),
        ("reboot", {"node": "NODE9"}, "there is no node 'NODE9'; there are: NODE1, NODE2"),
        ("move-role", {}, "say which role with --group; there is none"),
        ("move-role", {"group": "SQL"}, "the role 'SQL' cannot be moved"),
        ("move-role", {"group": "Cluster Group", "node": "NODE9"}, "cannot be moved"),
        ("stop-service", {"node": "NODE1", "name": "Tentacle"}, "the service 'Tentacle' cannot be stopped"),
        ("mount-disk", {"node": "NODE1", "serial": "X"}, "sees no disk with the serial number X"),
        ("edit-file", {"node": "NODE1", "path": r"Q:\a\b", "content": ""}, "NODE1: "),
        ("delete-file", {"node": "NODE1", "path": r"C:\none"}, r"there is no file C:\none"),
        ("request", {"node": "NODE1", "effect": "explode"}, "is none of: drop-before"),
    ],
)
def test_faults_that_cannot_be_played(fault: str, arguments: dict[str, Any], says: str, lab: Lab) -> None:
    with pytest.raises(ControlError) as refused:
        play(lab, fault, **arguments)
    assert says in str(refused.value)


def test_a_network_belongs_to_one_lab(lab: Lab, tmp_path: Path) -> None:
    second = Lab(read_topology(network=lab.topology.network), state=tmp_path / "second")
    with pytest.raises(AddressTaken, match="cannot listen at"):
        second.start()
    assert answers(lab.estate.nodes["NODE1"].address, 5985)


def test_a_failed_start_leaves_nothing_open(lab: Lab, tmp_path: Path) -> None:
    """Only Octopus' address clashes, so all else had been opened."""
    network = lab.topology.network
    lab.stop()
    wanted = read_topology(network=network)
    assert wanted.octopus is not None
    assert wanted.octopus.address is not None
    with socket.create_server((wanted.octopus.address, wanted.octopus.port)):
        with pytest.raises(AddressTaken):
            Lab(wanted, state=tmp_path / "second").start()
        assert not any(answers(n.address or "", 5985) for n in wanted.nodes)
    with Lab(wanted, state=tmp_path / "second") as third:
        assert answers(third.estate.nodes["NODE1"].address, 5985)


def test_a_lab_of_one_node_and_nothing_else(lab: Lab, tmp_path: Path) -> None:
    topology = read_topology(
        network=lab.topology.network, nodes=[{"name": "ALONE"}], cluster=None, octopus=None, disks=[]
    )
    lab.stop()
    with Lab(topology, state=tmp_path / "alone") as alone:
        assert alone.document()["octopus"] is None
        assert ask(alone.document()["control"], "POST", "health") == []
        for fault in ("move-role", "deny-computer-objects"):
            with pytest.raises(ControlError, match="this lab has no cluster"):
                play(alone, fault)
