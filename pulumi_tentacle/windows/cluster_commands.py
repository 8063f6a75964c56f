"""Changes to a failover cluster, each one cmdlet that works over plain WinRM (windows-cluster.md §1.7, §2.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pulumi_tentacle.errors import CmdletFailed
from pulumi_tentacle.remoting.commands import Value, command
from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.windows.cluster_queries import is_missing

WAIT_SECONDS = 180  # PendingTimeout of a resource is three minutes by default
_DEADLINE = 240.0
_ALREADY_EXISTS = 183  # ERROR_ALREADY_EXISTS: the checkpoint is there


def add_group(node: Node, name: str) -> None:
    """Make an empty role of the kind Generic Service."""
    node.call(command("Add-ClusterGroup", Name=name, GroupType="GenericService") | command("Out-Null"))


def add_resource(node: Node, name: str, kind: str, group: str) -> None:
    """Add a resource, offline, to a group."""
    node.call(command("Add-ClusterResource", Name=name, ResourceType=kind, Group=group) | command("Out-Null"))


def set_parameters(node: Node, resource: str, parameters: Mapping[str, Value]) -> None:
    """Set private properties together (an address and its mask must change at once)."""
    node.call(
        command("Get-ClusterResource", Name=resource) | command("Set-ClusterParameter", Multiple=dict(parameters))
    )


def set_dependency(node: Node, resource: str, expression: str) -> None:
    """Replace what a resource depends on: `([A]) and ([B])`."""
    node.call(command("Set-ClusterResourceDependency", Resource=resource, Dependency=expression))


def set_possible_owners(node: Node, resource: str, nodes: Sequence[str]) -> None:
    """Let only these nodes run the resource."""
    node.call(command("Set-ClusterOwnerNode", Resource=resource, Owners=list(nodes)))


def set_preferred_owners(node: Node, group: str, nodes: Sequence[str]) -> None:
    """The order in which nodes should run the group."""
    node.call(command("Set-ClusterOwnerNode", Group=group, Owners=list(nodes)))


def set_group_property(node: Node, group: str, name: str, value: int) -> None:
    """Assign a common property of a group."""
    node.call(
        command("Get-ClusterGroup", Name=group)
        | command("ForEach-Object", MemberName=f"set_{name}", ArgumentList=value)
    )


def set_resource_property(node: Node, resource: str, name: str, value: int) -> None:
    """Assign a common property of a resource."""
    node.call(
        command("Get-ClusterResource", Name=resource)
        | command("ForEach-Object", MemberName=f"set_{name}", ArgumentList=value)
    )


def add_checkpoint(node: Node, resource: str, key: str) -> None:
    """Replicate a registry key below HKLM with the resource; one that is there is no error."""
    try:
        node.call(command("Add-ClusterCheckpoint", ResourceName=resource, RegistryCheckpoint=key) | command("Out-Null"))
    except CmdletFailed as error:
        if error.hresult is None or error.hresult & 0xFFFF != _ALREADY_EXISTS:
            raise


def move_resource(node: Node, resource: str, group: str) -> None:
    """Put a resource into another group, which must be on the same node if the resource is online."""
    node.call(command("Move-ClusterResource", Name=resource, Group=group) | command("Out-Null"), deadline=_DEADLINE)


def move_group(node: Node, group: str, to: str) -> None:
    """A planned move; it does not count as a failure."""
    node.call(
        command("Move-ClusterGroup", Name=group, Node=to, Wait=WAIT_SECONDS) | command("Out-Null"), deadline=_DEADLINE
    )


def start_resource(node: Node, resource: str) -> None:
    """Bring a resource online. The cmdlet may come back before it is, or when it has failed: read its state."""
    node.call(
        command("Start-ClusterResource", Name=resource, Wait=WAIT_SECONDS) | command("Out-Null"), deadline=_DEADLINE
    )


def stop_resource(node: Node, resource: str) -> None:
    """Take a resource and what depends on it offline."""
    node.call(
        command("Stop-ClusterResource", Name=resource, Wait=WAIT_SECONDS) | command("Out-Null"), deadline=_DEADLINE
    )


def stop_group(node: Node, group: str) -> None:
    """Take all of a group offline."""
    node.call(command("Stop-ClusterGroup", Name=group, Wait=WAIT_SECONDS) | command("Out-Null"), deadline=_DEADLINE)


def remove_group(node: Node, group: str) -> None:
    """Remove a group with its resources; one that is not there is no error. Move disks out before."""
    try:
        node.call(command("Remove-ClusterGroup", Name=group, RemoveResources=True, Force=True), deadline=_DEADLINE)
    except CmdletFailed as error:
        if not is_missing(error):
            raise


def remove_resource(node: Node, resource: str) -> None:
    """Remove a resource; one that is not there is no error."""
    try:
        node.call(command("Remove-ClusterResource", Name=resource, Force=True), deadline=_DEADLINE)
    except CmdletFailed as error:
        if not is_missing(error):
            raise


def add_disk(node: Node, unique_id: str) -> str:
    """Make a disk a cluster disk, in Available Storage. Answers the name of its resource."""
    (made,) = node.call(
        command("Get-Disk", UniqueId=unique_id)
        | command("Add-ClusterDisk")
        | command("Select-Object", Property=["Name"]),
        deadline=_DEADLINE,
    )
    return str(made["Name"])
