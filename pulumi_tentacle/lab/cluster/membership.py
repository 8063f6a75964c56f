"""Members of the cluster that pause, stop, die and come back (windows-cluster.md §9.1, §9.3).

What `lab fault` plays is here: `move_role`, `fail_role`, `node_down`, `node_up`.
"""

from __future__ import annotations

import ntpath

from pulumi_tentacle.lab.cluster import machine, win32
from pulumi_tentacle.lab.cluster.enums import (
    ClusterNodeDrainStatus,
    ClusterNodeState,
    ResumeClusterNodeFailbackType,
)
from pulumi_tentacle.lab.cluster.resource_types import GENERIC_SERVICE
from pulumi_tentacle.lab.cluster.state import Cluster, ClusterNode, Group
from pulumi_tentacle.lab.cluster.win32 import Refusal
from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.program import ServiceStartFailed, service_main
from pulumi_tentacle.lab.world import Node, RunningService, Service

CLUSTER_SERVICE = "ClusSvc"
PROGRAM = r"C:\Windows\Cluster\clussvc.exe"


def move_role(cluster: Cluster, group: str, node: str | None = None) -> str:
    """A person moves a role; returns the new owner. Raises Refusal as Move-ClusterGroup would fail."""
    found = _group(cluster, group)
    machine.move_group(cluster, found, _member(cluster, node).name if node else None)
    return found.owner


def fail_role(cluster: Cluster, group: str) -> None:
    """The role's service dies: the failure policy restarts it, or fails over."""
    found = _group(cluster, group)
    for resource in cluster.resources_of(found):
        if resource.type is GENERIC_SERVICE and resource.online:
            machine.fail_resource(cluster, resource)


def pause(cluster: Cluster, node: str, *, drain: bool = False, target: str | None = None, force: bool = False) -> None:
    """Suspend-ClusterNode. A drain moves every group away; one that cannot move makes it fail.

    `force`: such a group is stopped instead, and the node counts as drained.
    """
    member = _member(cluster, node)
    member.state = ClusterNodeState.Paused
    if not drain:
        return
    member.drained = []
    member.drain_status, member.drain_error = ClusterNodeDrainStatus.Completed, 0
    for group in [g for g in cluster.groups if g.owner == member.name]:
        try:
            machine.move_group(cluster, group, _member(cluster, target).name if target else None)
            member.drained.append(group.id)
        except Refusal as refusal:
            if force:
                machine.take_offline(cluster, cluster.resources_of(group))
            else:
                member.drain_status, member.drain_error = ClusterNodeDrainStatus.Failed, refusal.code


def resume(cluster: Cluster, node: str, failback: ResumeClusterNodeFailbackType) -> None:
    """Resume-ClusterNode. Raises Refusal 5058 for a node that is not paused."""
    member = _member(cluster, node)
    if member.state is not ClusterNodeState.Paused:
        raise Refusal(win32.NODE_NOT_PAUSED)
    member.state = ClusterNodeState.Up
    member.drain_status = ClusterNodeDrainStatus.NotInitiated
    drained, member.drained = member.drained, []
    for group in [g for g in cluster.groups if g.id in drained and g.owner != member.name]:
        allowed = failback is ResumeClusterNodeFailbackType.Immediate or group.common["AutoFailbackType"] == 1
        if failback is not ResumeClusterNodeFailbackType.NoFailback and allowed:
            machine.move_group(cluster, group, member.name)


def node_down(cluster: Cluster, node: str) -> None:
    """The node dies, or its Cluster service stops: its groups come online on another node that can take them.

    `Node.up` and the other services of a dead node are the caller's; call this first, so that the end of the node's
    services is not taken for their failure.
    """
    member = _member(cluster, node)
    if member.running:
        services.stop(cluster.machine_of(member.name), CLUSTER_SERVICE, by_cluster=True)


def node_up(cluster: Cluster, node: str) -> None:
    """The node's Cluster service starts and joins; groups without a living owner come to it."""
    member = _member(cluster, node)
    if not member.running:
        services.start(cluster.machine_of(member.name), CLUSTER_SERVICE, by_cluster=True)


def install_service(server: Node) -> None:
    """The feature's service, stopped."""
    server.files.make_folder(ntpath.dirname(PROGRAM))
    server.files.write(PROGRAM, b"MZ")
    services.create(server, Service(CLUSTER_SERVICE, "Cluster Service", f"{PROGRAM} -s"))


class ClusterService:
    """The process of ClusSvc on one node: its end takes the node out of the cluster."""

    def __init__(self, cluster: Cluster, member: ClusterNode) -> None:
        self.cluster = cluster
        self.member = member

    def stop(self) -> None:
        _leave(self.cluster, self.member)


@service_main("clussvc.exe")
def start_cluster_service(node: Node, arguments: list[str]) -> RunningService:
    """The service control manager starts ClusSvc: the node joins again."""
    cluster = node.estate.cluster
    member = cluster.find_node(node.name) if cluster else None
    if cluster is None or member is None:
        raise ServiceStartFailed(win32.SERVICE_SPECIFIC_ERROR, "The node is a member of no cluster.")
    _join(cluster, member)
    return ClusterService(cluster, member)


def _leave(cluster: Cluster, member: ClusterNode) -> None:
    """All of its groups go offline there; those that another node can take come online there."""
    owned = [g for g in cluster.groups if g.owner == member.name]
    for group in owned:
        machine.take_offline(cluster, cluster.resources_of(group))
    member.state = ClusterNodeState.Down
    for group in owned:
        standby = machine.standby_nodes(cluster, group)
        if standby:
            machine.transfer(cluster, group, standby[0])


def _join(cluster: Cluster, member: ClusterNode) -> None:
    """Groups without a living owner, and those that the node may have back, come to it."""
    member.state = ClusterNodeState.Up
    for group in cluster.groups:
        if group.owner == member.name or not cluster.serves(group.owner):
            machine.transfer(cluster, group, member.name)
        elif group.common["AutoFailbackType"] == 1 and group.preferred_owners[:1] == [member.name]:
            machine.move_group(cluster, group, member.name)


def _member(cluster: Cluster, node: str) -> ClusterNode:
    found = cluster.find_node(node)
    if found is None:
        raise Refusal(win32.NODE_NOT_FOUND)
    return found


def _group(cluster: Cluster, name: str) -> Group:
    found = cluster.find_group(name)
    if found is None:
        raise Refusal(win32.GROUP_NOT_FOUND)
    return found
