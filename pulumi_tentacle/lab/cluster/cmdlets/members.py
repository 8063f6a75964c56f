"""Get-ClusterNode, Suspend-ClusterNode, Resume-ClusterNode."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_tentacle.lab.cluster import membership
from pulumi_tentacle.lab.cluster.cmdlets.common import (
    NODE,
    ON_PIPE,
    QUIET,
    cluster_cmdlet,
    each,
    enum,
    given,
    listed,
    within,
)
from pulumi_tentacle.lab.cluster.enums import ClusterNodeDrainStatus, ResumeClusterNodeFailbackType
from pulumi_tentacle.lab.cluster.objects import node_object
from pulumi_tentacle.lab.cluster.state import Cluster, ClusterNode
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, Parameter, switch, texts


@cluster_cmdlet("Get-ClusterNode", "GetNodeCommand", Name=Parameter(texts, position=0), **ON_PIPE)
def get_cluster_node(call: Call, cluster: Cluster) -> Iterator[Live]:
    for node in listed(call, NODE, within(call, cluster.nodes), lambda n: n.name):
        yield node_object(cluster, node)


@cluster_cmdlet(
    "Suspend-ClusterNode",
    "SuspendClusterNodeCommand",
    Name=Parameter(texts, position=0),
    TargetNode=Parameter(position=1),
    Drain=Parameter(switch),
    ForceDrain=Parameter(switch),
    Wait=Parameter(switch),
    **ON_PIPE,
    **QUIET,
)
def suspend_cluster_node(call: Call, cluster: Cluster) -> Iterator[Live]:
    """Without -Wait (here a switch) a drain goes on in the background (§1.1(10)): what returns says InProgress."""
    force = bool(call.parameters.get("ForceDrain"))
    drain = force or bool(call.parameters.get("Drain"))

    def suspend(node: ClusterNode) -> Live:
        membership.pause(cluster, node.name, drain=drain, target=call.parameters.get("TargetNode"), force=force)
        in_background = drain and not call.parameters.get("Wait")
        return node_object(cluster, node, drain=ClusterNodeDrainStatus.InProgress if in_background else None)

    yield from each(call, given(call, cluster, NODE), suspend)


@cluster_cmdlet(
    "Resume-ClusterNode",
    "ResumeClusterNodeCommand",
    Name=Parameter(texts, position=0),
    Failback=Parameter(enum(ResumeClusterNodeFailbackType), position=1),
    **ON_PIPE,
    **QUIET,
)
def resume_cluster_node(call: Call, cluster: Cluster) -> Iterator[Live]:
    """Without -Failback the drained roles return at once (§1.5)."""
    failback = call.parameters.get("Failback", ResumeClusterNodeFailbackType.Immediate)

    def resume(node: ClusterNode) -> Live:
        membership.resume(cluster, node.name, failback)
        return node_object(cluster, node)

    yield from each(call, given(call, cluster, NODE), resume)
