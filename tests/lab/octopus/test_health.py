"""Discovery and health checks really connect (octopus-api.md §2.4, §3; tentacle.md §9)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pulumi_tentacle.lab.cluster.formation import form_cluster
from pulumi_tentacle.lab.cluster.machine import stop_group
from pulumi_tentacle.lab.octopus.certificate import ServerCertificate
from pulumi_tentacle.lab.octopus.contact import resolve
from pulumi_tentacle.lab.octopus.server import OctopusServer
from pulumi_tentacle.lab.octopus.state import Octopus, ServerTask
from pulumi_tentacle.lab.world import Estate, Product

Listen = Callable[..., Any]


@pytest.fixture(autouse=True)
def node(estate: Estate) -> None:
    """SQL is a node of this machine with a Tentacle installed."""
    estate.add_node("SQL", "127.0.0.1").products.append(Product("{1}", "Octopus Deploy Tentacle", "9.2.4285", "C:\\"))


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def register(client: httpx.Client, thumbprint: str, port: int, **endpoint: Any) -> None:
    endpoint = {
        "CommunicationStyle": "TentaclePassive",
        "Uri": f"https://sql:{port}/",
        "Thumbprint": thumbprint,
        "ProxyId": None,
        **endpoint,
    }
    body = {
        "Name": "sql",
        "Endpoint": endpoint,
        "EnvironmentIds": ["Environments-1"],
        "Roles": ["sql"],
        "TenantIds": [],
        "TenantTags": [],
    }
    assert client.post("/api/machines", json=body).status_code == 201


def finished(server: OctopusServer, octopus: Octopus) -> ServerTask:
    return server.tasks.wait(octopus.tasks[-1].id)


def machine(client: httpx.Client) -> dict[str, Any]:
    shown: dict[str, Any] = client.get("/api/machines/Machines-1").json()
    return shown


def test_a_new_target_is_checked_and_found_healthy(
    client: httpx.Client,
    server: OctopusServer,
    octopus: Octopus,
    listen: Listen,
    tentacle_certificate: ServerCertificate,
) -> None:
    port = listen().port
    register(client, tentacle_certificate.thumbprint, port, TentacleVersionDetails={"UpgradeLocked": True})
    task = finished(server, octopus)
    shown = machine(client)
    assert (task.state, shown["HealthStatus"]) == ("Success", "Healthy")
    assert shown["StatusSummary"].startswith("Octopus was able to successfully establish a connection")
    assert shown["Endpoint"]["TentacleVersionDetails"] == {
        "UpgradeLocked": True,
        "Version": "9.2.4285",
        "UpgradeSuggested": False,
        "UpgradeRequired": False,
        "UpgradeAvailable": False,
    }
    assert shown["Endpoint"]["CertificateSignatureAlgorithm"] == "sha256RSA"
    assert (shown["ShellName"], shown["HasLatestCalamari"]) == ("PowerShell", True)
    raw = client.get(f"/api/tasks/{task.id}/raw").text
    assert f"at https://sql:{port}/, running version 9.2.4285" in raw
    assert client.get("/api/machines/Machines-1/connection").json()["Status"] == "Online"


def test_another_certificate_than_the_registered_one(
    client: httpx.Client,
    server: OctopusServer,
    octopus: Octopus,
    listen: Listen,
    tentacle_certificate: ServerCertificate,
) -> None:
    tentacle = listen()
    register(client, "B" * 40, tentacle.port)
    task = finished(server, octopus)
    assert (task.state, machine(client)["HealthStatus"]) == ("Failed", "Unavailable")
    details = client.get(f"/api/tasks/{task.id}/details").json()
    (check,) = details["ActivityLogs"][0]["Children"]
    assert check["Status"] == "Failed"
    text = check["LogElements"][-1]["MessageText"]
    assert "presented an unexpected security certificate" in text
    assert f"a thumbprint of '{tentacle_certificate.thumbprint}'" in text
    assert b"MX" not in b"".join(tentacle.received)  # nothing is said to a stranger


def test_a_tentacle_that_does_not_trust_the_server(
    client: httpx.Client,
    server: OctopusServer,
    octopus: Octopus,
    listen: Listen,
    tentacle_certificate: ServerCertificate,
) -> None:
    register(client, tentacle_certificate.thumbprint, listen(trusting=False).port)
    task = finished(server, octopus)
    assert machine(client)["HealthStatus"] == "Unavailable"
    raw = client.get(f"/api/tasks/{task.id}/raw").text
    assert f"does not trust the thumbprint {octopus.certificate.thumbprint}" in raw


def test_nobody_listens(client: httpx.Client, server: OctopusServer, octopus: Octopus, closed_port: int) -> None:
    register(client, "B" * 40, closed_port)
    task = finished(server, octopus)
    assert (task.state, machine(client)["HealthStatus"]) == ("Failed", "Unavailable")
    assert machine(client)["StatusSummary"].startswith("There was a problem communicating with this machine")
    assert "actively refused it" in client.get(f"/api/tasks/{task.id}/raw").text


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ({"ProxyId": ""}, "Proxy  not found in the database"),
        ({"ProxyId": "Proxies-1"}, "the lab does not know connections through a proxy"),
        ({"Uri": "https://nowhere:10933/"}, "No such host is known."),
        ({"Uri": "https://192.0.2.1:10933/"}, "within the timeout 00:01:00."),
        (
            {"CommunicationStyle": "TentacleActive", "Uri": "poll://x/"},
            "the lab does not know health checks of polling",
        ),
    ],
)
def test_other_reasons_to_be_unavailable(
    endpoint: dict[str, Any],
    says: str,
    client: httpx.Client,
    server: OctopusServer,
    octopus: Octopus,
    listen: Listen,
    tentacle_certificate: ServerCertificate,
) -> None:
    register(client, tentacle_certificate.thumbprint, listen().port, **endpoint)
    task = finished(server, octopus)
    assert machine(client)["HealthStatus"] == "Unavailable"
    assert says in client.get(f"/api/tasks/{task.id}/raw").text


def test_a_manual_check_follows_a_change(
    client: httpx.Client,
    server: OctopusServer,
    octopus: Octopus,
    listen: Listen,
    tentacle_certificate: ServerCertificate,
) -> None:
    tentacle = listen()
    register(client, tentacle_certificate.thumbprint, tentacle.port)
    finished(server, octopus)
    tentacle.close()
    asked = {
        "Name": "Health",
        "Description": "Manual",
        "Arguments": {"Timeout": "0:05:00", "MachineIds": ["Machines-1"]},
    }
    assert machine(client)["HealthStatus"] == "Healthy"
    created = client.post("/api/Spaces-1/tasks", json=asked)
    assert created.status_code == 201
    assert server.tasks.wait(created.json()["Id"]).state == "Failed"
    assert machine(client)["HealthStatus"] == "Unavailable"


def test_a_policy_that_lets_machines_be_offline(
    client: httpx.Client, server: OctopusServer, octopus: Octopus, closed_port: int
) -> None:
    octopus.policies[0].expected_online = False
    register(client, "B" * 40, closed_port)
    task = finished(server, octopus)
    assert (task.state, task.has_warnings, machine(client)["HealthStatus"]) == ("Success", True, "Unavailable")


def test_a_stopped_queue_keeps_tasks_until_they_go_on_or_are_cancelled(
    client: httpx.Client, server: OctopusServer, octopus: Octopus, closed_port: int
) -> None:
    octopus.default_space.task_queue_stopped = True
    register(client, "B" * 40, closed_port)
    asked = {"Name": "Health", "Description": "all", "Arguments": {}}
    second = client.post("/api/tasks", json=asked).json()
    assert (second["State"], second["Completed"], second["IsCompleted"]) == ("Queued", "Queued...", False)
    assert client.post(second["Links"]["Cancel"]).json()["State"] == "Canceled"
    assert [t["Id"] for t in client.get("/api/tasks?states=Queued").json()["Items"]] == ["ServerTasks-1"]
    server.tasks.resume("Spaces-1")
    assert server.tasks.wait("ServerTasks-1").state == "Failed"
    assert client.get(second["Links"]["Self"]).json()["State"] == "Canceled"


def test_a_task_ends_at_its_time_limit(
    client: httpx.Client, server: OctopusServer, octopus: Octopus, estate: Estate
) -> None:
    """The unreachable machine takes its minute on the lab's clock, and the task had half of it."""
    octopus.default_space.task_queue_stopped = True
    register(client, "B" * 40, 10933, Uri="https://192.0.2.1:10933/")
    asked = {"Name": "Health", "Description": "short", "Arguments": {"Timeout": "00:00:30"}}
    task_id = client.post("/api/tasks", json=asked).json()["Id"]
    before = estate.clock.now()
    server.tasks.resume("Spaces-1")
    assert server.tasks.wait(task_id).state == "TimedOut"
    assert (estate.clock.now() - before).total_seconds() > 30


@pytest.mark.parametrize(
    ("task", "says"),
    [
        ({"Name": "Upgrade", "Description": "x"}, "the lab does not know the task 'Upgrade'"),
        ({"Name": "Health", "Description": "x", "Arguments": {"Machines": []}}, "the lab does not know the argument"),
        ({"Name": "Health", "Description": "x", "Arguments": {"MachineIds": ["Machines-9"]}}, "the lab does not know"),
        ({"Name": "Health", "Description": "x", "Arguments": {"Timeout": "5"}}, "is not a time span"),
        ({"Name": "Health"}, "Please provide a description."),
    ],
)
def test_tasks_that_are_refused(task: dict[str, Any], says: str, client: httpx.Client, octopus: Octopus) -> None:
    answer = client.post("/api/tasks", json=task)
    assert answer.status_code == 400
    assert says in answer.text
    assert octopus.tasks == []


def test_discovery_needs_no_trust(
    client: httpx.Client, listen: Listen, tentacle_certificate: ServerCertificate
) -> None:
    tentacle = listen(trusting=False)
    found = client.get(f"/api/machines/discover?host=sql.lab.test&port={tentacle.port}&type=TentaclePassive").json()
    assert found["Endpoint"]["Thumbprint"] == found["Thumbprint"] == tentacle_certificate.thumbprint
    assert found["Endpoint"]["Uri"] == f"https://sql.lab.test:{tentacle.port}/"
    assert found["Name"] == "sql.lab.test"
    assert "EnvironmentIds" not in found
    tentacle.close()
    assert tentacle.received == [b"HELLO\r\n\r\n"]


def test_discovery_that_fails_says_why(client: httpx.Client, closed_port: int) -> None:
    missing = client.get("/api/machines/discover")
    assert missing.status_code == 400
    assert "URI parameter named 'host'" in missing.json()["ErrorMessage"]
    refused = client.get(f"/api/machines/discover?host=127.0.0.1&port={closed_port}")
    assert (refused.status_code, "actively refused" in refused.text) == (400, True)
    assert "No such host is known" in client.get("/api/machines/discover?host=nowhere").text
    assert "the lab does not know" in client.get("/api/machines/discover?host=sql&type=Ssh").text


@pytest.mark.parametrize(
    ("host", "address"),
    [("SQL", "127.0.0.1"), ("sql.lab.test", "127.0.0.1"), ("127.9.9.9", "127.9.9.9"), ("sql.other", None)],
)
def test_names_of_the_labs_dns(host: str, address: str | None, estate: Estate) -> None:
    assert resolve(estate, host) == address


def test_a_cluster_name_is_known_while_it_is_online(estate: Estate) -> None:
    cluster = form_cluster(estate, "LABCLU", "127.0.0.20", ["SQL"])
    assert resolve(estate, "labclu.lab.test") == "127.0.0.20"
    stop_group(cluster, cluster.groups[0])
    assert resolve(estate, "labclu") is None
