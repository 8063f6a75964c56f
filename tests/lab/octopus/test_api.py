"""The REST API as a client sees it (octopus-api.md §1, §2.1, §4, §5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pulumi_tentacle.lab.octopus.state import Octopus, PlannedAnswer
from pulumi_tentacle.lab.world import Estate

Connect = Callable[..., httpx.Client]
SKIP = {"SkipInitialHealthCheck": True}


def body(name: str = "sql", thumbprint: str = "A" * 40, uri: str = "https://sql:10933/", **more: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Endpoint": {"CommunicationStyle": "TentaclePassive", "Uri": uri, "Thumbprint": thumbprint, "ProxyId": None},
        "EnvironmentIds": ["Environments-1"],
        "Roles": ["sql"],
        "TenantIds": [],
        "TenantTags": [],
        **SKIP,
        **more,
    }


def test_the_root_document_is_for_everyone(connect: Connect, octopus: Octopus) -> None:
    for path in ("/api", "/api/"):
        root = connect().get(path).json()
        assert root["Application"] == "Octopus Deploy"
        assert root["ApiVersion"] == "3.0.0"
        assert root["InstallationId"] == octopus.installation_id
    assert root["Links"]["Machines"].startswith("/api/Spaces-1/machines{/id}")


@pytest.mark.parametrize("path", ["/api/machines", "/api/Spaces-1/machines", "/api/spaces/Spaces-1/machines"])
def test_a_space_is_reached_three_ways(path: str, client: httpx.Client) -> None:
    client.post("/api/machines", json=body())
    assert [m["Name"] for m in client.get(path).json()["Items"]] == ["sql"]
    assert client.get(f"{path}/Machines-1").json()["Id"] == "Machines-1"


def test_spaces_keep_their_things_apart(client: httpx.Client) -> None:
    assert [e["Name"] for e in client.get("/api/Spaces-2/environments/all").json()] == ["Elsewhere"]
    client.post("/api/machines", json=body())
    assert client.get("/api/Spaces-2/machines/all").json() == []
    assert client.get("/api/Spaces-2/machines/Machines-1").status_code == 404
    assert client.get("/api/Spaces-7/machines").json()["ErrorMessage"] == "The resource 'Spaces-7' was not found."


@pytest.mark.parametrize("parameter", ["apikey", "ApiKey", "api-key"])
def test_the_key_may_stand_in_the_query(parameter: str, connect: Connect, octopus: Octopus) -> None:
    key = next(iter(octopus.api_keys))
    assert connect().get("/api/users/me", params={parameter: key}).json()["Username"] == "admin"


def test_bearer_tokens(connect: Connect, octopus: Octopus) -> None:
    octopus.access_tokens["eyJ"] = next(iter(octopus.api_keys.values()))
    assert connect(Authorization="Bearer eyJ").get("/api/users/me").status_code == 200
    assert connect(Authorization="Bearer eyK").get("/api/users/me").status_code == 401


def test_without_or_with_a_wrong_key(connect: Connect, octopus: Octopus) -> None:
    nobody = connect().get("/api/machines")
    assert nobody.status_code == 401
    assert "You must be logged in to request this resource" in nobody.json()["ErrorMessage"]
    wrong = connect(X_Octopus_ApiKey="API-WRONG").get("/api/machines")
    assert wrong.status_code == 401
    assert "Either your API key is invalid" in wrong.json()["ErrorMessage"]
    key = octopus.add_account("gone")
    octopus.api_keys[key].active = False
    assert connect(X_Octopus_ApiKey=key).get("/api/machines").status_code == 401


def test_a_missing_permission_refuses_a_change_and_empties_a_list(
    connect: Connect, client: httpx.Client, octopus: Octopus
) -> None:
    client.post("/api/machines", json=body())
    reader = connect(X_Octopus_ApiKey=octopus.add_account("reader", ["MachineView"]))
    blind = connect(X_Octopus_ApiKey=octopus.add_account("blind", []))
    refused = reader.delete("/api/machines/Machines-1")
    assert refused.status_code == 403
    assert "Missing permission: MachineDelete" in refused.json()["ErrorMessage"]
    assert reader.post("/api/machines", json=body("other")).status_code == 403
    assert len(reader.get("/api/machines/all").json()) == 1
    assert blind.get("/api/machines/all").json() == []
    assert blind.get("/api/environments/all").json() == []
    assert blind.get("/api/machines/Machines-1").status_code == 403


def test_life_of_a_target(client: httpx.Client, octopus: Octopus) -> None:
    created = client.post("/api/Spaces-1/machines", json=body())
    assert created.status_code == 201
    self_link = created.json()["Links"]["Self"]
    assert created.headers["Location"] == self_link
    assert client.get(self_link).json()["HealthStatus"] == "Unknown"
    assert octopus.tasks == []  # the initial health check was not wanted

    changed = client.put(self_link, json=body("sql-2", Roles=["web"], IsDisabled=True))
    assert changed.status_code == 200
    assert (changed.json()["Name"], changed.json()["Roles"], changed.json()["IsDisabled"]) == ("sql-2", ["web"], True)
    assert client.get("/api/machineroles/all").json() == ["web"]

    gone = client.delete(self_link)
    assert (gone.status_code, gone.content) == (200, b"")
    assert client.get(self_link).status_code == 404
    assert client.delete(self_link).status_code == 404
    assert client.post("/api/machines", json=body()).json()["Id"] == "Machines-2"  # ids are never used again


@pytest.mark.parametrize(("method", "status"), [("PUT", 200), ("DELETE", 200)])
def test_method_override(method: str, status: int, client: httpx.Client) -> None:
    client.post("/api/machines", json=body())
    answer = client.post("/api/machines/Machines-1", json=body("new"), headers={"X-HTTP-Method-Override": method})
    assert answer.status_code == status
    assert [m["Name"] for m in client.get("/api/machines/all").json()] == (["new"] if method == "PUT" else [])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=A-ONE", ["a-one"]),
        ("partialName=one", ["a-one", "b-one"]),
        ("ids=Machines-1,Machines-3", ["a-one", "c-two"]),
        ("thumbprint=" + "b" * 40, ["b-one"]),
        ("environmentids=Environments-2", ["c-two"]),
        ("roles=SQL", ["a-one", "b-one"]),
        ("isDisabled=true", ["b-one"]),
        ("healthStatuses=Healthy", []),
        ("ids=", ["a-one", "b-one", "c-two"]),
    ],
)
def test_filters(query: str, names: list[str], client: httpx.Client) -> None:
    client.post("/api/machines", json=body("a-one", "A" * 40, "https://a:1/"))
    client.post("/api/machines", json=body("b-one", "B" * 40, "https://b:1/", IsDisabled=True))
    client.post(
        "/api/machines", json=body("c-two", "C" * 40, "https://c:1/", Roles=["web"], EnvironmentIds=["Environments-2"])
    )
    assert [m["Name"] for m in client.get(f"/api/machines?{query}").json()["Items"]] == names
    assert [m["Name"] for m in client.get(f"/api/machines/all?{query}").json()] == names


def test_paging(client: httpx.Client, octopus: Octopus) -> None:
    for number in range(65):
        octopus.add_environment(f"E{number:02}")
    first = client.get("/api/environments").json()
    assert (first["TotalResults"], first["ItemsPerPage"], first["NumberOfPages"], len(first["Items"])) == (
        67,
        30,
        3,
        30,
    )
    names, page = [e["Name"] for e in first["Items"]], first
    while "Page.Next" in page["Links"]:
        page = client.get(page["Links"]["Page.Next"]).json()
        names += [e["Name"] for e in page["Items"]]
    assert names == sorted(e["Name"] for e in client.get("/api/environments/all").json())
    assert len(client.get("/api/environments/v2?take=2147483647").json()["Items"]) == 67
    assert (
        client.get("/api/environments?partialName=E6&take=2").json()["Links"]["Page.Next"].count("partialName=E6") == 1
    )


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("spaces", ["Default", "Other"]),
        ("Spaces-1/environments", ["Production", "Test"]),
        ("Spaces-1/machinepolicies", ["Default Machine Policy"]),
        ("Spaces-1/proxies", ["Gate"]),
        ("Spaces-1/tenants", ["Acme"]),
        ("Spaces-1/tagsets", ["Default Target Tags", "Ring"]),
    ],
)
def test_lookups(path: str, names: list[str], client: httpx.Client) -> None:
    everything = client.get(f"/api/{path}/all").json()
    assert [item["Name"] for item in everything] == names
    assert [item["Name"] for item in client.get(f"/api/{path}").json()["Items"]] == names
    for item in everything:
        assert client.get(item["Links"]["Self"]).json() == item
    assert client.get(f"/api/{path}/Nothing-1").status_code == 404


def test_the_certificate_that_tentacles_trust(client: httpx.Client, octopus: Octopus) -> None:
    shown = client.get("/api/configuration/certificates/certificate-global").json()
    assert shown["Thumbprint"] == octopus.certificate.thumbprint
    assert client.get(shown["Links"]["PublicCer"]).content == octopus.certificate.certificate


def test_the_same_tentacle_twice_is_allowed_and_seen(client: httpx.Client, estate: Estate) -> None:
    client.post("/api/machines", json=body("one", "A" * 40, "https://a:10933/"))
    client.post("/api/machines", json=body("two", "B" * 40, "https://b:10933/"))
    assert estate.tripwires == []
    assert client.post("/api/machines", json=body("three", "a" * 40, "https://c:10933/")).status_code == 201
    client.put("/api/machines/Machines-2", json=body("two", "B" * 40, "https://a:10933/"))
    client.put("/api/machines/Machines-2", json=body("two", "B" * 40, "https://a:10933/", Roles=["web"]))
    assert [(t.what, t.detail.split(" are ")[0]) for t in estate.tripwires] == [
        ("a second target", "three and one"),
        ("a second target", "two and one"),
    ]


def test_what_the_lab_does_not_know_is_said_and_counted(client: httpx.Client, octopus: Octopus) -> None:
    for number in (1, 2):
        answer = client.get(f"/api/Spaces-1/deployments/Deployments-{number}")
        assert answer.status_code == 404
        assert "the lab does not know the route" in answer.json()["ErrorMessage"]
    assert client.get("/api/machines?projectId=Projects-1").status_code == 400
    assert client.patch("/api/machines/Machines-1").status_code == 405
    assert octopus.unknown == {
        "the route GET /api/{id}/deployments/{id}": 2,
        "the query parameter 'projectid' of GET /api/machines": 1,
        "the route PATCH /api/machines/{id}": 1,
    }


def test_a_body_that_is_no_json(client: httpx.Client, octopus: Octopus) -> None:
    headers = {"Content-Type": "application/json"}
    assert client.post("/api/machines", content=b"{", headers=headers).status_code == 400
    assert client.post("/api/machines").json()["ErrorMessage"] == "No request body was supplied."
    assert octopus.machines == []


def test_planned_faults(client: httpx.Client, octopus: Octopus) -> None:
    octopus.planned += [
        PlannedAnswer(429, method="GET", retry_after=3, times=2),
        PlannedAnswer(502, method="POST", path="/machines", after_effect=True),
    ]
    for _ in range(2):
        limited = client.get("/api/machines/all")
        assert (limited.status_code, limited.headers["Retry-After"]) == (429, "3")
    assert client.get("/api/machines/all").json() == []
    assert client.post("/api/machines", json=body()).status_code == 502
    assert [m["Name"] for m in client.get("/api/machines/all").json()] == ["sql"]
    assert octopus.requests.count("GET /api/machines/all") == 4
