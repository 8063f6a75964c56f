"""The cmdlets of the module Storage that work on partitions and volumes (windows-cluster.md §4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_tentacle.lab.node import storage, storage_views
from pulumi_tentacle.lab.node.storage import StorageError
from pulumi_tentacle.lab.node.storage_selection import (
    ask_first,
    disks_to_change,
    letter,
    letters,
    partitions,
    piped,
    reporting,
    volumes,
)
from pulumi_tentacle.lab.node.storage_views import Place
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, Parameter, boolean, cmdlet, integer, integers, switch


@cmdlet(
    "New-Partition",
    DiskNumber=Parameter(integers, position=0),
    Size=Parameter(integer),
    UseMaximumSize=Parameter(switch),
    DriveLetter=Parameter(letter, aliases=("NewDriveLetter",)),
)
def new_partition(call: Call) -> Iterator[Live]:
    size, all_of_it = call.parameters.get("Size"), call.parameters.get("UseMaximumSize")
    for lun in disks_to_change(call, number="DiskNumber"):
        with reporting(call):
            if (size is None) == (not all_of_it):
                raise StorageError(40005)
            made = storage.create_partition(call.node, lun, size, call.parameters.get("DriveLetter"))
            yield storage_views.partition(call.node, lun, made)


@cmdlet(
    "Get-Partition",
    DiskNumber=Parameter(integers, position=0),
    PartitionNumber=Parameter(integers, position=1),
    DriveLetter=Parameter(letters),
)
def get_partition(call: Call) -> Iterator[Live]:
    for place in partitions(call):
        yield storage_views.partition(call.node, place.lun, place.partition)


@cmdlet(
    "Set-Partition",
    DiskNumber=Parameter(integers, position=0),
    PartitionNumber=Parameter(integers, position=1),
    DriveLetter=Parameter(letters),
    NewDriveLetter=Parameter(letter, mandatory=True),
)
def set_partition(call: Call) -> None:
    named = call.parameters.keys()
    if call.input is None and not {"DiskNumber", "PartitionNumber"} <= named and "DriveLetter" not in named:
        refuse(call, "Set-Partition without a partition")
    for place in list(partitions(call)):
        with reporting(call):
            storage.set_letter(call.node, place.lun, place.partition, call.parameters["NewDriveLetter"])


@cmdlet("Get-Volume", DriveLetter=Parameter(letters, position=0))
def get_volume(call: Call) -> Iterator[Live]:
    for place in volumes(call):
        yield storage_views.volume(place.lun, place.partition)


@cmdlet("Set-Volume", DriveLetter=Parameter(letters), NewFileSystemLabel=Parameter(mandatory=True))
def set_volume(call: Call) -> None:
    if call.input is None and "DriveLetter" not in call.parameters:
        refuse(call, "Set-Volume without a volume")
    for place in volumes(call):
        if place.partition.volume is None:
            refuse(call, "the label of a partition without a file system")
        place.partition.volume.label = call.parameters["NewFileSystemLabel"]


@cmdlet(
    "Format-Volume",
    FileSystem=Parameter(),
    NewFileSystemLabel=Parameter(),
    Confirm=Parameter(boolean),
)
def format_volume(call: Call) -> Iterator[Live]:
    """From the pipeline only: by letter it would format that letter on all nodes of a cluster (§4.3)."""
    ask_first(call)
    if call.input is None:
        refuse(call, "Format-Volume without a piped partition")
    file_system, label = call.parameters.get("FileSystem") or "NTFS", call.parameters.get("NewFileSystemLabel") or ""
    for place in piped(call, Place):
        with reporting(call):
            storage.format_partition(call.node, place.lun, place.partition, file_system, label)
            yield storage_views.volume(place.lun, place.partition)
