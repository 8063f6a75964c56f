"""Disks, partitions and volumes as one node sees them (windows-cluster.md §4)."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.filesystem import Volume
from pulumi_tentacle.lab.powershell.engine import Outcome, command, invoke, pipe
from pulumi_tentacle.lab.world import Estate, Lun, Node
from tests.lab.node.helpers import errors, get, good, online, only, prepare, shown, tripped

RESERVED, BASIC = "{e3c9e316-0b5c-4db8-817d-f92df00215ae}", "{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}"


def disk(node: Node, number: int) -> dict[str, Any]:
    (row,) = get(node, "Get-Disk", Number=number)
    return row


def second_partition(node: Node, lun: Lun, *then: Any) -> Outcome:
    return pipe(
        node,
        command("Get-Disk", UniqueId=lun.unique_id),
        command("Get-Partition"),
        command("Where-Object", Property="PartitionNumber", EQ=True, Value=2),
        *then,
    )


def test_a_new_lun_is_raw_and_offline_on_every_node(node: Node, other: Node) -> None:
    for machine, number in ((node, 1), (other, 2)):
        row = disk(machine, number)
        assert (row["SerialNumber"], row["UniqueId"], row["Size"]) == ("LUN-0001", "6002248A0001", 20 * 2**30)
        assert {
            key: shown(row[key]) for key in ("PartitionStyle", "OperationalStatus", "OfflineReason", "BusType")
        } == {
            "PartitionStyle": "RAW",
            "OperationalStatus": "Offline",
            "OfflineReason": "Policy",
            "BusType": "iSCSI",
        }
        assert (row["IsOffline"], row["IsClustered"], row["IsReadOnly"], row["Guid"]) == (True, False, False, None)
        assert row["OperationalStatus"].number == 0xD013


def test_the_boot_disk_is_there_and_cannot_be_harmed(node: Node) -> None:
    row = disk(node, 0)
    assert (row["IsBoot"], row["IsOffline"], shown(row["PartitionStyle"])) == (True, False, "GPT")
    assert len(get(node, "Get-Disk")) == 2

    formatted = pipe(node, command("Get-Partition", DriveLetter="C"), command("Format-Volume", Confirm=False))
    cleared = invoke(node, "Clear-Disk", Number=0, RemoveData=True, Confirm=False)

    assert errors(formatted) == ["StorageWMI 42010,Format-Volume"]
    assert errors(cleared) == ["StorageWMI 41009,Clear-Disk"]


@pytest.mark.parametrize(
    "named",
    [{"Number": 1}, {"UniqueId": "6002248a0001"}, {"SerialNumber": "lun-0001"}],
    ids=lambda named: next(iter(named)),
)
def test_a_disk_is_found_by_each_of_its_names(node: Node, named: dict[str, Any]) -> None:
    assert [row["Number"] for row in get(node, "Get-Disk", **named)] == [1]


def test_a_unique_id_can_differ_between_nodes(node: Node, other: Node, lun: Lun) -> None:
    lun.unique_ids = {"NODE1": "SCSI:NODE1", "NODE2": "SCSI:NODE2"}

    assert get(node, "Get-Disk", UniqueId="SCSI:NODE1")
    assert errors(invoke(other, "Get-Disk", UniqueId="SCSI:NODE1"))


def test_from_raw_to_a_drive(node: Node, lun: Lun) -> None:
    prepare(node, lun)

    row = disk(node, 1)
    assert (shown(row["PartitionStyle"]), row["IsOffline"], row["Guid"]) == ("GPT", False, lun.guid)
    partitions = get(node, "Get-Partition", DiskNumber=1)
    assert [(p["PartitionNumber"], p["Type"], p["GptType"]) for p in partitions] == [
        (1, "Reserved", RESERVED),
        (2, "Basic", BASIC),
    ]
    assert [str(p["DriveLetter"]) for p in partitions] == ["\x00", "E"]
    assert partitions[1]["Offset"] == 16 * 2**20
    assert 0 < lun.size - partitions[1]["Offset"] - partitions[1]["Size"] < 2 * 2**20
    (volume,) = get(node, "Get-Volume", DriveLetter="e")
    assert (volume["FileSystem"], volume["FileSystemLabel"], str(volume["DriveLetter"])) == ("NTFS", "Octopus", "E")
    node.files.make_folder(r"E:\Octopus\Home")
    assert tripped(node) == []


def test_a_partition_that_is_not_formatted_has_a_volume_without_a_file_system(node: Node, lun: Lun) -> None:
    online(node, lun)
    good(invoke(node, "Initialize-Disk", Number=1))
    good(invoke(node, "New-Partition", DiskNumber=1, UseMaximumSize=True))

    through_the_disk = pipe(node, command("Get-Disk", Number=1), command("Get-Partition"), command("Get-Volume"))

    (volume,) = [each.properties for each in good(through_the_disk)]
    assert (volume["FileSystem"], volume["Size"], volume["DriveLetter"]) == ("", 0, None)


def test_a_raw_disk_has_no_partitions_and_that_is_no_error_in_a_pipeline(node: Node) -> None:
    assert good(pipe(node, command("Get-Disk", Number=1), command("Get-Partition"), command("Get-Volume"))) == []


def test_an_offline_disk_keeps_its_data_and_mounts_again(node: Node, lun: Lun) -> None:
    prepare(node, lun)
    node.files.make_folder(r"E:\Data")

    good(pipe(node, command("Get-Disk", Number=1), command("Set-Disk", IsOffline=True)))
    assert not node.files.is_folder(r"E:\Data")
    (_, offline) = get(node, "Get-Partition", DiskNumber=1)
    assert (offline["IsOffline"], str(offline["DriveLetter"])) == (True, "\x00")

    online(node, lun)
    assert node.files.is_folder(r"E:\Data")


def test_read_only_and_offline_disks_are_not_written(node: Node, lun: Lun) -> None:
    online(node, lun)
    good(invoke(node, "Set-Disk", Number=1, IsReadOnly=True))
    read_only = invoke(node, "Initialize-Disk", Number=1)
    good(invoke(node, "Set-Disk", Number=1, IsReadOnly=False))
    good(invoke(node, "Set-Disk", Number=1, IsOffline=True))
    offline = invoke(node, "Initialize-Disk", Number=1)

    assert errors(read_only) == ["StorageWMI 41002,Initialize-Disk"]
    assert errors(offline) == ["StorageWMI 41003,Initialize-Disk"]
    assert lun.style == "RAW"


def test_format_volume_asks_unless_told_not_to(node: Node, lun: Lun) -> None:
    prepare(node, lun)

    for more in ({}, {"Confirm": True}):
        outcome = second_partition(node, lun, command("Format-Volume", FileSystem="NTFS", **more))
        assert errors(outcome) == ["InvalidOperation,Format-Volume"]
    assert tripped(node) == []


@pytest.mark.parametrize(
    ("file_system", "expected"), [("ReFS", []), ("ext4", ["StorageWMI 43001,Format-Volume"])], ids=["ReFS", "ext4"]
)
def test_format_volume_knows_the_file_systems_of_windows(
    node: Node, lun: Lun, file_system: str, expected: list[str]
) -> None:
    prepare(node, lun)

    outcome = second_partition(node, lun, command("Format-Volume", FileSystem=file_system, Confirm=False))

    assert errors(outcome) == expected


def test_the_reserved_partition_takes_neither_letter_nor_file_system(node: Node, lun: Lun) -> None:
    prepare(node, lun)
    first = (command("Get-Partition", DiskNumber=1, PartitionNumber=1),)

    assert errors(pipe(node, *first, command("Format-Volume", Confirm=False))) == ["StorageWMI 42011,Format-Volume"]
    assert errors(pipe(node, *first, command("Set-Partition", NewDriveLetter="F"))) == [
        "StorageWMI 42013,Set-Partition"
    ]


def test_a_letter_can_be_changed_to_a_free_one(node: Node, lun: Lun) -> None:
    prepare(node, lun)
    node.drives["F"] = Volume(drive_type=5, file_system="")

    taken = second_partition(node, lun, command("Set-Partition", NewDriveLetter="f"))
    same = second_partition(node, lun, command("Set-Partition", NewDriveLetter="E"))
    wrong = second_partition(node, lun, command("Set-Partition", NewDriveLetter="1"))
    good(invoke(node, "Set-Partition", DiskNumber=1, PartitionNumber=2, NewDriveLetter="G"))

    assert errors(taken) == errors(same) == ["StorageWMI 42002,Set-Partition"]
    assert errors(wrong) == ["StorageWMI 42007,Set-Partition"]
    assert node.files.is_folder("G:\\")
    assert not node.files.is_folder("E:\\")


def test_a_new_partition_with_a_taken_letter_is_not_made(node: Node, lun: Lun) -> None:
    online(node, lun)
    good(invoke(node, "Initialize-Disk", Number=1))
    node.drives["E"] = Volume(drive_type=5)

    outcome = invoke(node, "New-Partition", DiskNumber=1, UseMaximumSize=True, DriveLetter="E")

    assert errors(outcome) == ["StorageWMI 42002,New-Partition"]
    assert len(lun.partitions) == 1


def test_a_full_disk_has_no_room_for_another_partition(node: Node, lun: Lun) -> None:
    prepare(node, lun)

    assert errors(invoke(node, "New-Partition", DiskNumber=1, UseMaximumSize=True)) == [
        "StorageWMI 40000,New-Partition"
    ]


def test_a_letter_that_is_taken_on_the_next_node_gives_way(node: Node, other: Node, lun: Lun) -> None:
    prepare(node, lun)
    other.drives["E"] = Volume(label="DVD", drive_type=5)
    good(invoke(node, "Set-Disk", Number=1, IsOffline=True))

    online(other, lun)

    assert [str(row["DriveLetter"]) for row in get(other, "Get-Partition", DiskNumber=2)] == ["\x00", "D"]


def test_a_label_is_changed_in_place(node: Node, lun: Lun) -> None:
    prepare(node, lun)
    node.files.make_folder(r"E:\Data")

    good(second_partition(node, lun, command("Get-Volume"), command("Set-Volume", NewFileSystemLabel="Other")))

    assert get(node, "Get-Volume", DriveLetter="E")[0]["FileSystemLabel"] == "Other"
    assert node.files.is_folder(r"E:\Data")


def test_a_clustered_disk_is_offline_on_the_node_that_does_not_own_it(node: Node, other: Node, lun: Lun) -> None:
    prepare(node, lun)
    lun.clustered = True

    owner, second = disk(node, 1), disk(other, 2)

    assert (owner["IsClustered"], owner["IsOffline"]) == (True, False)
    assert (second["IsClustered"], second["IsOffline"], shown(second["OperationalStatus"])) == (True, True, "Offline")
    for machine, number in ((node, 1), (other, 2)):
        for offline in (True, False):
            outcome = invoke(machine, "Set-Disk", Number=number, IsOffline=offline)
            assert errors(outcome) == ["StorageWMI 41018,Set-Disk"]
    good(second_partition(node, lun, command("Set-Partition", NewDriveLetter="F")))
    assert tripped(node) == []


def test_a_disk_that_comes_online_on_a_second_node_trips(node: Node, other: Node, lun: Lun) -> None:
    prepare(node, lun)
    online(node, lun)
    assert tripped(node) == []

    online(other, lun)

    assert tripped(node) == [("disk online on two nodes", "NODE2")]
    assert node.estate.tripwires[0].detail == "LUN-0001: also on NODE1"


def test_a_disk_that_moves_in_order_trips_nothing(node: Node, other: Node, lun: Lun) -> None:
    prepare(node, lun)
    good(invoke(node, "Set-Disk", Number=1, IsOffline=True))
    online(other, lun)

    assert tripped(node) == []


def test_a_dead_node_mounts_its_disk_again_when_it_boots(node: Node, other: Node, lun: Lun) -> None:
    prepare(node, lun)
    services.shutdown(node)
    online(other, lun)
    assert tripped(node) == []

    services.boot(node)
    assert tripped(node) == [("disk online on two nodes", "NODE1")]


def test_formatting_what_holds_files_trips(node: Node, lun: Lun) -> None:
    prepare(node, lun)
    again = second_partition(node, lun, command("Format-Volume", FileSystem="NTFS", Confirm=False))
    good(again)
    assert tripped(node) == []

    node.files.make_folder(r"E:\Data")
    good(second_partition(node, lun, command("Format-Volume", FileSystem="NTFS", Confirm=False)))

    assert tripped(node) == [("disk with data formatted", "NODE1")]
    assert not node.files.is_folder(r"E:\Data")


def test_initialising_a_disk_that_is_not_raw_fails_and_trips(node: Node, lun: Lun) -> None:
    prepare(node, lun)

    assert errors(invoke(node, "Initialize-Disk", Number=1)) == ["StorageWMI 41001,Initialize-Disk"]
    assert tripped(node) == [("disk with data formatted", "NODE1")]
    assert node.files.is_folder("E:\\")


def test_clearing_a_disk_trips_even_where_windows_refuses(node: Node, lun: Lun) -> None:
    prepare(node, lun)

    refused = invoke(node, "Clear-Disk", Number=1, Confirm=False)
    good(invoke(node, "Clear-Disk", Number=1, RemoveData=True, Confirm=False))

    assert errors(refused) == ["StorageWMI 41008,Clear-Disk"]
    assert tripped(node) == [("disk with data formatted", "NODE1")] * 2
    assert (lun.style, lun.partitions) == ("RAW", [])


def test_a_rescan_is_quiet(node: Node) -> None:
    assert good(invoke(node, "Update-HostStorageCache")) == []


def test_a_node_that_does_not_see_a_lun_does_not_list_it(estate: Estate) -> None:
    blind = estate.add_node("NODE3", "127.0.0.3")

    assert [row["IsBoot"] for row in get(blind, "Get-Disk")] == [True]


def test_an_object_of_another_kind_is_no_partition(node: Node, lun: Lun) -> None:
    prepare(node, lun)

    outcome = pipe(node, command("Get-Disk", Number=1), command("Format-Volume", Confirm=False))

    assert errors(outcome) == ["LabNotKnown,Format-Volume"]
    assert only(invoke(node, "Get-Volume", DriveLetter="E")).entity.lun is lun
