"""What a node answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pulumi_tentacle.errors import AccessDenied, CmdletFailed


class Answer:
    """The answer to one pipeline of a read."""

    def __init__(
        self, objects: list[Any], failure: CmdletFailed | AccessDenied | None = None, warnings: tuple[str, ...] = ()
    ) -> None:
        self._objects = objects
        self._failure = failure
        self.warnings = warnings

    @property
    def objects(self) -> list[Any]:
        """What the pipeline put out. Raises CmdletFailed or AccessDenied if there was an error, even beside output."""
        if self._failure is not None:
            raise self._failure
        return self._objects

    @property
    def error(self) -> CmdletFailed | None:
        """The first error, or None. Raises AccessDenied: who may not look knows nothing, least of all "not found"."""
        if isinstance(self._failure, AccessDenied):
            raise self._failure
        return self._failure

    def __repr__(self) -> str:
        return f"Answer({self._failure or self._objects!r})"


@dataclass(frozen=True)
class ProgramResult:
    """What a program left. `exit_code` is unsigned, as Windows has it: 0xC0000005 is 3221225477."""

    exit_code: int
    stdout: str = field(default="")
    stderr: str = field(default="")
