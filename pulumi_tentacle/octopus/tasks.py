"""Server tasks of Octopus: health checks, and what their log says (octopus-api.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pulumi_tentacle.errors import AccessDenied, Lost, NotFound, RequestFailed
from pulumi_tentacle.octopus.answers import short
from pulumi_tentacle.octopus.client import Octopus

_FINISHED: Final = frozenset({"Success", "Failed", "Canceled", "TimedOut"})
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 1.0, 10.0, 1.5  # seconds between two looks (user report U65)
_LOG_LINES, _LINE_LENGTH = 4, 300


@dataclass(frozen=True)
class Task:
    """One task and how far it is."""

    id: str
    state: str

    @property
    def finished(self) -> bool:
        """Ended, well or not."""
        return self.state in _FINISHED

    @property
    def waiting(self) -> bool:
        """Not begun: it waits for its turn."""
        return self.state == "Queued"


def start_health_check(octopus: Octopus, space_id: str, machine_id: str, name: str, timeout: int) -> Task:
    """Have Octopus check the health of one deployment target; `timeout` in seconds.

    When the reply is lost, a health check of this machine that is under way is taken for the one just asked for.
    """
    body = {
        "Name": "Health",
        "Description": f"Check the health of {name} (Pulumi)",
        "SpaceId": space_id,
        "Arguments": {"Timeout": _span(timeout), "MachineTimeout": _span(timeout), "MachineIds": [machine_id]},
    }
    path, purpose = f"/api/{space_id}/tasks", f"check the health of the deployment target '{name}'"
    try:
        return _task(octopus.post(path, body, purpose))
    except Lost:
        running = _health_check_of(octopus, space_id, machine_id)
        return running or _task(octopus.post(path, body, purpose))


def wait(octopus: Octopus, task: Task, timeout: float, progress: Callable[[Task], None]) -> Task:
    """The task when it has finished, or as it is after `timeout` seconds; looked at less and less often."""
    waiter = octopus.waiter
    end, pause = waiter.now() + timeout, _FIRST_PAUSE
    while not task.finished and (left := end - waiter.now()) > 0:
        progress(task)
        waiter.wait(min(pause, left))
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)
        task = _task(octopus.get(f"/api/tasks/{task.id}", f"show the task {task.id}"))
    return task


def end_of_log(octopus: Octopus, task: Task) -> list[str]:
    """The last lines of a task's log, without their times; none if it cannot be read."""
    try:
        details = octopus.get(f"/api/tasks/{task.id}/details", f"show the log of the task {task.id}")
    except (AccessDenied, NotFound, RequestFailed):
        return []
    lines = [line for activity in details.get("ActivityLogs") or () for line in _lines(activity)]
    return lines[-_LOG_LINES:]


def _lines(activity: Mapping[str, Any]) -> Iterator[str]:
    for element in activity.get("LogElements") or ():
        if text := short(str(element.get("MessageText") or ""), _LINE_LENGTH):
            yield text
    for child in activity.get("Children") or ():
        yield from _lines(child)


def _health_check_of(octopus: Octopus, space_id: str, machine_id: str) -> Task | None:
    found = octopus.get(f"/api/{space_id}/tasks", "list its health checks", {"name": "Health", "active": "true"})
    for tree in found.get("Items") or ():
        if machine_id in ((tree.get("Arguments") or {}).get("MachineIds") or ()):
            return _task(tree)
    return None


def _task(tree: Mapping[str, Any]) -> Task:
    return Task(str(tree["Id"]), str(tree.get("State") or ""))


def _span(seconds: int) -> str:
    """A .NET time span."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest:02}"
