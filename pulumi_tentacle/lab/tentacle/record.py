"""The format of a record of the real Tentacle (golden/README.md): scenarios of steps, as data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError


class RecordError(Exception):
    """The file is no such record; the text says where and why."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunStep(_Model):
    """One run of Tentacle. `files`: the new text of each file that changed; None: a new, empty folder."""

    argv: list[str]
    exit: int
    stdout: str
    stderr: str
    files: dict[str, str | None] = {}
    removed: list[str] = []

    @property
    def title(self) -> str:
        return " ".join(f'"{argument}"' if " " in argument or not argument else argument for argument in self.argv)


class WriteFile(_Model):
    """A file that the recording wrote by hand."""

    write: str
    text: str


class DeletePath(_Model):
    """A file or folder that the recording deleted by hand."""

    delete: str


class SetupStep(_Model):
    """What the recording did itself between two runs."""

    setup: WriteFile | DeletePath

    @property
    def title(self) -> str:
        setup = self.setup
        return f"(write {setup.write})" if isinstance(setup, WriteFile) else f"(delete {setup.delete})"


class Scenario(_Model):
    """Steps that follow each other on a machine without instances."""

    scenario: str
    steps: list[RunStep | SetupStep]


_SCENARIOS = TypeAdapter(Annotated[list[Scenario], Field(min_length=1)])


def load(path: Path) -> list[Scenario]:
    """Read a record.

    Raises:
        RecordError: not readable, or not of the format.
    """
    try:
        return _SCENARIOS.validate_json(path.read_bytes())
    except OSError as error:
        raise RecordError(f"cannot read the record: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RecordError(f"{path} is no record of Tentacle: {where or 'the file'}: {first['msg']}") from None
