"""Routes of deployment targets (octopus-api.md §2)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Response
from starlette.requests import Request

from pulumi_tentacle.lab.octopus import render, rules
from pulumi_tentacle.lab.octopus.contact import ContactFailed, discover
from pulumi_tentacle.lab.octopus.errors import NotModelled, Refusal, forbidden, missing
from pulumi_tentacle.lab.octopus.requests import PAGING, Caller, Query, caller_of, collection, under_lock
from pulumi_tentacle.lab.octopus.state import Endpoint, Machine, Octopus, by_id
from pulumi_tentacle.lab.octopus.task_views import task_json
from pulumi_tentacle.lab.octopus.tasks import TaskRunner

Json = dict[str, Any]
Known = Annotated[Caller, Depends(caller_of)]
Sent = Annotated[Any, Body()]
router = APIRouter()

SECOND_TARGET = "a second target"
FILTERS = (
    *("ids", "name", "partialName", "thumbprint", "roles", "isDisabled", "healthStatuses", "commStyles"),
    *("environmentIds", "tenantIds", "tenantTags"),
)


@router.get("/machines")
@under_lock
def listed(request: Request, caller: Known) -> Json:
    query = Query(request, (*FILTERS, *PAGING))
    return collection(_visible(caller, query), query, "Machine", _in_list)


@router.get("/machines/all")
@under_lock
def everything(request: Request, caller: Known) -> list[Json]:
    return [_in_list(m) for m in _visible(caller, Query(request, FILTERS))]


@router.get("/machines/discover")
def discovered(request: Request, caller: Known) -> Json:
    """The server itself connects, so this sees what the server sees. Not under the lock: it waits for a network."""
    query = Query(request, ("host", "port", "type", "proxyId"))
    host = (query.text("host") or "").strip()
    if not host:
        raise Refusal(400, "The hostname of the machine to discover must be supplied as URI parameter named 'host'.")
    style = query.text("type") or rules.LISTENING
    if style != rules.LISTENING:
        raise NotModelled(f"discovery of the type '{style}'")
    port = query.number("port", 10933)
    uri = rules.listening_uri(host, port)
    try:
        contact = discover(caller.estate, host, port, query.text("proxyId") or None)
    except ContactFailed as failure:
        # The wrapping by Octopus Server is not established (octopus-api.md §11); the text is Halibut's.
        raise Refusal(400, str(failure)) from None
    endpoint = Endpoint(rules.LISTENING, uri, contact.thumbprint, query.text("proxyId") or None)
    with caller.estate.lock:
        policy = caller.octopus.default_policy(caller.space.id)
    found = render.machine(Machine("", caller.space.id, host, endpoint, policy_id=policy.id))
    return {k: v for k, v in found.items() if k not in ("EnvironmentIds", "Roles")} | {"Id": None, "Links": {}}


@router.post("/machines", status_code=201)
@under_lock
def created(request: Request, caller: Known, response: Response, body: Sent = None) -> Json:
    caller.needs("MachineCreate")
    machine = rules.machine_from(body, caller.octopus, caller.space.id)
    machine.id = caller.octopus.next_id("Machines")
    machine.last_modified = caller.estate.clock.now()
    caller.octopus.machines.append(machine)
    _watch(caller, machine, before=[])
    if not rules.fold(body).get("skipinitialhealthcheck"):
        runner: TaskRunner = request.app.state.tasks
        runner.check_health(caller.space.id, f"Check health of the new deployment target {machine.name}", [machine.id])
    shown = render.machine(machine)
    response.headers["Location"] = shown["Links"]["Self"]
    return shown


@router.get("/machines/{machine_id}")
@under_lock
def one(machine_id: str, caller: Known) -> Json:
    return render.machine(_find(caller, machine_id))


@router.put("/machines/{machine_id}")
@under_lock
def modified(machine_id: str, caller: Known, body: Sent = None) -> Json:
    existing = _find(caller, machine_id)
    caller.needs("MachineEdit")
    machine = rules.machine_from(body, caller.octopus, caller.space.id, existing)
    machine.last_modified = caller.estate.clock.now()
    before = rules.twins(existing, caller.octopus.machines)
    caller.octopus.machines[caller.octopus.machines.index(existing)] = machine
    _watch(caller, machine, before)
    return render.machine(machine)


@router.delete("/machines/{machine_id}")
@under_lock
def deleted(machine_id: str, caller: Known) -> Response:
    machine = _find(caller, machine_id)
    caller.needs("MachineDelete")
    caller.octopus.machines.remove(machine)
    return Response(status_code=200)


@router.get("/machines/{machine_id}/connection")
@under_lock
def connection(machine_id: str, caller: Known) -> Json:
    """What the last contact left; no call is made. The vocabulary of Status is not established (§2.5)."""
    machine = _find(caller, machine_id)
    online = {"Healthy": "Online", "HasWarnings": "Online", "Unknown": "Unknown"}.get(machine.health, "Offline")
    return {
        "Id": None,
        "MachineId": machine.id,
        "Status": online,
        "CurrentTentacleVersion": machine.endpoint.version and machine.endpoint.version.version,
        "LastChecked": render.moment(machine.last_checked),
        "Logs": [],
        "Links": {"Self": f"/api/{machine.space_id}/machines/{machine.id}/connection"},
    }


@router.get("/machines/{machine_id}/tasks")
@under_lock
def tasks(machine_id: str, request: Request, caller: Known) -> Json:
    """Deployments and runbook runs on the machine; health checks are not among them (§2.1)."""
    machine = _find(caller, machine_id)
    query = Query(request, ("type", *PAGING))
    mine = [
        t
        for t in caller.octopus.tasks
        if t.name in ("Deploy", "RunbookRun") and machine.id in str(t.arguments.get("MachineIds", ""))
    ]
    return collection(mine[::-1], query, "Task", task_json)


@router.get("/environments/{environment_id}/machines")
@under_lock
def of_environment(environment_id: str, request: Request, caller: Known) -> Json:
    if not by_id(caller.octopus.environments, caller.space.id, environment_id):
        raise missing(environment_id)
    query = Query(request, PAGING)
    mine = [m for m in _visible(caller, query) if environment_id in m.environment_ids]
    return collection(mine, query, "Machine", _in_list)


def _in_list(machine: Machine) -> Json:
    return render.machine(machine, whole=False)


def _find(caller: Caller, machine_id: str) -> Machine:
    found = by_id(caller.octopus.machines, caller.space.id, machine_id)
    if found is None:
        raise missing(machine_id)
    if not caller.account.may("MachineView"):
        raise forbidden("MachineView")
    return found


def _visible(caller: Caller, query: Query) -> list[Machine]:
    """The space's machines by name, filtered; none for a key that may not see machines (Issues 2955)."""
    if not caller.account.may("MachineView"):
        return []
    kept = [m for m in caller.octopus.machines if m.space_id == caller.space.id and _passes(m, query)]
    return sorted(kept, key=lambda m: m.name.lower())


def _passes(machine: Machine, query: Query) -> bool:
    disabled = query.flag("isDisabled")
    return (
        query.keeps("ids", machine.id)
        and query.keeps("name", machine.name)
        and query.keeps("partialName", machine.name, contains=True)
        and query.keeps("thumbprint", machine.endpoint.thumbprint)
        and query.keeps("commStyles", machine.endpoint.style)
        and query.keeps("healthStatuses", machine.health)
        and query.keeps_any("roles", machine.roles)
        and query.keeps_any("environmentIds", machine.environment_ids)
        and query.keeps_any("tenantIds", machine.tenant_ids)
        and query.keeps_any("tenantTags", machine.tenant_tags)
        and (disabled is None or disabled == machine.is_disabled)
    )


def _watch(caller: Caller, machine: Machine, before: list[Machine]) -> None:
    """Octopus allows two targets for one Tentacle; nobody who uses the provider wants them."""
    octopus: Octopus = caller.octopus
    for twin in rules.twins(machine, octopus.machines):
        if twin not in before:
            caller.estate.trip(SECOND_TARGET, "Octopus", f"{machine.name} and {twin.name} are {machine.endpoint.uri}")
