"""Get-, Add-, Move-, Start-, Stop- and Remove-ClusterGroup."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_tentacle.lab.cluster import configuration, machine, win32
from pulumi_tentacle.lab.cluster.cmdlets.common import (
    GROUP,
    ON_PIPE,
    QUIET,
    cluster_cmdlet,
    confirm,
    each,
    enum,
    given,
    listed,
    waits,
    within,
)
from pulumi_tentacle.lab.cluster.enums import ClusterGroupState, GroupType
from pulumi_tentacle.lab.cluster.objects import group_object
from pulumi_tentacle.lab.cluster.state import Cluster, ClusterNode, Group
from pulumi_tentacle.lab.cluster.win32 import Refusal
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, Parameter, integer, switch, texts

OPERATION: dict[str, Parameter] = {
    "IgnoreLocked": Parameter(switch),
    "Wait": Parameter(integer),
    **ON_PIPE,
    **QUIET,
}


@cluster_cmdlet("Get-ClusterGroup", "GetClusterGroupCommand", Name=Parameter(texts, position=0), **ON_PIPE)
def get_cluster_group(call: Call, cluster: Cluster) -> Iterator[Live]:
    """All groups, or those that piped nodes own."""
    groups = within(call, cluster.groups, ClusterNode, holds=lambda node, group: group.owner == node.name)
    for group in listed(call, GROUP, groups, lambda g: g.name):
        yield group_object(cluster, group)


@cluster_cmdlet(
    "Add-ClusterGroup",
    "AddClusterGroupCommand",
    Name=Parameter(texts, mandatory=True, position=0),
    GroupType=Parameter(enum(GroupType), position=1),
    **ON_PIPE,
)
def add_cluster_group(call: Call, cluster: Cluster) -> Iterator[Live]:
    kind = call.parameters.get("GroupType", GroupType.Unknown)

    def add(name: str) -> Live:
        return group_object(cluster, configuration.add_group(cluster, name, kind, call.node.name))

    yield from each(call, call.parameters["Name"], add)


@cluster_cmdlet(
    "Move-ClusterGroup",
    "MoveClusterGroupCommand",
    Name=Parameter(position=0),
    Node=Parameter(position=1),
    **OPERATION,
)
def move_cluster_group(call: Call, cluster: Cluster) -> Iterator[Live]:
    """That a resource does not come online at the target is no error here (§1.5)."""

    def move(group: Group) -> Live:
        before, target = group.owner, call.parameters.get("Node")
        member = cluster.find_node(target) if target else None
        if target and member is None:
            raise Refusal(win32.NODE_NOT_FOUND, f"An error occurred while moving the clustered role '{group.name}'.")
        machine.move_group(cluster, group, member.name if member else None)
        return _shown(cluster, call, group, changed=group.owner != before)

    yield from each(call, given(call, cluster, GROUP), move)


@cluster_cmdlet("Start-ClusterGroup", "StartClusterGroupCommand", Name=Parameter(position=0), **OPERATION)
def start_cluster_group(call: Call, cluster: Cluster) -> Iterator[Live]:
    def start(group: Group) -> Live:
        changed = cluster.state_of(group) is not ClusterGroupState.Online
        try:
            machine.start_group(cluster, group)
        except Refusal as refusal:
            if waits(call) or refusal.code != win32.RESMON_ONLINE_FAILED:
                raise
        return _shown(cluster, call, group, changed=changed)

    yield from each(call, given(call, cluster, GROUP), start)


@cluster_cmdlet("Stop-ClusterGroup", "StopClusterGroupCommand", Name=Parameter(position=0), **OPERATION)
def stop_cluster_group(call: Call, cluster: Cluster) -> Iterator[Live]:
    def stop(group: Group) -> Live:
        changed = cluster.state_of(group) is not ClusterGroupState.Offline
        machine.stop_group(cluster, group)
        return _shown(cluster, call, group, changed=changed)

    yield from each(call, given(call, cluster, GROUP), stop)


@cluster_cmdlet(
    "Remove-ClusterGroup",
    "RemoveClusterGroupCommand",
    Name=Parameter(texts, position=0),
    Force=Parameter(switch),
    RemoveResources=Parameter(switch),
    **ON_PIPE,
    **QUIET,
)
def remove_cluster_group(call: Call, cluster: Cluster) -> Iterator[Live]:
    def remove(group: Group) -> None:
        confirm(call, f"Are you sure that you want to remove the clustered role '{group.name}'?")
        configuration.remove_group(cluster, group, with_resources=bool(call.parameters.get("RemoveResources")))

    yield from each(call, given(call, cluster, GROUP), remove)


def _shown(cluster: Cluster, call: Call, group: Group, *, changed: bool) -> Live:
    """Who did not wait gets the group while it is still on its way."""
    return group_object(cluster, group, state=ClusterGroupState.Pending if changed and not waits(call) else None)
