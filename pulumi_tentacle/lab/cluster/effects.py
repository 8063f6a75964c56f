"""What a resource does to its node when it comes online and goes offline, per type."""

from __future__ import annotations

from ipaddress import IPv4Address

from pulumi_tentacle.lab.cluster import win32
from pulumi_tentacle.lab.cluster.resource_types import (
    GENERIC_SERVICE,
    IP_ADDRESS,
    NETWORK_NAME,
    PHYSICAL_DISK,
)
from pulumi_tentacle.lab.cluster.state import Cluster, Resource
from pulumi_tentacle.lab.cluster.win32 import Refusal
from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.program import ServiceStartFailed
from pulumi_tentacle.lab.world import Node

LONGEST_NAME = 15  # NetBIOS (windows-cluster.md §2.1)


def bring_online(cluster: Cluster, resource: Resource, node: Node) -> None:
    """Raises Refusal with the error that ends up in LastOperationStatusCode."""
    # The saved trees are written over the node's registry before anything of the resource starts (§3).
    for checkpoint in resource.checkpoints:
        node.registry.restore(checkpoint.key, checkpoint.tree)
    ONLINE[resource.type.name](cluster, resource, node)


def take_offline(cluster: Cluster, resource: Resource, node: Node) -> None:
    """Undo what `bring_online` did; also after a failure, when part of it may be gone already."""
    OFFLINE[resource.type.name](cluster, resource, node)
    resource.held = ""


def save_checkpoints(resource: Resource, node: Node) -> None:
    """Take the owner's present trees.

    A real cluster saves each change while the resource is Online (§3); the last one is what the next online sees,
    so it is enough to look when the resource leaves Online.
    """
    for checkpoint in resource.checkpoints:
        checkpoint.tree = node.registry.subtree(checkpoint.key)


def _address_online(cluster: Cluster, resource: Resource, node: Node) -> None:
    if resource.private["EnableDhcp"]:
        node.unknown["IP Address resource with DHCP"] = node.unknown.get("IP Address resource with DHCP", 0) + 1
        raise Refusal(win32.NOT_SUPPORTED)
    network = cluster.find_network(resource.text("Network"))
    address = resource.text("Address")
    if network is None or not network.for_clients or not address or IPv4Address(address) not in network.network:
        raise Refusal(win32.NETWORK_NOT_FOUND_FOR_IP)
    if not any(i.node == node.name and i.network is network for i in cluster.interfaces):
        raise Refusal(win32.NETWORK_NOT_FOUND_FOR_IP)
    used = {a for other in cluster.estate.nodes.values() if other.up for a in other.addresses}
    if address in used | cluster.foreign_addresses:
        raise Refusal(win32.ADDRESS_IN_USE)
    resource.held = address
    node.change_cluster_addresses({address}, set())


def _address_offline(cluster: Cluster, resource: Resource, node: Node) -> None:
    node.change_cluster_addresses(set(), {resource.held})


def _name_online(cluster: Cluster, resource: Resource, node: Node) -> None:
    if not any(p.type is IP_ADDRESS and p.online for p in resource.providers):
        raise Refusal(win32.DEPENDENCY_NOT_FOUND)
    name = resource.text("Name")
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refusal(win32.INVALID_COMPUTERNAME)
    computer = cluster.directory.claim(name, cluster.account, cluster.container, resource.id)
    resource.private["ObjectGUID"] = computer.guid
    resource.held = name


def _disk_online(cluster: Cluster, resource: Resource, node: Node) -> None:
    lun = resource.lun
    if lun is None or node.name not in lun.seen_by:
        raise Refusal(win32.FILE_NOT_FOUND)
    # §4.4: the letter must be free on every node. Which code Windows gives is not established.
    if any(p.letter.upper() in node.drives for p in lun.partitions if p.letter):
        raise Refusal(win32.ALREADY_ASSIGNED)
    # The reservation of the owner shuts every other node out (§4.4).
    lun.online_on = {node.name}
    lun.read_only = False


def _disk_offline(cluster: Cluster, resource: Resource, node: Node) -> None:
    if resource.lun is not None:
        resource.lun.online_on.discard(node.name)


def _service_online(cluster: Cluster, resource: Resource, node: Node) -> None:
    name = resource.text("ServiceName")
    service = node.services.get(name.lower())
    if service is None:
        raise Refusal(win32.SERVICE_DOES_NOT_EXIST)
    if service.process is not None:
        # A process that runs already is not adopted (§2.3: "do not rely on adoption").
        services.stop(node, name, by_cluster=True)
    resource.held = name
    try:
        services.start(node, name, by_cluster=True)
    except ServiceStartFailed as failed:
        raise Refusal(failed.code) from failed


def _service_offline(cluster: Cluster, resource: Resource, node: Node) -> None:
    service = node.services.get(resource.held.lower())
    if service is not None and service.process is not None:
        services.stop(node, resource.held, by_cluster=True)


def _nothing(cluster: Cluster, resource: Resource, node: Node) -> None:
    """A name leaves nothing behind on the node."""


ONLINE = {
    IP_ADDRESS.name: _address_online,
    NETWORK_NAME.name: _name_online,
    PHYSICAL_DISK.name: _disk_online,
    GENERIC_SERVICE.name: _service_online,
}
OFFLINE = {
    IP_ADDRESS.name: _address_offline,
    NETWORK_NAME.name: _nothing,
    PHYSICAL_DISK.name: _disk_offline,
    GENERIC_SERVICE.name: _service_offline,
}
