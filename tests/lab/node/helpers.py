"""Short ways to ask a node: cmdlets by the engine, programs by their model, and what came back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi_tentacle
from pulumi_tentacle.lab.node.program import PROGRAMS, SERVICE_MAINS, Completed, Invocation, ServiceStartFailed
from pulumi_tentacle.lab.powershell.cmdlet import Live
from pulumi_tentacle.lab.powershell.engine import Outcome, command, invoke, pipe
from pulumi_tentacle.lab.world import Logon, Lun, Node, RunningService, Service

TENTACLE = r"C:\Program Files\Octopus Deploy\Tentacle\Tentacle.exe"
ADMINISTRATOR = Logon("LAB\\Administrator")

# The product's constant scripts by name, as they are now.
SOURCES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in Path(pulumi_tentacle.__file__).parent.glob("*/scripts/*.ps1")
}


def good(outcome: Outcome) -> list[Any]:
    """The output of a pipeline that must have gone through without any error."""
    assert [(record.fqid, record.message) for record in outcome.errors] == []
    assert outcome.state == "Completed"
    return outcome.output


def only(outcome: Outcome) -> Live:
    """The one object that a pipeline gave."""
    (value,) = good(outcome)
    assert isinstance(value, Live)
    return value


def get(node: Node, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """The properties of the objects that a cmdlet gives."""
    return [value.properties for value in good(invoke(node, name, **parameters))]


def errors(outcome: Outcome) -> list[str]:
    """The full ids of its errors."""
    return [record.fqid for record in outcome.errors]


def shown(value: Any) -> Any:
    """A property as PowerShell would print it."""
    return None if value is None else str(value)


def run(node: Node, program: str, *arguments: str, logon: Logon = ADMINISTRATOR) -> Completed:
    """Run a program as cmd.exe would, its arguments split already."""
    model = PROGRAMS[program]
    return model(Invocation(node, logon, program, list(arguments), node.environment()))


def tripped(node: Node) -> list[tuple[str, str]]:
    """What tripped, and where."""
    return [(wire.what, wire.where) for wire in node.estate.tripwires]


class Daemon:
    """A service's process for tests: it counts its stops."""

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments
        self.stops = 0

    def stop(self) -> None:
        self.stops += 1


def install_service(node: Node, name: str = "OctopusDeploy Tentacle", **more: Any) -> Service:
    """A service of a program that is there; the `daemons` fixture runs it."""
    node.files.make_folder(r"C:\Test")
    node.files.write(r"C:\Test\daemon.exe", b"MZ")
    path = more.pop("image_path", r'"C:\Test\daemon.exe" run --instance="Tentacle"')
    service = Service(name, more.pop("display_name", name), path, **more)
    node.services[name.lower()] = service
    return service


def daemon_main(node: Node, arguments: list[str]) -> RunningService:
    """Starts, unless its first argument is `fail`."""
    if arguments[:1] == ["fail"]:
        raise ServiceStartFailed(1053, "The service did not respond to the start or control request.")
    return Daemon(arguments)


def register_daemon() -> None:
    SERVICE_MAINS["daemon.exe"] = daemon_main


def online(node: Node, lun: Lun) -> None:
    """Bring a disk online."""
    good(invoke(node, "Set-Disk", UniqueId=lun.unique_id, IsOffline=False))


def prepare(node: Node, lun: Lun, letter: str = "E") -> None:
    """What the guide's first node does with a raw disk."""
    online(node, lun)
    good(invoke(node, "Initialize-Disk", UniqueId=lun.unique_id, PartitionStyle="GPT"))
    good(
        pipe(
            node,
            command("Get-Disk", UniqueId=lun.unique_id),
            command("New-Partition", UseMaximumSize=True, DriveLetter=letter),
            command("Format-Volume", FileSystem="NTFS", NewFileSystemLabel="Octopus", Confirm=False),
        )
    )
