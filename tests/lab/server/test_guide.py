"""The guide for one Tentacle, done by hand on a node of the lab: Octopus discovers it and finds it healthy."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from pulumi_tentacle.lab.client import ask
from pulumi_tentacle.lab.node import cmd
from pulumi_tentacle.lab.report import world
from pulumi_tentacle.lab.server import Lab
from pulumi_tentacle.lab.world import Logon

TENTACLE = r'"C:\Program Files\Octopus Deploy\Tentacle\Tentacle.exe"'
SERVICE = "OctopusDeploy Tentacle"


def run(lab: Lab, line: str) -> None:
    node = lab.estate.nodes["NODE1"]
    logon = Logon(lab.estate.users[0].name)
    done = cmd.run(node, logon, line, node.environment(), "C:\\", b"")
    assert done.exit_code == 0, done


def install(lab: Lab) -> None:
    """The steps of the guide, with commands of Tentacle.exe."""
    assert lab.estate.octopus is not None
    content = base64.b64encode(lab.estate.installers[-1].data).decode()
    control = lab.document()["control"]
    ask(control, "POST", "faults/edit-file", {"node": "NODE1", "path": r"C:\Temp\Tentacle.msi", "content": content})
    thumbprint = lab.estate.octopus.certificate.thumbprint
    run(lab, r"msiexec /i C:\Temp\Tentacle.msi /quiet")
    run(lab, rf"{TENTACLE} create-instance --instance Tentacle --config C:\Octopus\Tentacle.config")
    run(lab, rf"{TENTACLE} configure --instance Tentacle --home C:\Octopus --app C:\Octopus\Applications --port 10933")
    run(lab, f"{TENTACLE} configure --instance Tentacle --trust {thumbprint}")
    run(lab, f"{TENTACLE} service --instance Tentacle --install --start")


@pytest.fixture
def octopus(lab: Lab) -> Any:
    document = lab.document()["octopus"]
    with httpx.Client(base_url=document["url"], headers={"X-Octopus-ApiKey": document["apiKey"]}) as client:
        yield client


def test_from_the_installer_to_a_healthy_target(lab: Lab, octopus: httpx.Client) -> None:
    install(lab)
    node = lab.estate.nodes["NODE1"]
    shown = world(lab.estate)["nodes"]["NODE1"]
    (instance,) = shown["instances"]
    assert f"{node.address}:10933" in shown["listeners"]
    assert shown["installed"][0]["version"] == "9.2.4285"

    found = octopus.get("/api/machines/discover", params={"host": "node1.lab.test"}).json()
    assert found["Endpoint"]["Thumbprint"] == instance["thumbprint"]
    body = {
        "Name": "node1",
        "Endpoint": found["Endpoint"],
        "EnvironmentIds": ["Environments-1"],
        "Roles": ["web"],
        "TenantIds": [],
        "TenantTags": [],
    }
    assert octopus.post("/api/machines", json=body).status_code == 201
    control = lab.document()["control"]
    (result,) = ask(control, "POST", "health")
    assert result["healthStatus"] == "Healthy", result
    machine = octopus.get("/api/machines/Machines-1").json()
    assert machine["Endpoint"]["TentacleVersionDetails"]["Version"] == "9.2.4285"

    ask(control, "POST", "faults/stop-service", {"node": "NODE1", "name": SERVICE})
    (result,) = ask(control, "POST", "health")
    assert (result["healthStatus"], result["task"]["state"]) == ("Unavailable", "Failed")
    ask(control, "POST", "faults/start-service", {"node": "NODE1", "name": SERVICE})
    run(lab, f"{TENTACLE} configure --instance Tentacle --reset-trust")
    run(lab, f"{TENTACLE} service --instance Tentacle --restart")
    (result,) = ask(control, "POST", "health")
    assert "does not trust the thumbprint" in result["task"]["log"]
    assert octopus.get("/api/machines/discover", params={"host": "NODE1"}).status_code == 200
    assert world(lab.estate)["tripwires"] == []


def test_a_restart_that_a_program_asks_for(lab: Lab) -> None:
    """The answer goes out first, so the node restarts a moment later; the lab's end waits for it."""
    node = lab.estate.nodes["NODE1"]
    booted = node.booted
    run(lab, "shutdown /r /t 0")
    lab.stop()
    assert node.booted > booted
    assert node.up


def test_a_running_tentacle_survives_its_node_and_ends_with_the_lab(lab: Lab) -> None:
    install(lab)
    node = lab.estate.nodes["NODE1"]
    ask(lab.document()["control"], "POST", "faults/reboot", {"node": "NODE1"})
    assert (node.address, 10933) in node.listening
    lab.stop()
    assert not node.listening
