"""Whatever a cmdlet gives can be serialised, as it is and after Select-Object."""

from __future__ import annotations

from typing import Any

import psrpcore
import pytest
from psrpcore.types import deserialize, serialize

from pulumi_tentacle.lab.powershell.engine import Command, command, pipe
from pulumi_tentacle.lab.powershell.serialize import to_wire
from pulumi_tentacle.lab.world import Lun, Node
from tests.lab.node.helpers import good, prepare

READS: list[tuple[str, dict[str, Any]]] = [
    *(
        ("Get-CimInstance", {"ClassName": f"Win32_{name}"})
        for name in ("ComputerSystem", "OperatingSystem", "Service", "Process", "LogicalDisk")
    ),
    ("Get-Service", {}),
    ("Get-Disk", {}),
    ("Get-Partition", {}),
    ("Get-Volume", {}),
    ("Get-Item", {"LiteralPath": [r"C:\Windows\Temp\a.exe", r"C:\Windows", r"HKLM:\Software\Test"]}),
    ("Get-ItemProperty", {"LiteralPath": r"HKLM:\Software\Test"}),
    ("Get-FileHash", {"LiteralPath": r"C:\Windows\Temp\a.exe"}),
    ("Get-NetFirewallRule", {}),
    ("Get-NetFirewallPortFilter", {}),
    ("Get-NetFirewallAddressFilter", {}),
    ("Get-NetTCPConnection", {}),
]


def over_the_wire(value: Any) -> Any:
    cipher = psrpcore.ServerRunspacePool()._cipher
    return deserialize(serialize(to_wire(value), cipher), cipher)


@pytest.mark.parametrize(("name", "parameters"), READS, ids=lambda part: str(part))
def test_what_a_cmdlet_gives_can_be_sent(node: Node, lun: Lun, name: str, parameters: dict[str, Any]) -> None:
    prepare(node, lun)
    node.files.write(r"C:\Windows\Temp\a.exe", b"MZ")
    for kind, value in (("Text", "a"), ("Number", 7), ("Many", ["a", "b"]), ("Bytes", b"\x00")):
        node.registry.set(r"Software\Test", kind, value)
    good(pipe(node, command("New-NetFirewallRule", DisplayName="A", LocalPort=["1", "2"])))
    node.listening.add(("127.0.0.1", 10933))
    node.socket_owners["127.0.0.1", 10933] = 4711

    found = good(pipe(node, command(name, **parameters)))
    assert found
    for value in found:
        assert over_the_wire(value) is not None
        selected = _selected(node, command(name, **parameters), list(value.properties))
        assert over_the_wire(selected) is not None


def _selected(node: Node, read: Command, properties: list[str]) -> Any:
    return good(pipe(node, read, command("Select-Object", Property=properties, First=1)))[0]


def test_sizes_keep_their_width_and_letters_their_kind(node: Node, lun: Lun) -> None:
    prepare(node, lun)
    (disk,) = good(pipe(node, command("Get-Disk", Number=1), command("Select-Object", Property=["Size", "Number"])))
    (volume,) = good(
        pipe(node, command("Get-Volume", DriveLetter="E"), command("Select-Object", Property="DriveLetter"))
    )

    sent_disk, sent_volume = over_the_wire(disk), over_the_wire(volume)

    assert (type(sent_disk.Size).__name__, type(sent_disk.Number).__name__) == ("PSUInt64", "PSUInt")
    assert (type(sent_volume.DriveLetter).__name__, str(sent_volume.DriveLetter)) == ("PSChar", "E")
