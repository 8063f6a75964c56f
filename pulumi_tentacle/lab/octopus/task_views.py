"""The JSON and the raw log of a server task (octopus-api.md §3)."""

from __future__ import annotations

from typing import Any

from pulumi_tentacle.lab.octopus.render import long_date, moment
from pulumi_tentacle.lab.octopus.state import Activity, ServerTask

Json = dict[str, Any]


def task_json(item: ServerTask) -> Json:
    path = f"/api/tasks/{item.id}"
    return {
        "Id": item.id,
        "SpaceId": item.space_id,
        "Name": item.name,
        "Description": item.description,
        "Arguments": item.arguments,
        "State": item.state,
        "Completed": _completed(item),
        "QueueTime": moment(item.queued),
        "QueueTimeExpiry": None,
        "StartTime": moment(item.started),
        "LastUpdatedTime": moment(item.completed or item.started or item.queued),
        "CompletedTime": moment(item.completed),
        "ServerNode": "LABOCTOPUS",
        "Duration": _duration(item),
        "ErrorMessage": item.error,
        "HasBeenPickedUpByProcessor": item.started is not None,
        "IsCompleted": item.finished,
        "FinishedSuccessfully": item.state == "Success",
        "HasPendingInterruptions": False,
        "CanRerun": item.finished,
        "HasWarningsOrErrors": item.has_warnings,
        "ProjectId": None,
        "EstimatedRemainingQueueDurationSeconds": 0,
        "PendingInterruptionTypes": [],
        "PendingPreconditionTypes": [],
        "HasPendingPreconditions": False,
        "Links": {
            "Self": path,
            "Web": f"/app#/{item.space_id}/tasks/{item.id}",
            "Raw": f"{path}/raw",
            "Cancel": f"{path}/cancel",
            "Details": path + "/details{?verbose,tail}",
        },
    }


def task_details(item: ServerTask) -> Json:
    return {
        "Task": task_json(item),
        "ActivityLogs": [_activity(item.log, item.id, [0])],
        "Progress": {"ProgressPercentage": 100 if item.finished else 0, "EstimatedTimeRemaining": ""},
        "PhysicalLogSize": len(task_text(item)),
        "Links": {},
    }


def task_text(item: ServerTask) -> str:
    """The raw log, one line an entry."""
    return "\n".join(_lines(item.log, 0)) + "\n"


def _completed(item: ServerTask) -> str:
    waiting = {
        "Queued": "Queued...",
        "Executing": "Executing...",
        "Cancelling": "Executing...",
        "TimedOut": "Timed out",
    }
    return waiting.get(item.state) or (long_date(item.completed) if item.completed else "")


def _duration(item: ServerTask) -> str:
    if not (item.started and item.completed):
        return ""
    seconds = max(1, round((item.completed - item.started).total_seconds()))
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def _activity(item: Activity, task_id: str, counter: list[int]) -> Json:
    counter[0] += 1
    return {
        "Id": f"{task_id}_LAB/{counter[0]}",
        "Name": item.name,
        "Status": item.status,
        "ShowAtSummaryLevel": True,
        "ProgressPercentage": 0,
        "ProgressMessage": "",
        "LogElements": [
            {"Category": line.category, "OccurredAt": moment(line.at), "MessageText": line.text, "Detail": ""}
            for line in item.lines
        ],
        "Children": [_activity(child, task_id, counter) for child in item.children],
    }


def _lines(item: Activity, depth: int) -> list[str]:
    indent = "  " * depth
    own = [f"{line.at:%H:%M:%S}   {line.category:<8}|   {indent}  {line.text}" for line in item.lines]
    return [
        f"{indent}== {item.status}: {item.name} ==",
        *own,
        *(t for c in item.children for t in _lines(c, depth + 1)),
    ]
