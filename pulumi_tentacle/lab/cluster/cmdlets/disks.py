"""Get-ClusterAvailableDisk and Add-ClusterDisk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.cluster import disks
from pulumi_tentacle.lab.cluster.cmdlets.common import ON_PIPE, cluster_cmdlet, no_object, piped, within
from pulumi_tentacle.lab.cluster.enums import NAMESPACE
from pulumi_tentacle.lab.cluster.objects import disk_info_object, resource_object
from pulumi_tentacle.lab.cluster.state import Cluster
from pulumi_tentacle.lab.powershell.cmdlet import Call, Failure, Live, Parameter, anything, switch

NOT_SUITABLE = (
    "No disks suitable for cluster disks found. For diagnostic information about disks available to the cluster, use "
    "the Validate a Configuration Wizard to run Storage tests."
)


@cluster_cmdlet(
    "Get-ClusterAvailableDisk",
    "GetClusterAvailableDiskCommand",
    Cluster=Parameter(position=0),
    All=Parameter(switch),
    InputObject=ON_PIPE["InputObject"],
)
def get_cluster_available_disk(call: Call, cluster: Cluster) -> Iterator[Live]:
    """Disks that every node sees and that could join; with -All also those that only some see."""
    luns = within(call, disks.available_disks(cluster, everywhere=not call.parameters.get("All")))
    for number, lun in enumerate(luns, start=1):
        yield disk_info_object(cluster, lun, call.node.name, f"Cluster Disk {number}")


@cluster_cmdlet(
    "Add-ClusterDisk",
    "AddClusterDiskCommand",
    InputObject=Parameter(anything, position=0),
    Cluster=Parameter(),
)
def add_cluster_disk(call: Call, cluster: Cluster) -> Iterator[Live]:
    """From Get-ClusterAvailableDisk or Get-Disk. An empty pipe adds nothing, silently (§8)."""
    values: list[Any] | None = piped(call)
    if values is None:
        no_object(call)
    for value in values:
        lun = getattr(value, "entity", None)
        if lun in disks.available_disks(cluster, everywhere=False):
            yield resource_object(cluster, disks.add_disk(cluster, lun))
        else:
            call.error(
                Failure(
                    NOT_SUITABLE,
                    call.name,
                    ErrorCategory.NotSpecified,
                    value,
                    f"{NAMESPACE}.ClusterCmdletException",
                )
            )
