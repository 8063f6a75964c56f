"""The live objects that cluster cmdlets give out, with the properties of windows-cluster.md §1.4.

The types of numbers are those of the real module's properties (reference source [ST]).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psrpcore.types import PSUInt, PSUInt64

from pulumi_tentacle.lab.cluster.enums import (
    NAMESPACE,
    AdminAccessPoint,
    ClusterGroupState,
    ClusterNetworkInterfaceState,
    ClusterNetworkState,
    ClusterNodeDrainStatus,
    ClusterNodeFailbackStatus,
    ClusterNodeState,
    ClusterNodeStatusInformation,
    ClusterParameterType,
    ClusterResourceState,
    NodeType,
    dotnet,
    no_flags,
)
from pulumi_tentacle.lab.cluster.resource_types import ResourceType, Value
from pulumi_tentacle.lab.cluster.state import (
    Checkpoint,
    Cluster,
    ClusterNode,
    Group,
    Network,
    NetworkInterface,
    Resource,
)
from pulumi_tentacle.lab.powershell.cmdlet import Enum, Live
from pulumi_tentacle.lab.world import Lun

STATUS_OF_DRAIN = {
    ClusterNodeDrainStatus.NotInitiated: ClusterNodeStatusInformation.Normal,
    ClusterNodeDrainStatus.InProgress: ClusterNodeStatusInformation.DrainInProgress,
    ClusterNodeDrainStatus.Completed: ClusterNodeStatusInformation.DrainCompleted,
    ClusterNodeDrainStatus.Failed: ClusterNodeStatusInformation.DrainFailed,
}


def cluster_object(cluster: Cluster) -> Live:
    return _live(
        "Cluster",
        cluster.name,
        cluster,
        Name=cluster.name,
        Domain=cluster.estate.domain,
        Id=cluster.id,
        Description="",
        AdministrativeAccessPoint=dotnet(AdminAccessPoint.ActiveDirectoryAndDns),
        SameSubnetDelay=PSUInt(1000),
        SameSubnetThreshold=PSUInt(20),
        CrossSubnetDelay=PSUInt(1000),
        CrossSubnetThreshold=PSUInt(20),
        QuarantineDuration=PSUInt(7200),
        QuarantineThreshold=PSUInt(3),
        DynamicQuorum=PSUInt(1),
    )


def node_object(cluster: Cluster, node: ClusterNode, *, drain: ClusterNodeDrainStatus | None = None) -> Live:
    """`drain`: the status to show instead of the present one, for a drain that goes on in the background."""
    status = drain or node.drain_status
    return _live(
        "ClusterNode",
        node.name,
        node,
        Name=node.name,
        NodeName=node.name,
        Id=node.id,
        State=dotnet(node.state if cluster.serves(node.name) else ClusterNodeState.Down),
        StatusInformation=dotnet(STATUS_OF_DRAIN[status]),
        DrainStatus=dotnet(status),
        DrainTarget=PSUInt(0xFFFFFFFF),
        DrainErrorCode=PSUInt(node.drain_error),
        FailbackStatus=dotnet(ClusterNodeFailbackStatus.NotInitiated),
        NodeWeight=PSUInt(1),
        DynamicWeight=PSUInt(1),
        Type=dotnet(NodeType.Node),
        Cluster=cluster_object(cluster),
    )


def group_object(cluster: Cluster, group: Group, *, state: ClusterGroupState | None = None) -> Live:
    """`state`: what to show instead of the present state, for a call that did not wait."""
    owner = cluster.find_node(group.owner)
    live = _live(
        "ClusterGroup",
        group.name,
        group,
        Name=group.name,
        Id=group.id,
        State=dotnet(state if state is not None else cluster.state_of(group)),
        OwnerNode=node_object(cluster, owner) if owner else None,
        GroupType=dotnet(group.type),
        IsCoreGroup=group.core,
        PersistentState=PSUInt(group.persistent),
        StatusInformation=no_flags("ClusterApplicationStatusInformation"),
        LockedFromMoving=PSUInt(0),
        Description="",
        Cluster=cluster_object(cluster),
    )
    _add_common(live, group.common)
    return live


def resource_object(cluster: Cluster, resource: Resource, *, state: ClusterResourceState | None = None) -> Live:
    """`state`: what to show instead of the present state, for a call that did not wait."""
    owner = cluster.find_node(resource.owner)
    live = _live(
        "ClusterResource",
        resource.name,
        resource,
        Name=resource.name,
        Id=resource.id,
        State=dotnet(state if state is not None else resource.state),
        OwnerGroup=group_object(cluster, resource.group),
        OwnerNode=node_object(cluster, owner) if owner else None,
        ResourceType=type_object(cluster, resource.type),
        IsCoreResource=resource.core,
        IsNetworkClassResource=resource.type.network_class,
        IsStorageClassResource=resource.type.storage_class,
        MaintenanceMode=False,
        PersistentState=PSUInt(resource.persistent),
        SeparateMonitor=False,
        LastOperationStatusCode=PSUInt64(resource.status_code),
        ResourceSpecificStatus="",
        StatusInformation=no_flags("ClusterResourceStatusInformation"),
        Description="",
        Cluster=cluster_object(cluster),
    )
    _add_common(live, resource.common)
    return live


def type_object(cluster: Cluster, kind: ResourceType) -> Live:
    return _live(
        "ClusterResourceType",
        kind.name,
        kind,
        Name=kind.name,
        DisplayName=kind.name,
        Cluster=cluster_object(cluster),
    )


def parameter_object(cluster: Cluster, resource: Resource, name: str, value: Value) -> Live:
    declared = resource.type.properties[name]
    return _live(
        "ClusterParameter",
        name,
        (resource, name),
        ClusterObject=resource_object(cluster, resource),
        Name=name,
        IsReadOnly=declared.read_only,
        ParameterType=dotnet(declared.type),
        Value=PSUInt(value) if declared.type is ClusterParameterType.UInt32 else value,
    )


def dependency_object(cluster: Cluster, resource: Resource, expression: str) -> Live:
    return _live(
        "ClusterResourceDependency",
        f"{NAMESPACE}.ClusterResourceDependency",
        resource,
        Resource=resource_object(cluster, resource),
        DependencyExpression=expression,
    )


def owners_object(cluster: Cluster, of: Live, names: list[str]) -> Live:
    members = [cluster.find_node(name) for name in names]
    return _live(
        "ClusterOwnerNodeList",
        f"{NAMESPACE}.ClusterOwnerNodeList",
        of.entity,
        ClusterObject=of,
        OwnerNodes=[node_object(cluster, member) for member in members if member],
    )


def checkpoint_object(cluster: Cluster, resource: Resource, checkpoint: Checkpoint) -> Live:
    return _live(
        "ClusterRegistryCheckpoint",
        checkpoint.key,
        (resource, checkpoint),
        Resource=resource_object(cluster, resource),
        Name=checkpoint.key,
    )


def disk_info_object(cluster: Cluster, lun: Lun, node: str, name: str) -> Live:
    """`node`: the one that asks; the number is the disk's number there."""
    return _live(
        "ClusterDiskInfo",
        name,
        lun,
        Cluster=cluster_object(cluster),
        Id=lun.guid,
        Name=name,
        Number=PSUInt(lun.seen_by.get(node, 0)),
        Size=PSUInt64(lun.size),
        Partitions=[
            _live("ClusterDiskPartitionInfo", f"{NAMESPACE}.ClusterDiskPartitionInfo", p) for p in lun.partitions
        ],
    )


def network_object(cluster: Cluster, network: Network) -> Live:
    subnet = network.network
    return _live(
        "ClusterNetwork",
        network.name,
        network,
        Name=network.name,
        Id=network.id,
        Address=str(subnet.network_address),
        AddressMask=str(subnet.netmask),
        Role=dotnet(network.role),
        State=dotnet(ClusterNetworkState.Up),
        Metric=PSUInt(70384),
        AutoMetric=True,
        Ipv4Addresses=[str(subnet.network_address)],
        Ipv4PrefixLengths=[PSUInt(subnet.prefixlen)],
        Ipv6Addresses=[],
        Ipv6PrefixLengths=[],
        Description="",
        Cluster=cluster_object(cluster),
    )


def interface_object(cluster: Cluster, interface: NetworkInterface) -> Live:
    up = cluster.machine_of(interface.node).up
    state = ClusterNetworkInterfaceState.Up if up else ClusterNetworkInterfaceState.Unavailable
    return _live(
        "ClusterNetworkInterface",
        interface.name,
        interface,
        Name=interface.name,
        Id=interface.id,
        Node=interface.node,
        Network=network_object(cluster, interface.network),
        Adapter=interface.adapter,
        Address=interface.address,
        DhcpEnabled=PSUInt(interface.network.dhcp),
        Ipv4Addresses=[interface.address],
        Ipv6Addresses=[],
        State=dotnet(state),
        Cluster=cluster_object(cluster),
    )


def quorum_object(cluster: Cluster) -> Live:
    resource = cluster.quorum_resource
    return _live(
        "ClusterQuorumSettings",
        f"{NAMESPACE}.ClusterQuorumSettings",
        cluster,
        Cluster=cluster_object(cluster),
        QuorumResource=resource_object(cluster, resource) if resource else None,
        QuorumType=dotnet(cluster.quorum_type),
    )


def _live(type_name: str, text: str, entity: object, **properties: Any) -> Live:
    return Live((f"{NAMESPACE}.{type_name}", "System.Object"), text, properties, entity)


def _add_common(live: Live, common: dict[str, int]) -> None:
    """Common properties are changed by assigning on the live object (§1.1); it takes effect at once."""
    for name, number in common.items():
        live.properties[name] = PSUInt(number)
        live.setters[name] = _setter(live, common, name)


def _setter(live: Live, common: dict[str, int], name: str) -> Callable[[Any], None]:
    def assign(value: Any) -> None:
        number = PSUInt(value.number if isinstance(value, Enum) else value)
        common[name] = int(number)
        live.properties[name] = number

    return assign
