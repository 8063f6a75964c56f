"""A Read has three answers: there, certainly gone, could not look. Only the second one forgets the target."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pulumi_tentacle.errors import HalfMade, Unlooked
from pulumi_tentacle.octopus import client
from pulumi_tentacle.plugin import operations
from pulumi_tentacle.resources.deployment_target.resource import DeploymentTargetResource
from pulumi_tentacle.resources.resource import Run
from tests.octopus.support import URL, VirtualWaiter
from tests.octopus.support import client as make_client
from tests.resources.deployment_target.support import run_of

RESOURCE = DeploymentTargetResource()
ID = "Spaces-1/Machines-1"
T = "AB" * 20
INPUTS = operations.check(RESOURCE, {"host": "web", "environments": ["Production"], "roles": ["app"]})
STATE: dict[str, Any] = {
    **INPUTS,
    "machineId": "Machines-1",
    "uri": "https://web:10933/",
    "thumbprint": T,
    "healthStatus": "Healthy",
    "serverUrl": URL,
    "installationId": "ours",
    "incomplete": [],
}
MACHINE = {
    "Id": "Machines-1",
    "Name": "web",
    "EnvironmentIds": ["Environments-1"],
    "Roles": ["app"],
    "HealthStatus": "Healthy",
    "Endpoint": {"CommunicationStyle": "TentaclePassive", "Uri": "https://web:10933/", "Thumbprint": T},
}
GOOD: dict[str, Any] = {
    "/api": {"InstallationId": "ours"},
    "/api/spaces/all": [{"Id": "Spaces-1", "Name": "Default", "IsDefault": True}],
    "/api/Spaces-1/environments/all": [{"Id": "Environments-1", "Name": "Production"}],
    "/api/Spaces-1/machinepolicies/all": [],
    "/api/Spaces-1/machines/Machines-1": MACHINE,
}
HTML = {"content-type": "text/html"}
OCTOPUS_404 = httpx.Response(404, json={"ErrorMessage": "The resource 'Machines-1' was not found."})
COULD_NOT_LOOK: dict[str, httpx.Response | Exception] = {
    "name not found": httpx.ConnectError("[Errno -2] Name or service not known"),
    "refused": httpx.ConnectError("[Errno 111] Connection refused"),
    "no answer": httpx.ConnectTimeout("timed out"),
    "slow": httpx.ReadTimeout("timed out"),
    "broken off": httpx.RemoteProtocolError("Server disconnected"),
    "401": httpx.Response(401, json={"ErrorMessage": "no"}),
    "403": httpx.Response(403, json={"ErrorMessage": "Missing permission: MachineView"}),
    "403 of a proxy": httpx.Response(403, headers=HTML, text="blocked"),
    "404 of a page": httpx.Response(404, headers=HTML, text="<html>nginx</html>"),
    "404 of other JSON": httpx.Response(404, json={"error": "no such route"}),
    "500": httpx.Response(500, json={"ErrorMessage": "Value cannot be null."}),
    "503": httpx.Response(503, text="starting"),
    "redirect": httpx.Response(302, headers={"Location": "https://login.test/"}),
    "sign-in page": httpx.Response(200, headers=HTML, text="<html>Sign in</html>"),
    "rate limit": httpx.Response(429),
}


class Answers:
    """Good answers but for one path."""

    def __init__(self, path: str = "", answer: httpx.Response | Exception | None = None) -> None:
        self._path, self._answer = path, answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == self._path:
            if isinstance(self._answer, Exception):
                raise self._answer
            assert self._answer is not None
            return self._answer
        return httpx.Response(200, json=GOOD[request.url.path])


def run(answers: Answers, warnings: list[str]) -> Run:
    octopus: client.Octopus = make_client(answers, VirtualWaiter())
    return run_of(octopus, warnings)


@pytest.mark.parametrize("path", ["/api", "/api/spaces/all", "/api/Spaces-1/machines/Machines-1"])
@pytest.mark.parametrize("case", COULD_NOT_LOOK)
def test_u88_what_could_not_be_looked_at_stays_as_it_is_stored(path: str, case: str) -> None:
    warnings: list[str] = []
    seen = operations.read(RESOURCE, run(Answers(path, COULD_NOT_LOOK[case]), warnings), ID, INPUTS, STATE)
    assert seen is not None
    assert (seen.inputs, seen.outputs) == (INPUTS, STATE)
    assert len(warnings) == 1
    assert URL in warnings[0]


def test_u88_a_definite_absence_is_gone() -> None:
    path = "/api/Spaces-1/machines/Machines-1"
    assert operations.read(RESOURCE, run(Answers(path, OCTOPUS_404), []), ID, INPUTS, STATE) is None


def test_u88_a_space_that_is_not_shown_is_no_absence() -> None:
    answers = Answers("/api/spaces/all", httpx.Response(200, json=[]))
    assert operations.read(RESOURCE, run(answers, []), ID, INPUTS, STATE) is not None


def test_what_is_known_as_half_made_stays_so_when_it_cannot_be_looked_at() -> None:
    reasons = ["The deployment target is Unavailable: x."]
    answers = Answers("/api", httpx.ConnectError("refused"))
    with pytest.raises(HalfMade) as raised:
        operations.read(RESOURCE, run(answers, []), ID, INPUTS, {**STATE, "incomplete": reasons})
    assert raised.value.reasons == reasons


def test_an_import_that_cannot_look_is_an_error() -> None:
    with pytest.raises(Unlooked):
        operations.read(RESOURCE, run(Answers("/api", httpx.ConnectError("refused")), []), ID, {}, {})


def test_a_read_that_sees_all_is_the_stored_state() -> None:
    warnings: list[str] = []
    seen = operations.read(RESOURCE, run(Answers(), warnings), ID, INPUTS, STATE)
    assert seen is not None
    assert (seen.id, seen.inputs, seen.outputs, warnings) == (ID, INPUTS, STATE, [])


def test_what_the_account_may_not_see_is_told_by_its_id() -> None:
    answers = Answers("/api/Spaces-1/environments/all", httpx.Response(200, json=[]))
    seen = operations.read(RESOURCE, run(answers, []), ID, INPUTS, STATE)
    assert seen is not None
    assert seen.inputs["environments"] == ["Environments-1"]
