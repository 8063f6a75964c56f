"""The lab's WinRM service without a network: what a channel sends goes straight to it, and any reply can be spoilt."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi_tentacle.lab.wire import soap
from pulumi_tentacle.lab.wire.service import Service
from pulumi_tentacle.lab.world import Logon, Node
from pulumi_tentacle.remoting.faults import Broken
from pulumi_tentacle.remoting.logon import Rejected
from pulumi_tentacle.remoting.settings import Settings
from pulumi_tentacle.remoting.soap import Reply

SETTINGS = Settings("LAB\\admin", "secret", operation_timeout=20, connect_timeout=2)

Spoil = Callable[[int, str, Reply], Reply]


def untouched(number: int, operation: str, reply: Reply) -> Reply:
    return reply


@dataclass
class Service5985:
    """A node's service, and all that is sent to it. Each hook gets the request's number and operation."""

    node: Node
    password: str = "secret"
    before: Callable[[int, str], None] = lambda number, operation: None
    after: Spoil = untouched
    operations: list[str] = field(default_factory=list)
    logons: int = 0
    connections: int = 0
    shells: int = 0

    def __post_init__(self) -> None:
        self.service = Service(self.node)
        self._lock = threading.Lock()

    def connect(self, address: str, settings: Settings) -> Link:
        with self._lock:
            self.connections += 1
        return Link(self, settings)

    def answer(self, message: bytes) -> Reply:
        request = soap.parse(message)
        with self._lock:
            self.operations.append(request.operation)
            number = len(self.operations)
        try:
            self.before(number, request.operation)
            work = self.service.prepare(request, Logon("LAB\\admin"), lambda: True)
            reply = Reply(200, soap.reply(request, work.perform()))
            with self._lock:
                self.shells += {"Create": 1, "Delete": -1}.get(request.operation, 0)
        except soap.WSManFault as fault:
            reply = Reply(500, soap.fault(request, fault, "NODE1"))
        return self.after(number, request.operation, reply)


@dataclass
class Link:
    """A connection; the first message on it logs on."""

    service: Service5985
    settings: Settings
    logged_on: bool = False
    closed: bool = False

    def post(self, message: bytes, seconds: float) -> Reply:
        if not self.logged_on:
            self.service.logons += 1
            if self.settings.password != self.service.password:
                raise Rejected
            self.logged_on = True
        return self.service.answer(message)

    def reset(self) -> None:
        self.logged_on = False

    def close(self) -> None:
        self.closed = True


def lose(wanted: str, *, nth: int = 1) -> Spoil:
    """Spoils the nth reply to an operation: the connection breaks instead."""
    seen = []

    def spoil(number: int, operation: str, reply: Reply) -> Reply:
        seen.append(operation)
        if operation == wanted and seen.count(wanted) == nth:
            raise Broken("the connection broke")
        return reply

    return spoil
