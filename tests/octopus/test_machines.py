"""Deployment targets on the wire: addresses, what is sent, what is read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pulumi_tentacle.errors import NotFound, RequestFailed, Unlooked
from pulumi_tentacle.octopus import machines
from pulumi_tentacle.octopus.machines import Machine, Registration, address_of, listening_uri, normal_uri
from tests.octopus.support import Server, VirtualWaiter, client

T = "AB" * 20
WANTED = Registration("web", "https://web:10933/", T, ("Environments-1",), ("app",))
READ: dict[str, Any] = {
    "Id": "Machines-1",
    "Name": "web",
    "Thumbprint": "obsolete",
    "Uri": "https://obsolete/",
    "EnvironmentIds": ["Environments-1"],
    "Roles": ["app"],
    "TenantedDeploymentParticipation": "Untenanted",
    "TenantIds": [],
    "TenantTags": None,
    "MachinePolicyId": "MachinePolicies-1",
    "HealthStatus": "Healthy",
    "Unheard": {"of": 1},
    "Endpoint": {
        "CommunicationStyle": "TentaclePassive",
        "Uri": "https://WEB:10933",
        "Thumbprint": T.lower(),
        "ProxyId": "",
        "TentacleVersionDetails": {"UpgradeLocked": True, "Version": "8.3.3594"},
        "Novel": 2,
    },
}
MACHINE = Machine(
    "Machines-1",
    "web",
    uri="https://web:10933/",
    thumbprint=T,
    environment_ids=("Environments-1",),
    roles=("app",),
    policy_id="MachinePolicies-1",
    health="Healthy",
    upgrade_locked=True,
)


def answering(*answers: httpx.Response | Exception) -> tuple[Any, Server]:
    waiter = VirtualWaiter()
    server = Server(waiter, *answers)
    return client(server, waiter), server


def sent(server: Server, number: int = -1) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(server.requests[number].content)
    return body


@pytest.mark.parametrize(
    ("host", "uri"),
    [
        ("web01", "https://web01:10933/"),
        ("WEB01.Example.com", "https://web01.example.com:10933/"),
        ("10.0.0.5", "https://10.0.0.5:10933/"),
        ("fd00::10", "https://[fd00::10]:10933/"),
    ],
)
def test_u68_addresses(host: str, uri: str) -> None:
    assert listening_uri(host, 10933) == uri
    assert address_of(uri) == (host.lower(), 10933)
    assert normal_uri(uri.removesuffix("/").upper().replace("HTTPS", "https")) == uri


@pytest.mark.parametrize("uri", ["poll://abc/", "", "https://", "https://x:port/"])
def test_what_is_no_address_of_a_listener(uri: str) -> None:
    assert address_of(uri) is None
    assert normal_uri(uri) == uri


def test_a_target_is_read_from_its_endpoint_not_from_the_obsolete_mirrors() -> None:
    octopus, _ = answering(httpx.Response(200, json=READ))
    assert machines.by_id(octopus, "Spaces-1", "Machines-1") == MACHINE


def test_a_target_that_octopus_has_not_met_yet() -> None:
    fresh = {"Id": "Machines-2", "Name": "new", "Endpoint": {"CommunicationStyle": "TentaclePassive"}}
    octopus, _ = answering(httpx.Response(200, json=fresh))
    found = machines.by_id(octopus, "Spaces-1", "Machines-2")
    assert (found.upgrade_locked, found.health, found.uri) == (None, "Unknown", "")


def test_only_a_whole_answer_counts_as_a_target() -> None:
    octopus, _ = answering(httpx.Response(200, json={"status": "ok"}))
    with pytest.raises(Unlooked, match="unknown form"):
        machines.by_id(octopus, "Spaces-1", "Machines-1")


def test_u59_every_list_is_sent_as_a_list_and_no_proxy_as_null() -> None:
    octopus, server = answering(httpx.Response(201, json=READ))
    machines.create(octopus, "Spaces-1", WANTED, check_health=False)
    body = sent(server)
    assert {k for k, v in body.items() if v is None} == set()
    assert body["EnvironmentIds"] == ["Environments-1"]
    assert [body["TenantIds"], body["TenantTags"]] == [[], []]
    assert body["Endpoint"] == {
        "CommunicationStyle": "TentaclePassive",
        "Uri": "https://web:10933/",
        "Thumbprint": T,
        "ProxyId": None,
        "TentacleVersionDetails": None,
    }
    assert (body["SpaceId"], body["SkipInitialHealthCheck"]) == ("Spaces-1", True)
    assert "MachinePolicyId" not in body


def test_a_change_keeps_what_we_do_not_know() -> None:
    octopus, server = answering(httpx.Response(200, json=READ))
    wanted = replace(
        WANTED, roles=("app", "db"), policy_id="MachinePolicies-2", upgrade_locked=False, proxy_id="Proxies-1"
    )
    machines.modify(octopus, "Spaces-1", "Machines-1", wanted)
    assert [r.method for r in server.requests] == ["GET", "PUT"]
    body = sent(server)
    assert body["Unheard"] == {"of": 1}
    assert body["Endpoint"]["Novel"] == 2
    assert body["Endpoint"]["TentacleVersionDetails"] == {"UpgradeLocked": False, "Version": "8.3.3594"}
    assert (body["Roles"], body["MachinePolicyId"], body["Endpoint"]["ProxyId"]) == (
        ["app", "db"],
        "MachinePolicies-2",
        "Proxies-1",
    )


def test_by_name_ignores_case_and_is_exact() -> None:
    found = {"Items": [READ | {"Name": "web-2", "Id": "Machines-9"}, READ]}
    octopus, server = answering(httpx.Response(200, json=found))
    assert machines.by_name(octopus, "Spaces-1", "WEB") == MACHINE
    assert machines.by_name(octopus, "Spaces-1", "we") is None
    assert dict(server.requests[0].url.params) == {"name": "WEB"}


def test_by_thumbprint_looks_at_workers_too_and_trusts_no_filter() -> None:
    other = READ | {"Id": "Machines-3", "Endpoint": READ["Endpoint"] | {"Thumbprint": "CD" * 20}}
    worker = READ | {"Id": "Workers-1"}
    octopus, _ = answering(httpx.Response(200, json=[READ, other]), httpx.Response(200, json=[worker]))
    assert [m.id for m in machines.with_thumbprint(octopus, "Spaces-1", T)] == ["Machines-1", "Workers-1"]


def test_delete_twice() -> None:
    octopus, server = answering(
        httpx.Response(200), httpx.Response(404, json={"ErrorMessage": "The resource was not found."})
    )
    machines.delete(octopus, "Spaces-1", "Machines-1")
    machines.delete(octopus, "Spaces-1", "Machines-1")
    assert [r.method for r in server.requests] == ["DELETE", "DELETE"]


class TestDiscovery:
    def test_the_thumbprint_that_the_server_meets(self) -> None:
        octopus, server = answering(httpx.Response(200, json={"Endpoint": {"Thumbprint": "ab" * 20}}))
        assert machines.discover(octopus, "Spaces-1", "fd00::10", 10933, None) == T
        assert dict(server.requests[0].url.params) == {
            "host": "fd00::10",
            "port": "10933",
            "type": "TentaclePassive",
        }

    @pytest.mark.parametrize(
        ("proxy", "way"),
        [(None, "directly, without a proxy"), (("Proxies-1", "Gate"), "through the proxy 'Gate'")],
    )
    def test_u56_the_proxy_is_used_and_named(self, proxy: tuple[str, str] | None, way: str) -> None:
        refused = {"ErrorMessage": "No such host is known."}
        octopus, server = answering(httpx.Response(400, json=refused))
        with pytest.raises(RequestFailed, match=way) as raised:
            machines.discover(octopus, "Spaces-1", "web", 10933, proxy)
        assert server.requests[0].url.params.get("proxyId") == (proxy and proxy[0])
        assert "No such host is known" in str(raised.value)
        assert "https://web:10933/" in str(raised.value)

    def test_an_answer_without_a_thumbprint(self) -> None:
        octopus, _ = answering(httpx.Response(200, json={"Name": "web"}))
        with pytest.raises(Unlooked, match="names no thumbprint"):
            machines.discover(octopus, "Spaces-1", "web", 10933, None)


def test_not_found_is_certain() -> None:
    octopus, _ = answering(httpx.Response(404, json={"ErrorMessage": "The resource 'Machines-1' was not found."}))
    with pytest.raises(NotFound):
        machines.by_id(octopus, "Spaces-1", "Machines-1")
