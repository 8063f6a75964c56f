"""Get-, Add-, Move-, Start-, Stop- and Remove-ClusterResource."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_tentacle.lab.cluster import configuration, machine, win32
from pulumi_tentacle.lab.cluster.cmdlets.common import (
    GROUP,
    ON_PIPE,
    QUIET,
    RESOURCE,
    cluster_cmdlet,
    confirm,
    each,
    given,
    listed,
    waits,
    within,
)
from pulumi_tentacle.lab.cluster.enums import ClusterResourceState
from pulumi_tentacle.lab.cluster.objects import resource_object
from pulumi_tentacle.lab.cluster.resource_types import PHYSICAL_DISK
from pulumi_tentacle.lab.cluster.state import Cluster, ClusterNode, Group, Resource
from pulumi_tentacle.lab.cluster.win32 import NotModelled, Refusal
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, Parameter, integer, switch, texts

OPERATION: dict[str, Parameter] = {
    "IgnoreLocked": Parameter(switch),
    "Wait": Parameter(integer),
    **ON_PIPE,
    **QUIET,
}


@cluster_cmdlet("Get-ClusterResource", "GetResourceCommand", Name=Parameter(texts, position=0), **ON_PIPE)
def get_cluster_resource(call: Call, cluster: Cluster) -> Iterator[Live]:
    """All resources, or those of piped groups and nodes."""

    def holds(container: Group | ClusterNode, resource: Resource) -> bool:
        if isinstance(container, Group):
            return resource.group is container
        return resource.owner == container.name

    resources = within(call, cluster.resources, Group, ClusterNode, holds=holds)
    for resource in listed(call, RESOURCE, resources, lambda r: r.name):
        yield resource_object(cluster, resource)


@cluster_cmdlet(
    "Add-ClusterResource",
    "AddClusterResourceCommand",
    Name=Parameter(mandatory=True, position=0),
    Group=Parameter(position=1),
    ResourceType=Parameter(mandatory=True, position=2, aliases=("ResType", "Type")),
    **ON_PIPE,
)
def add_cluster_resource(call: Call, cluster: Cluster) -> Iterator[Live]:
    def add(group: Group) -> Live:
        kind = configuration.resource_type(call.parameters["ResourceType"])
        if kind is PHYSICAL_DISK:
            raise NotModelled("Add-ClusterResource of a Physical Disk (use Add-ClusterDisk)")
        return resource_object(cluster, configuration.add_resource(cluster, call.parameters["Name"], kind, group))

    yield from each(call, given(call, cluster, GROUP, "Group"), add)


@cluster_cmdlet(
    "Move-ClusterResource",
    "MoveClusterResourceCommand",
    Name=Parameter(position=0),
    Group=Parameter(position=1),
    **ON_PIPE,
)
def move_cluster_resource(call: Call, cluster: Cluster) -> Iterator[Live]:
    def move(resource: Resource) -> Live:
        name = call.parameters.get("Group")
        if not name:
            raise NotModelled("Move-ClusterResource without -Group")
        group = cluster.find_group(name)
        if group is None:
            raise Refusal(win32.GROUP_NOT_FOUND)
        configuration.change_group(cluster, resource, group)
        return resource_object(cluster, resource)

    yield from each(call, given(call, cluster, RESOURCE), move)


@cluster_cmdlet("Start-ClusterResource", "StartClusterResourceCommand", Name=Parameter(position=0), **OPERATION)
def start_cluster_resource(call: Call, cluster: Cluster) -> Iterator[Live]:
    def start(resource: Resource) -> Live:
        pending = not resource.online and not waits(call)
        try:
            machine.start_resource(cluster, resource)
        except Refusal as refusal:
            if waits(call) or refusal.code != win32.RESMON_ONLINE_FAILED:
                raise
        return resource_object(cluster, resource, state=ClusterResourceState.OnlinePending if pending else None)

    yield from each(call, given(call, cluster, RESOURCE), start)


@cluster_cmdlet("Stop-ClusterResource", "StopClusterResourceCommand", Name=Parameter(position=0), **OPERATION)
def stop_cluster_resource(call: Call, cluster: Cluster) -> Iterator[Live]:
    def stop(resource: Resource) -> Live:
        pending = resource.online and not waits(call)
        machine.stop_resource(cluster, resource)
        return resource_object(cluster, resource, state=ClusterResourceState.OfflinePending if pending else None)

    yield from each(call, given(call, cluster, RESOURCE), stop)


@cluster_cmdlet(
    "Remove-ClusterResource",
    "RemoveClusterResourceCommand",
    Name=Parameter(texts, position=0),
    Force=Parameter(switch),
    **ON_PIPE,
    **QUIET,
)
def remove_cluster_resource(call: Call, cluster: Cluster) -> Iterator[Live]:
    def remove(resource: Resource) -> None:
        confirm(call, f"Are you sure that you want to remove the cluster resource '{resource.name}'?")
        configuration.remove_resource(cluster, resource)

    yield from each(call, given(call, cluster, RESOURCE), remove)
