"""What the lab's commands share: the state folder, questions to the running lab, errors for a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from pulumi_tentacle.lab.folder import StateFolder

StateOption = Annotated[
    Path,
    typer.Option("--state", envvar="TENTACLE_LAB_STATE", help="The folder that tells several labs apart."),
]


def fail(text: str) -> NoReturn:
    """Print an error and end with exit code 1."""
    typer.echo(f"Error: {text}", err=True)
    raise typer.Exit(1)


def folder(state: Path) -> StateFolder:
    """The state folder, wherever the command runs."""
    from pulumi_tentacle.lab.folder import StateFolder

    return StateFolder(state.resolve())


def running(state: Path) -> dict[str, Any]:
    """The document of the running lab; ends the command when none runs."""
    document = folder(state).document()
    if document is None:
        fail(f"no lab runs in {state}; start one with `pulumi-tentacle lab start --detach`")
    return document


def control(state: Path, method: str, path: str, body: Any = None) -> Any:
    """Ask the running lab; ends the command when none runs or it refuses."""
    from pulumi_tentacle.lab.client import ControlError, ask

    try:
        return ask(running(state)["control"], method, path, body)
    except ControlError as error:
        fail(str(error))
