"""The cmdlets of the module Storage that work on whole disks (windows-cluster.md §4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.node import storage, storage_views
from pulumi_tentacle.lab.node.storage_selection import ask_first, disks, disks_to_change, reporting
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import (
    Call,
    Failure,
    Live,
    Parameter,
    boolean,
    cmdlet,
    integers,
    switch,
    texts,
)

_NUMBER = Parameter(integers, position=0, aliases=("DeviceId",))
_UNIQUE_ID = Parameter(texts, aliases=("Id",))


@cmdlet("Update-HostStorageCache")
def update_host_storage_cache(call: Call) -> None:
    """A rescan. The lab's LUNs are seen as soon as they are presented."""


@cmdlet("Get-Disk", Number=_NUMBER, UniqueId=_UNIQUE_ID, SerialNumber=Parameter(texts))
def get_disk(call: Call) -> Iterator[Live]:
    for lun in disks(call):
        yield storage_views.disk(call.node, lun)


@cmdlet(
    "Set-Disk",
    Number=_NUMBER,
    UniqueId=_UNIQUE_ID,
    IsOffline=Parameter(boolean),
    IsReadOnly=Parameter(boolean),
)
def set_disk(call: Call) -> None:
    """-IsOffline and -IsReadOnly belong to different parameter sets: one of them a call."""
    given = call.parameters.keys() & {"IsOffline", "IsReadOnly"}
    if len(given) != 1:
        call.throw(
            Failure(
                "Parameter set cannot be resolved using the specified named parameters.",
                "AmbiguousParameterSet",
                ErrorCategory.InvalidArgument,
                exception="System.Management.Automation.ParameterBindingException",
            )
        )
    for lun in disks_to_change(call):
        with reporting(call):
            if "IsOffline" in given:
                storage.set_online(call.node, lun, online=not call.parameters["IsOffline"])
            else:
                storage.set_read_only(call.node, lun, read_only=call.parameters["IsReadOnly"])


@cmdlet(
    "Initialize-Disk",
    Number=_NUMBER,
    UniqueId=_UNIQUE_ID,
    PartitionStyle=Parameter(choices=("GPT", "MBR")),
    PassThru=Parameter(switch),
)
def initialize_disk(call: Call) -> Iterator[Live]:
    if call.parameters.get("PartitionStyle", "GPT") != "GPT":
        refuse(call, "disks with an MBR")
    for lun in disks_to_change(call):
        with reporting(call):
            storage.initialize(call.node, lun)
            if call.parameters.get("PassThru"):
                yield storage_views.disk(call.node, lun)


@cmdlet(
    "Clear-Disk",
    Number=_NUMBER,
    UniqueId=_UNIQUE_ID,
    RemoveData=Parameter(switch),
    Confirm=Parameter(boolean),
)
def clear_disk(call: Call) -> None:
    ask_first(call)
    for lun in disks_to_change(call):
        with reporting(call):
            storage.clear(call.node, lun, remove_data=bool(call.parameters.get("RemoveData")))
