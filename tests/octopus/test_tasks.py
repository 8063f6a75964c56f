"""Health checks: started once, awaited with growing pauses, their log told."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from pulumi_tentacle.errors import Cancelled
from pulumi_tentacle.octopus import tasks
from pulumi_tentacle.octopus.tasks import Task
from tests.octopus.support import Server, VirtualWaiter, client


def task(state: str, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"Id": "ServerTasks-1", "State": state, **more})


def answering(*answers: httpx.Response | Exception) -> tuple[Any, Server, VirtualWaiter]:
    waiter = VirtualWaiter()
    server = Server(waiter, *answers)
    return client(server, waiter), server, waiter


def test_a_health_check_is_of_one_machine_and_has_a_time_limit() -> None:
    octopus, server, _ = answering(task("Queued"))
    tasks.start_health_check(octopus, "Spaces-1", "Machines-1", "web", 3725)
    body = json.loads(server.requests[0].content)
    assert body["Name"] == "Health"
    assert body["Arguments"] == {"Timeout": "01:02:05", "MachineTimeout": "01:02:05", "MachineIds": ["Machines-1"]}


@pytest.mark.parametrize(
    ("running", "posts"), [([["Machines-2"], ["Machines-1"]], 1), ([["Machines-2"], None], 2), ([], 2)]
)
def test_a_lost_reply_is_looked_for_before_it_is_asked_again(running: list[list[str] | None], posts: int) -> None:
    found = [
        {"Id": f"ServerTasks-{n}", "State": "Executing", "Arguments": {"MachineIds": ids}}
        for n, ids in enumerate(running)
    ]
    octopus, server, _ = answering(httpx.ReadError("reset"), httpx.Response(200, json={"Items": found}), task("Queued"))
    started = tasks.start_health_check(octopus, "Spaces-1", "Machines-1", "web", 60)
    assert started.id == "ServerTasks-1"
    assert [r.method for r in server.requests].count("POST") == posts


def test_u65_a_task_is_looked_at_less_and_less_often() -> None:
    octopus, _, waiter = answering(*[task("Executing")] * 12, task("Success"))
    shown: list[Task] = []
    end = tasks.wait(octopus, Task("ServerTasks-1", "Queued"), 600, shown.append)
    assert end.state == "Success"
    assert waiter.waits == sorted(waiter.waits)
    assert (waiter.waits[0], waiter.waits[-1]) == (1.0, 10.0)
    assert [t.waiting for t in shown[:2]] == [True, False]


def test_a_wait_ends_in_time() -> None:
    octopus, _, waiter = answering(task("Executing"))
    end = tasks.wait(octopus, Task("ServerTasks-1", "Queued"), 25, lambda _: None)
    assert not end.finished
    assert waiter.now() - 1000 == 25


def test_a_wait_ends_when_cancelled() -> None:
    octopus, _, waiter = answering(task("Executing"))
    waiter.cancelled.set()
    with pytest.raises(Cancelled):
        tasks.wait(octopus, Task("ServerTasks-1", "Executing"), 600, lambda _: None)


def test_the_end_of_a_log_is_in_its_order_and_limited() -> None:
    def activity(*texts: str, children: list[Any] | None = None) -> dict[str, Any]:
        return {"LogElements": [{"MessageText": t, "OccurredAt": "now"} for t in texts], "Children": children or []}

    log = activity("Started", children=[activity("one\nline", ""), activity("x" * 1000, "three"), activity("four")])
    octopus, _, _ = answering(httpx.Response(200, json={"ActivityLogs": [log]}))
    assert tasks.end_of_log(octopus, Task("ServerTasks-1", "Failed")) == ["one line", "x" * 300 + "…", "three", "four"]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_log_that_cannot_be_read_is_no_failure(status: int) -> None:
    octopus, _, _ = answering(httpx.Response(status, json={"ErrorMessage": "no"}))
    assert tasks.end_of_log(octopus, Task("ServerTasks-1", "Failed")) == []
