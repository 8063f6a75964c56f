"""Cluster disks (windows-cluster.md §1.5, §4.4; user reports U28, U29)."""

from __future__ import annotations

import pytest

from pulumi_tentacle.lab.node import disk_cmdlets as disk_cmdlets  # registers the Storage module
from pulumi_tentacle.lab.node import volume_cmdlets as volume_cmdlets
from pulumi_tentacle.lab.powershell.engine import command
from pulumi_tentacle.lab.world import Lun
from tests.lab.cluster.two_nodes import DISK, ROLE, SERVICE, Lab, disk_object


def available(lab: Lab, **arguments: object) -> list[str]:
    return [o.entity.serial_number for o in lab.do("Get-ClusterAvailableDisk", **arguments)]


def add(lab: Lab) -> None:
    lab.succeed(command("Get-ClusterAvailableDisk"), command("Add-ClusterDisk"))


def test_an_available_disk_shows_what_identifies_it(lab: Lab) -> None:
    shown = lab.do("Get-ClusterAvailableDisk")[0].properties

    assert (shown["Id"], shown["Number"], shown["Size"]) == ("{9e5c}", 1, 20 * 2**30)


def test_a_raw_disk_and_one_that_not_all_nodes_see_are_not_available(lab: Lab) -> None:
    lab.estate.luns.append(Lun("RAW", "raw", 10, {"NODE1": 2, "NODE2": 2}))
    lab.estate.luns.append(Lun("LOCAL", "local", 10, {"NODE1": 3}, style="GPT"))
    lab.estate.luns.append(Lun("UNSEEN", "unseen", 10, {}, style="GPT"))

    assert available(lab) == ["LUN-0001"]
    assert available(lab, All=True) == ["LUN-0001", "LOCAL"]


def test_a_disk_of_one_node_alone_is_owned_there_alone(lab: Lab) -> None:
    lab.lun.seen_by.pop("NODE1")
    lab.succeed(command("Get-ClusterAvailableDisk", All=True), command("Add-ClusterDisk"))

    assert lab.cluster.possible_owners(lab.resource(DISK)) == ["NODE2"]
    assert (lab.resource(DISK).state.name, lab.lun.online_on) == ("Offline", set())

    lab.do("Add-ClusterGroup", Name="away")
    lab.do("Move-ClusterGroup", Name="away", Node="NODE2")
    lab.do("Move-ClusterResource", Name=DISK, Group="away")
    lab.do("Start-ClusterResource", Name=DISK)
    assert lab.lun.online_on == {"NODE2"}

    lab.do("Stop-ClusterResource", Name=DISK)
    back = command("Move-ClusterResource", Name=DISK, Group="Available Storage")
    assert lab.refused(back).failure.hresult & 0xFFFF == 5015


def test_added_it_is_online_on_the_owner_of_available_storage_only(lab: Lab) -> None:
    lab.lun.online_on = {"NODE2"}
    add(lab)

    disk = lab.resource(DISK)
    assert (disk.group.name, disk.state.name, disk.type.name) == ("Available Storage", "Online", "Physical Disk")
    assert lab.lun.clustered
    assert lab.lun.online_on == {"NODE1"}
    assert available(lab) == []


def test_a_row_of_get_disk_is_added_as_well(lab: Lab) -> None:
    outcome = lab.run(command("Add-ClusterDisk", InputObject=disk_object(lab.lun)))

    assert [str(o) for o in outcome.output] == [DISK]


def test_the_guid_leads_from_the_resource_to_the_disk(lab: Lab) -> None:
    """§4.4: DiskIdGuid is Get-Disk's Guid."""
    add(lab)
    parameters = lab.succeed(command("Get-ClusterResource", Name=DISK), command("Get-ClusterParameter"))
    values = {str(p): p.properties["Value"] for p in parameters}

    assert (values["DiskIdGuid"], values["DiskIdType"]) == ("{9e5c}", 1)


@pytest.mark.parametrize("spoil", ["clustered", "raw", "no disk"])
def test_an_unsuitable_disk_is_refused(lab: Lab, spoil: str) -> None:
    if spoil == "clustered":
        add(lab)
    elif spoil == "raw":
        lab.lun.style = "RAW"
    given = "a string" if spoil == "no disk" else disk_object(lab.lun)

    record = lab.refused(command("Add-ClusterDisk", InputObject=given))

    assert record.message.startswith("No disks suitable for cluster disks found.")


def test_an_empty_pipe_adds_nothing_silently(lab: Lab) -> None:
    """§8: what ClusterDisk of FailoverClusterDsc runs into."""
    lab.lun.seen_by.pop("NODE2")
    add(lab)

    assert [r.name for r in lab.cluster.resources] == ["Cluster IP Address", "Cluster Name"]


def test_the_letter_may_change_once_when_the_disk_joins(lab: Lab) -> None:
    """User report U29."""
    lab.cluster.letter_changes_on_join = "F"
    add(lab)

    assert lab.lun.partitions[0].letter == "F"
    assert lab.node1.files.is_folder("F:\\")
    assert lab.cluster.letter_changes_on_join is None


def test_removed_it_leaves_the_cluster_offline_everywhere(lab: Lab) -> None:
    """User report U31: offline by design, data untouched."""
    add(lab)
    lab.do("Remove-ClusterResource", Name=DISK, Force=True)

    assert (lab.lun.clustered, lab.lun.online_on) == (False, set())
    assert lab.lun.partitions[0].volume is not None
    assert available(lab) == ["LUN-0001"]


def test_removed_with_its_group_it_leaves_the_cluster_too(role: Lab) -> None:
    role.do("Remove-ClusterGroup", Name=ROLE, RemoveResources=True, Force=True)

    assert (role.lun.clustered, role.lun.online_on) == (False, set())


def test_names_are_the_lowest_that_are_free(lab: Lab) -> None:
    lab.estate.luns.append(Lun("LUN-0002", "second", 10, {"NODE1": 2, "NODE2": 2}, style="GPT"))
    add(lab)
    assert [r.name for r in lab.cluster.resources if r.lun] == ["Cluster Disk 1", "Cluster Disk 2"]

    lab.do("Remove-ClusterResource", Name=DISK, Force=True)
    add(lab)
    assert [r.name for r in lab.cluster.resources if r.lun] == ["Cluster Disk 2", "Cluster Disk 1"]


def test_an_online_disk_changes_group_only_on_its_node(lab: Lab) -> None:
    """[MS-CMRP] ApiChangeResourceGroup: to a group on another node it goes offline only."""
    add(lab)
    lab.do("Add-ClusterGroup", Name="away", GroupType="Temporary")
    lab.do("Move-ClusterGroup", Name="away", Node="NODE2")
    move = command("Move-ClusterResource", Name=DISK, Group="away")
    assert lab.refused(move).failure.hresult & 0xFFFF == 5019

    lab.do("Stop-ClusterResource", Name=DISK)
    lab.succeed(move)
    lab.do("Start-ClusterResource", Name=DISK)

    assert lab.lun.online_on == {"NODE2"}


def test_a_resource_takes_its_whole_dependency_tree_along(role: Lab) -> None:
    """[MS-CMRP] ApiChangeResourceGroup."""
    role.do("Add-ClusterGroup", Name="other")
    role.do("Move-ClusterResource", Name=DISK, Group="other")

    assert role.states() == {}
    assert role.states("other")[SERVICE] == "Online"
    assert role.running() == ["NODE1"]


def test_a_move_into_its_own_group_is_refused(role: Lab) -> None:
    move = command("Move-ClusterResource", Name=DISK, Group=ROLE)

    assert role.refused(move).failure.hresult & 0xFFFF == 183


def test_prepared_by_the_storage_cmdlets_and_piped_from_get_disk(lab: Lab) -> None:
    """The order of §4.3: initialise, partition and format on one node, before the disk is clustered."""
    lab.lun.style, lab.lun.guid, lab.lun.partitions = "RAW", "", []
    lun = command("Get-Disk", UniqueId=lab.lun.unique_id)
    assert available(lab) == []
    lab.succeed(lun, command("Set-Disk", IsOffline=False))
    lab.succeed(lun, command("Initialize-Disk", PartitionStyle="GPT"))
    lab.succeed(
        command("New-Partition", DiskNumber=1, UseMaximumSize=True, DriveLetter="E"),
        command("Format-Volume", FileSystem="NTFS", NewFileSystemLabel="Octopus", Confirm=False),
    )

    added = lab.succeed(lun, command("Add-ClusterDisk"))

    assert [(str(o), str(o.properties["State"])) for o in added] == [(DISK, "Online")]
    found = lab.succeed(lun)[0].properties
    guid = lab.succeed(command("Get-ClusterResource", Name=DISK), command("Get-ClusterParameter", "DiskIdGuid"))
    assert (found["IsClustered"], found["IsOffline"]) == (True, False)
    assert guid[0].properties["Value"] == found["Guid"]
    assert lab.succeed(lun, on=lab.node2)[0].properties["IsOffline"]
    assert lab.refused(lun, command("Set-Disk", IsOffline=True)).failure.message.startswith("The specified object is")
    assert lab.estate.tripwires == []
