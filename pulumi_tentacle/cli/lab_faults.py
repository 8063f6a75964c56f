"""`pulumi-tentacle lab fault`: what a person or an accident does to the running lab."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Any

import typer

from pulumi_tentacle.cli.lab_state import StateOption, control, fail

STATE = Path(".tentacle-lab")

app = typer.Typer(help="Play a person or an accident.", no_args_is_help=True)

NodeArgument = Annotated[str, typer.Argument(help="A node: name, full name or address.")]
GroupOption = Annotated[str | None, typer.Option(help="The role; needed when there are several.")]


def _play(state: Path, fault: str, /, **arguments: Any) -> None:
    given = {key: value for key, value in arguments.items() if value is not None}
    typer.echo(control(state, "POST", f"faults/{fault}", given)["result"])


@app.command("move-role")
def move_role(
    group: GroupOption = None,
    node: Annotated[str | None, typer.Option(help="Where to; default: another node that can take it.")] = None,
    state: StateOption = STATE,
) -> None:
    """An administrator moves a role to another node."""
    _play(state, "move-role", group=group, node=node)


@app.command("fail-role")
def fail_role(group: GroupOption = None, state: StateOption = STATE) -> None:
    """A role's service dies; the cluster restarts it or fails over."""
    _play(state, "fail-role", group=group)


@app.command("stop-service")
def stop_service(node: NodeArgument, name: str, state: StateOption = STATE) -> None:
    """Someone stops a service in the Services console."""
    _play(state, "stop-service", node=node, name=name)


@app.command("start-service")
def start_service(node: NodeArgument, name: str, state: StateOption = STATE) -> None:
    """Someone starts a service in the Services console."""
    _play(state, "start-service", node=node, name=name)


@app.command("edit-file")
def edit_file(
    node: NodeArgument,
    path: Annotated[str, typer.Argument(help="Full path on the node.")],
    text: Annotated[str | None, typer.Option(help="The new content.")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="A file of this machine with the new content.")] = None,
    state: StateOption = STATE,
) -> None:
    """Someone replaces the content of a file on a node."""
    if (text is None) == (source is None):
        fail("give either --text or --from")
    try:
        content = source.read_bytes() if source else (text or "").encode()
    except OSError as error:
        fail(f"cannot read {source}: {error.strerror}")
    _play(state, "edit-file", node=node, path=path, content=base64.b64encode(content).decode())


@app.command("delete-file")
def delete_file(node: NodeArgument, path: str, state: StateOption = STATE) -> None:
    """Someone deletes a file on a node."""
    _play(state, "delete-file", node=node, path=path)


@app.command("mount-disk")
def mount_disk(
    node: NodeArgument,
    serial: Annotated[str, typer.Argument(help="Serial number of the disk.")],
    state: StateOption = STATE,
) -> None:
    """Someone brings a disk online on a node."""
    _play(state, "mount-disk", node=node, serial=serial)


@app.command("reboot")
def reboot(node: NodeArgument, state: StateOption = STATE) -> None:
    """A node restarts."""
    _play(state, "reboot", node=node)


@app.command("node-down")
def node_down(node: NodeArgument, state: StateOption = STATE) -> None:
    """A node loses its power."""
    _play(state, "node-down", node=node)


@app.command("node-up")
def node_up(node: NodeArgument, state: StateOption = STATE) -> None:
    """A node that was down starts."""
    _play(state, "node-up", node=node)


@app.command("deny-computer-objects")
def deny_computer_objects(state: StateOption = STATE) -> None:
    """The cluster may not make computer objects in the directory any more."""
    _play(state, "deny-computer-objects")


@app.command("allow-computer-objects")
def allow_computer_objects(state: StateOption = STATE) -> None:
    """The cluster may make computer objects in the directory again."""
    _play(state, "allow-computer-objects")


@app.command("octopus")
def octopus(
    status: Annotated[int, typer.Option(help="The HTTP status to answer.")],
    times: Annotated[int, typer.Option(help="For so many matching requests.")] = 1,
    method: Annotated[str | None, typer.Option(help="Only requests with this method.")] = None,
    path: Annotated[str | None, typer.Option(help="Only requests with this in their path.")] = None,
    retry_after: Annotated[int | None, typer.Option(help="Seconds for the Retry-After header.")] = None,
    after_effect: Annotated[bool, typer.Option(help="Carry the request out; only its answer is lost.")] = False,
    state: StateOption = STATE,
) -> None:
    """Octopus answers the next requests with an error."""
    _play(
        state,
        "octopus",
        status=status,
        times=times,
        method=method,
        path=path,
        retry_after=retry_after,
        after_effect=after_effect,
    )


@app.command("request")
def request(
    node: NodeArgument,
    effect: Annotated[str, typer.Argument(help="drop-before, drop-after, delay or refuse.")],
    nth: Annotated[int, typer.Option(help="From the N-th matching request on.")] = 1,
    times: Annotated[int, typer.Option(help="For so many matching requests.")] = 1,
    operation: Annotated[str | None, typer.Option(help="Create, Command, Send, Receive, Signal, Delete, Get.")] = None,
    command: Annotated[str | None, typer.Option(help="Only what runs this cmdlet, script or program.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Of a delay.")] = None,
    state: StateOption = STATE,
) -> None:
    """A WinRM request of a node is lost, delayed or refused."""
    _play(
        state,
        "request",
        node=node,
        effect=effect,
        nth=nth,
        times=times,
        operation=operation,
        command=command,
        seconds=seconds,
    )
