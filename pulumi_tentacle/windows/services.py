"""Windows services: what the service manager knows of one, and the few things done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_tentacle.errors import ProgramFailed
from pulumi_tentacle.remoting.commands import command
from pulumi_tentacle.remoting.node import Answer, Node
from pulumi_tentacle.windows.queries import Query

_DOES_NOT_EXIST = 1060  # ERROR_SERVICE_DOES_NOT_EXIST
_MARKED_FOR_DELETE = 1072  # ERROR_SERVICE_MARKED_FOR_DELETE


@dataclass(frozen=True)
class Service:
    """`start_mode` is Auto, Manual or Disabled; `state` Running, Stopped, Start Pending …, as Win32_Service has it."""

    name: str
    state: str
    start_mode: str
    account: str
    path: str
    process_id: int

    @property
    def running(self) -> bool:
        """True while there is a process."""
        return self.state != "Stopped"


def service(name: str) -> Query[Service | None]:
    """The service of this name, or None."""

    def parse(answers: Sequence[Answer]) -> Service | None:
        found = answers[0].objects
        return _service(found[0]) if found else None

    return Query(
        (
            command("Get-CimInstance", ClassName="Win32_Service")
            | command("Where-Object", Property="Name", EQ=True, Value=name)
            | command("Select-Object", Property=["Name", "State", "StartMode", "StartName", "PathName", "ProcessId"]),
        ),
        parse,
    )


def _service(found: dict[str, object]) -> Service:
    return Service(
        name=str(found["Name"]),
        state=str(found["State"]),
        start_mode=str(found["StartMode"]),
        account=str(found["StartName"] or ""),
        path=str(found["PathName"] or ""),
        process_id=int(str(found["ProcessId"] or 0)),
    )


def set_manual(node: Node, name: str) -> None:
    """Start only when asked: what a cluster needs of the services that it runs."""
    node.call(command("Set-Service", Name=name, StartupType="Manual"))


def set_automatic(node: Node, name: str) -> None:
    """Start when the computer starts."""
    node.call(command("Set-Service", Name=name, StartupType="Automatic"))


def start(node: Node, name: str) -> None:
    """Start a service that no cluster manages; one that runs is no error."""
    node.call(command("Start-Service", Name=name))


def stop(node: Node, name: str) -> None:
    """Stop a service that no cluster manages; one that is stopped is no error."""
    node.call(command("Stop-Service", Name=name, Force=True))


def delete(node: Node, name: str) -> None:
    """Delete a service's entry; one that is not there is no error.

    Raises:
        ProgramFailed: sc.exe refused.
    """
    done = node.run("sc.exe", "delete", name)
    if done.exit_code not in (0, _DOES_NOT_EXIST, _MARKED_FOR_DELETE):
        raise ProgramFailed(
            f"sc.exe on {node.address} could not delete the service '{name}' (error {done.exit_code}): "
            f"{(done.stdout + done.stderr).strip()}",
            node=node.address,
            program="sc.exe",
            exit_code=done.exit_code,
        )
