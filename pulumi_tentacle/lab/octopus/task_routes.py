"""Routes of server tasks (octopus-api.md §3)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Response
from starlette.requests import Request

from pulumi_tentacle.lab.octopus.errors import NotModelled, forbidden, invalid, missing
from pulumi_tentacle.lab.octopus.requests import PAGING, Caller, Query, caller_of, collection, under_lock
from pulumi_tentacle.lab.octopus.rules import fold
from pulumi_tentacle.lab.octopus.state import ServerTask
from pulumi_tentacle.lab.octopus.task_views import task_details, task_json, task_text
from pulumi_tentacle.lab.octopus.tasks import TaskRunner

Json = dict[str, Any]
Known = Annotated[Caller, Depends(caller_of)]
Sent = Annotated[Any, Body()]
router = APIRouter()

UNFINISHED = ("Queued", "Executing", "Cancelling")


@router.post("/tasks", status_code=201)
@under_lock
def created(request: Request, caller: Known, response: Response, body: Sent = None) -> Json:
    caller.needs("TaskCreate", "MachineEdit")  # a health check needs both (Issues 6552)
    fields = fold(body)
    name, description = str(fields.get("name") or ""), str(fields.get("description") or "")
    if not name or not description:
        raise invalid(*(f"Please provide a {n}." for n, v in (("name", name), ("description", description)) if not v))
    if name != "Health":
        raise NotModelled(f"the task '{name}'")
    runner: TaskRunner = request.app.state.tasks
    task = runner.start(caller.space.id, description, fields.get("arguments") or {})
    response.headers["Location"] = f"/api/tasks/{task.id}"
    return task_json(task)


@router.get("/tasks")
@under_lock
def listed(request: Request, caller: Known) -> Json:
    query = Query(request, ("ids", "name", "states", "running", "active", *PAGING))
    if not caller.account.may("TaskView"):
        return collection([], query, "Task", task_json)
    running, active = query.flag("running"), query.flag("active")
    kept = [
        t
        for t in caller.octopus.tasks
        if t.space_id == caller.space.id
        and query.keeps("ids", t.id)
        and query.keeps("name", t.name)
        and query.keeps("states", t.state)
        and (running is None or running == (t.state in ("Executing", "Cancelling")))
        and (active is None or active == (t.state in UNFINISHED))
    ]
    return collection(kept[::-1], query, "Task", task_json)


@router.get("/tasks/{task_id}")
@under_lock
def one(task_id: str, caller: Known) -> Json:
    return task_json(_find(caller, task_id, "TaskView"))


@router.get("/tasks/{task_id}/details")
@under_lock
def details(task_id: str, request: Request, caller: Known) -> Json:
    Query(request, ("verbose", "tail"))
    return task_details(_find(caller, task_id, "TaskViewLog"))


@router.get("/tasks/{task_id}/raw")
@under_lock
def raw(task_id: str, caller: Known) -> Response:
    return Response(task_text(_find(caller, task_id, "TaskViewLog")), media_type="text/plain")


@router.post("/tasks/{task_id}/cancel")
@under_lock
def cancelled(task_id: str, request: Request, caller: Known) -> Json:
    task = _find(caller, task_id, "TaskCancel")
    runner: TaskRunner = request.app.state.tasks
    runner.cancel(task)
    return task_json(task)


def _find(caller: Caller, task_id: str, permission: str) -> ServerTask:
    """Tasks are reached by any space's path: their own links name no space."""
    found = next((t for t in caller.octopus.tasks if t.id == task_id), None)
    if found is None:
        raise missing(task_id)
    if not caller.account.may(permission):
        raise forbidden(permission)
    return found
