"""`pulumi-tentacle lab`: start, stop and look at the simulated estate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_tentacle.cli import lab_config, lab_faults
from pulumi_tentacle.cli.lab_state import StateOption, control, fail, folder, running

if TYPE_CHECKING:
    from pulumi_tentacle.lab.folder import StateFolder
    from pulumi_tentacle.lab.topology import Topology

app = typer.Typer(
    help="A simulated estate on loopback addresses: Windows nodes, a failover cluster, an Octopus Server.",
    no_args_is_help=True,
)
app.add_typer(lab_faults.app, name="fault")
app.command("config")(lab_config.config)


@app.command()
def start(
    topology: Annotated[
        Path | None, typer.Option("--topology", help="What exists (YAML). Default: the clustered guide's estate.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Go on in the background.")] = False,
    state: StateOption = Path(".tentacle-lab"),
) -> None:
    """Start a lab and print one JSON document when it is ready; a lab that runs already is an error."""
    from pulumi_tentacle.lab.detached import StartFailed, start_detached
    from pulumi_tentacle.lab.folder import AlreadyRunning
    from pulumi_tentacle.lab.topology import TopologyError, read_topology

    where = folder(state)
    try:
        wanted = read_topology(topology)
        if where.held:
            raise AlreadyRunning(f"a lab runs already in {where.path}")
        if detach:
            _print(start_detached(where, topology and topology.resolve()))
        else:
            _run(where, wanted)
    except AlreadyRunning as error:
        fail(f"{error}; `pulumi-tentacle lab status` shows it, `pulumi-tentacle lab stop` ends it")
    except (TopologyError, StartFailed) as error:
        fail(str(error))


@app.command()
def stop(state: StateOption = Path(".tentacle-lab")) -> None:
    """Stop the lab; none that runs is no error."""
    from pulumi_tentacle.lab.client import ControlError

    where = folder(state)
    try:
        stopped = where.stop()
    except ControlError as error:
        fail(str(error))
    typer.echo("the lab is stopped" if stopped else f"no lab runs in {where.path}", err=True)


@app.command()
def status(state: StateOption = Path(".tentacle-lab")) -> None:
    """Print the document of the running lab again; exit code 1 when none runs."""
    _print(running(state))


@app.command()
def world(
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
    state: StateOption = Path(".tentacle-lab"),
) -> None:
    """Show the whole state of the lab: nodes, disks, cluster, Octopus, and what must never have happened."""
    found = control(state, "GET", "world")
    if as_json:
        _print(found)
    else:
        from pulumi_tentacle.cli.world_view import show

        show(found)


@app.command()
def health(state: StateOption = Path(".tentacle-lab")) -> None:
    """Let Octopus check the health of every target; exit code 1 when one is not healthy."""
    results = control(state, "POST", "health")
    for result in results:
        typer.echo(f"{result['name']}: {result['healthStatus']} ({result['uri']}, thumbprint {result['thumbprint']})")
        if result["healthStatus"] != "Healthy":
            typer.echo(result["task"]["log"], err=True)
    if not results:
        typer.echo("Octopus has no deployment target", err=True)
    if any(result["healthStatus"] not in ("Healthy", "HasWarnings") for result in results):
        raise typer.Exit(1)


@app.command()
def replay(record: Annotated[Path, typer.Argument(help="A record of the real Tentacle.exe (JSON).")]) -> None:
    """Replay a record of the real Tentacle.exe on the lab's, and print how many steps agree."""
    from pulumi_tentacle.lab.tentacle.replay import main as replay_record

    raise typer.Exit(replay_record(record))


def _run(where: StateFolder, wanted: Topology) -> None:
    from pulumi_tentacle.lab.http import AddressTaken
    from pulumi_tentacle.lab.process import run

    try:
        run(where, wanted, _print)
    except AddressTaken as error:
        fail(f"{error}; another lab may use the network {wanted.network}: stop it, or give this one another network")


def _print(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2))
