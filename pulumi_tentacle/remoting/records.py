"""What a running pipeline says, in the order in which it says it; free of the wire's own classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Output:
    """An object that the pipeline put out."""

    value: Any


@dataclass(frozen=True)
class Failure:
    """An error record. `category` is .NET's ErrorCategory, `activity` the command that failed (may be empty)."""

    message: str
    fqid: str = ""
    hresult: int | None = None
    native_code: int | None = None
    category: int = 0
    activity: str = ""


@dataclass(frozen=True)
class Warned:
    """A warning."""

    message: str


Event: TypeAlias = Output | Failure | Warned


@dataclass(frozen=True)
class Transcript:
    """All that a pipeline said. `completed` is False when it ended in the state Failed."""

    events: list[Event] = field(default_factory=list)
    completed: bool = True

    @property
    def failure(self) -> Failure | None:
        """The first error."""
        return next((event for event in self.events if isinstance(event, Failure)), None)

    @property
    def outputs(self) -> list[Any]:
        """The objects put out."""
        return [event.value for event in self.events if isinstance(event, Output)]
