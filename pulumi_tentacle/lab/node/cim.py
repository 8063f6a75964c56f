"""Get-CimInstance for the classes of root/cimv2 that the lab models: always the view of the one node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from psrpcore.types import PSUInt, PSUInt64

from pulumi_tentacle.lab.node import storage
from pulumi_tentacle.lab.node.cdxml import instance
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, Parameter, cmdlet
from pulumi_tentacle.lab.world import Node

WINDOWS_VERSION, WINDOWS_NAME = "10.0.17763", "Microsoft Windows Server 2019 Datacenter"

Rows = Iterator[tuple[str, dict[str, Any]]]
"""For each instance its key and its properties."""


@cmdlet(
    "Get-CimInstance",
    "Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand",
    ClassName=Parameter(mandatory=True, position=0),
)
def get_cim_instance(call: Call) -> Iterator[Live]:
    wanted = call.parameters["ClassName"]
    name = next((known for known in _CLASSES if known.lower() == wanted.lower()), None)
    if name is None:
        refuse(call, f"the CIM class {wanted}")
    for key, properties in _CLASSES[name](call.node):
        yield instance(f"root/cimv2/{name}", key, properties, None)


def _computer_system(node: Node) -> Rows:
    properties = {"Name": node.name, "DNSHostName": node.name, "Domain": node.estate.domain, "PartOfDomain": True}
    yield f'Name = "{node.name}"', properties


def _operating_system(node: Node) -> Rows:
    yield (
        "",
        {
            "Caption": WINDOWS_NAME,
            "Version": WINDOWS_VERSION,
            "CSName": node.name,
            "LastBootUpTime": node.booted,
            "LocalDateTime": node.estate.clock.now(),
        },
    )


def _service(node: Node) -> Rows:
    for service in sorted(node.services.values(), key=lambda each: each.name.lower()):
        yield (
            f'Name = "{service.name}"',
            {
                "Name": service.name,
                "DisplayName": service.display_name,
                "Description": service.description or None,
                "State": service.state,
                "Started": service.state == "Running",
                "StartMode": service.start_mode,
                "StartName": service.account,
                "PathName": service.image_path,
                "ProcessId": PSUInt(service.process_id),
                "ExitCode": PSUInt(service.exit_code),
            },
        )


def _process(node: Node) -> Rows:
    for process in sorted(node.processes.values(), key=lambda each: each.id):
        yield (
            f'Handle = "{process.id}"',
            {
                "ProcessId": PSUInt(process.id),
                "Name": process.name,
                "CommandLine": process.command_line,
                "CreationDate": process.started,
            },
        )


def _logical_disk(node: Node) -> Rows:
    """Every drive letter, that of a partition without a file system and of an empty DVD drive too."""
    for letter, volume in storage.drives(node).items():
        formatted = volume is not None and volume.file_system != ""
        yield (
            f'DeviceID = "{letter}:"',
            {
                "DeviceID": f"{letter}:",
                "DriveType": PSUInt(volume.drive_type if volume else 3),
                "VolumeName": volume.label if volume and formatted else None,
                "FileSystem": volume.file_system if volume and formatted else None,
                "Size": PSUInt64(volume.size) if volume and formatted else None,
                "FreeSpace": PSUInt64(volume.unused) if volume and formatted else None,
            },
        )


_CLASSES: dict[str, Callable[[Node], Rows]] = {
    "Win32_ComputerSystem": _computer_system,
    "Win32_OperatingSystem": _operating_system,
    "Win32_Service": _service,
    "Win32_Process": _process,
    "Win32_LogicalDisk": _logical_disk,
}
