"""Faults of the WinRM service, injected at any request: lost requests, lost replies, delays, refusals."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """One WS-Management request, before it has any effect.

    `operation` is Create, Command, Send, Receive, Signal, Delete or Get; `commands` names what a Command (or a
    Send that completes one) is about to run: cmdlets and scripts by their names, a program by its file name.
    """

    number: int  # of this node, counted from 1
    operation: str
    commands: tuple[str, ...] = ()


class Effect(enum.Enum):
    """What happens to the request."""

    DROP_BEFORE = "drop-before"  # the connection breaks, and nothing was done
    DROP_AFTER = "drop-after"  # it is carried out to its end, then the connection breaks without a reply
    DELAY = "delay"  # it is carried out after some seconds of real time
    REFUSE = "refuse"  # a fault is answered, and nothing was done


@dataclass(frozen=True)
class Fault:
    """An effect with its details: `seconds` of a delay; the WSMan fault `code` and `text` of a refusal."""

    effect: Effect
    seconds: float = 0.0
    code: int = 2150859174  # ERROR_WSMAN_QUOTA_MAX_OPERATIONS
    text: str = "This user has exceeded the maximum number of concurrent operations."


Hook = Callable[[Request], Fault | None]


@dataclass
class Rule:
    """A hook that fires at the `nth` request that matches, and at `times` of them. None matches everything."""

    fault: Fault
    operation: str | None = None
    command: str | None = None
    nth: int = 1
    times: int = 1
    seen: int = 0

    def __call__(self, request: Request) -> Fault | None:
        if self.operation and self.operation.lower() != request.operation.lower():
            return None
        if self.command and self.command.lower() not in {command.lower() for command in request.commands}:
            return None
        self.seen += 1
        return self.fault if self.nth <= self.seen < self.nth + self.times else None
