"""What can be asked of PowerShell on a node: pipelines of commands with typed parameters, and constant scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Secret:
    """A text that never shows: to PowerShell it goes as a SecureString, to a program in its environment."""

    value: str

    def __repr__(self) -> str:
        return "Secret(…)"


Value: TypeAlias = "str | bool | int | float | bytes | Secret | Sequence[Value] | Mapping[str, Value]"
"""What a parameter may be. Never None: a switch that is given null is on (golden/psrp.md). A GUID goes as a string."""


@dataclass(frozen=True)
class Command:
    """One command of a pipeline. `source` is the text of a constant script, None for a cmdlet."""

    name: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    source: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Pipeline:
    """Commands joined by PowerShell's `|`; live objects pass between them on the node."""

    commands: tuple[Command, ...]

    def __or__(self, other: Pipeline) -> Pipeline:
        return Pipeline(self.commands + other.commands)

    def __str__(self) -> str:
        """The names of the commands, for texts; never their parameters."""
        return " | ".join(command.name for command in self.commands)


def command(name: str, /, **parameters: Value) -> Pipeline:
    """A pipeline of one command: `command("Get-Disk", UniqueId="…") | command("Select-Object", Property=[…])`.

    A switch is given as True. Reads should end with Select-Object and a list of properties: enums then come with
    their numbers, and nothing is fetched that nobody reads (psrp.md §1.3).
    """
    return Pipeline((Command(name, parameters),))


@dataclass(frozen=True)
class Script:
    """A constant script; values reach it as bound parameters only, never as text."""

    name: str
    text: str = field(repr=False)

    @classmethod
    def load(cls, package: str, name: str) -> Script:
        """The file `scripts/NAME.ps1` beside the modules of `package`."""
        from importlib.resources import files  # not at the top: it takes tens of milliseconds to import

        text = (files(package) / "scripts" / f"{name}.ps1").read_text(encoding="utf-8")
        return cls(name, text)

    def pipeline(self, parameters: Mapping[str, Value]) -> Pipeline:
        """The call of this script as a pipeline."""
        return Pipeline((Command(self.name, parameters, self.text),))
