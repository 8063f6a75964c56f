"""A client of Octopus whose network is a function and whose clock nobody has to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx

from pulumi_tentacle.errors import Cancelled
from pulumi_tentacle.octopus.client import Octopus, OctopusSettings
from pulumi_tentacle.octopus.waiting import Waiter

URL = "https://octopus.test"
API_KEY = "API-SECRETSECRET"
Handler = Callable[[httpx.Request], httpx.Response]


class VirtualWaiter(Waiter):
    """Time passes when somebody waits."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        super().__init__(self.cancelled)
        self.time = 1000.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        if self.cancelled.is_set():
            raise Cancelled("cancelled in a test")
        self.waits.append(seconds)
        self.time += seconds


class Server:
    """Answers in turn, the last answer again and again; notes what it was asked and when."""

    def __init__(self, waiter: VirtualWaiter, *answers: httpx.Response | Exception) -> None:
        self._waiter = waiter
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.times.append(self._waiter.now())
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(handler: Handler, waiter: Waiter, **settings: Any) -> Octopus:
    """A client whose requests `handler` answers."""
    complete = {"url": URL, "api_key": API_KEY, **settings}
    return Octopus(
        OctopusSettings(**complete), threading.Event(), transport=httpx.MockTransport(handler), waiter=waiter
    )


def routes(**answers: Any) -> Handler:
    """Answers by path, `/` as `__` (`api__spaces__all`); 404 in Octopus's words for others."""
    known = {"/" + name.replace("__", "/").replace("_", "-"): answer for name, answer in answers.items()}

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path in known:
            return httpx.Response(200, json=known[request.url.path])
        return httpx.Response(404, json={"ErrorMessage": "The resource was not found."})

    return handle
