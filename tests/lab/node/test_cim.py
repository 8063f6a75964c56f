"""Get-CimInstance: what one node knows of itself."""

from __future__ import annotations

import pytest

from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.filesystem import Volume
from pulumi_tentacle.lab.powershell.engine import command, pipe
from pulumi_tentacle.lab.world import Lun, Node, Partition
from tests.lab.node.helpers import get, good, install_service


def test_computer_and_operating_system(node: Node) -> None:
    (computer,) = get(node, "Get-CimInstance", ClassName="Win32_ComputerSystem")
    (system,) = get(node, "Get-CimInstance", ClassName="win32_operatingsystem")

    assert computer == {"Name": "NODE1", "DNSHostName": "NODE1", "Domain": "lab.test", "PartOfDomain": True}
    assert system["LastBootUpTime"] == node.booted < system["LocalDateTime"]
    assert (system["Version"].count("."), system["Caption"].split()[:2]) == (2, ["Microsoft", "Windows"])


@pytest.mark.usefixtures("daemons")
def test_a_service_and_its_process(node: Node) -> None:
    service = install_service(node, start_mode="Manual", display_name="Octopus", account=r"LAB\svc")
    services.start(node, service.name, by_cluster=False)

    (row,) = good(
        pipe(
            node,
            command("Get-CimInstance", ClassName="Win32_Service"),
            command("Where-Object", Property="Name", EQ=True, Value="octopusdeploy tentacle"),
        )
    )
    (process,) = good(
        pipe(
            node,
            command("Get-CimInstance", ClassName="Win32_Process"),
            command("Where-Object", Property="ProcessId", EQ=True, Value=service.process_id),
        )
    )

    assert {
        "DisplayName": "Octopus",
        "State": "Running",
        "StartMode": "Manual",
        "StartName": r"LAB\svc",
        "PathName": service.image_path,
        "ProcessId": service.process_id,
        "ExitCode": 0,
    }.items() <= row.properties.items()
    assert (process.properties["Name"], process.properties["CommandLine"]) == ("daemon.exe", service.image_path)
    assert process.properties["CreationDate"] == node.processes[service.process_id].started


def test_logical_disks_are_all_drives_of_this_node_only(node: Node, other: Node, lun: Lun) -> None:
    node.drives["D"] = Volume(drive_type=5, file_system="")
    lun.partitions = [
        Partition(1, 100, letter="E", volume=Volume(label="Octopus", size=1000, free=400)),
        Partition(2, 100, letter="F"),
    ]
    lun.online_on.add("NODE1")

    rows = {row["DeviceID"]: row for row in get(node, "Get-CimInstance", ClassName="Win32_LogicalDisk")}

    shown = {drive: (row["DriveType"], row["FileSystem"], row["VolumeName"]) for drive, row in rows.items()}
    assert shown == {
        "C:": (3, "NTFS", "Windows"),
        "D:": (5, None, None),
        "E:": (3, "NTFS", "Octopus"),
        "F:": (3, None, None),
    }
    assert (rows["E:"]["Size"], rows["E:"]["FreeSpace"]) == (1000, 400)
    assert [row["DeviceID"] for row in get(other, "Get-CimInstance", ClassName="Win32_LogicalDisk")] == ["C:"]
