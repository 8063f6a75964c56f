"""What the WS-Management service needs of a shell, whichever kind it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pulumi_tentacle.lab.wire.soap import Envelope
from pulumi_tentacle.lab.world import Logon

Alive = Callable[[], bool]
"""Whether the client still waits for the reply."""


@dataclass(frozen=True)
class Work:
    """A request that is understood and has had no effect yet.

    `perform` has the effect and returns the reply's body; `commands` names what it will run; `settle` returns
    when that has run to its end.
    """

    perform: Callable[[], str]
    commands: tuple[str, ...] = ()
    settle: Callable[[], None] = lambda: None


class Shell(Protocol):
    """A shell of one logon. All methods raise WSManFault for what cannot be."""

    logon: Logon

    def command(self, request: Envelope) -> Work: ...

    def send(self, request: Envelope) -> Work: ...

    def receive(self, request: Envelope, alive: Alive) -> str: ...

    def signal(self, request: Envelope) -> None: ...

    def close(self) -> None:
        """End everything that runs in it."""


def command_response(command_id: str) -> str:
    return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"
