"""Error records, and the ways in which a statement ends before its last object."""

from __future__ import annotations

from dataclasses import dataclass

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.powershell.cmdlet import Failure
from pulumi_tentacle.lab.powershell.values import text_of, type_name_of


@dataclass(frozen=True)
class ErrorRecord:
    """A failure with the place where it happened. `command` is empty where no command was found or bound."""

    failure: Failure
    fqid: str
    command: str = ""

    @property
    def message(self) -> str:
        return self.failure.message

    @property
    def category(self) -> ErrorCategory:
        return self.failure.category

    @property
    def target(self) -> object:
        return self.failure.target

    @property
    def reason(self) -> str:
        return self.failure.exception.rpartition(".")[2]

    @property
    def category_message(self) -> str:
        """`ObjectNotFound: (no1:String) [Get-Thing], ItemNotFoundException` (golden/psrp-messages.json)."""
        target = f"{text_of(self.target)}:{type_name_of(self.target)}"
        return f"{self.category.name}: ({target}) [{self.command}], {self.reason}"


class Terminating(Exception):
    """A statement-terminating error: ThrowTerminatingError, an unknown command, parameters that do not bind."""

    def __init__(self, record: ErrorRecord) -> None:
        super().__init__(record.message)
        self.record = record


class ActionStop(Terminating):
    """`-ErrorAction Stop` made an error terminating (ActionPreferenceStopException): the whole batch ends."""


class Stopped(Exception):
    """The client stopped the pipeline."""
