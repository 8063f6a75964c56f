"""The formed cluster that a topology asks for: as New-Cluster -NoStorage leaves it (windows-cluster.md §1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network

from pulumi_tentacle.lab.cluster import configuration, machine, membership
from pulumi_tentacle.lab.cluster.directory import ComputerObject, Directory
from pulumi_tentacle.lab.cluster.enums import ClusterNodeState, GroupType
from pulumi_tentacle.lab.cluster.resource_types import IP_ADDRESS, NETWORK_NAME
from pulumi_tentacle.lab.cluster.state import (
    AVAILABLE_STORAGE,
    CLUSTER_GROUP,
    Cluster,
    ClusterNode,
    Network,
    NetworkInterface,
)
from pulumi_tentacle.lab.world import Estate


def form_cluster(
    estate: Estate, name: str, address: str, nodes: Sequence[str], *, network: str | None = None
) -> Cluster:
    """Form a cluster of the named nodes and put it into the estate.

    `network` (CIDR; default: the /24 of the first node's address) is its one network, static and for clients. The
    cluster's computer object may create others in its container. Raises Refusal as a resource would fail.
    """
    servers = [estate.nodes[n.upper()] for n in nodes]
    directory = Directory(estate.domain)
    container = directory.default_container
    cluster = Cluster(estate, name, directory, container)
    cluster.nodes = [
        ClusterNode(s.name, str(number), ClusterNodeState.Down) for number, s in enumerate(servers, start=1)
    ]
    subnet = IPv4Network(network) if network else IPv4Network(f"{servers[0].address}/24", strict=False)
    cluster.networks = [Network("Cluster Network 1", subnet)]
    cluster.interfaces = [NetworkInterface(s.name, cluster.networks[0], s.address) for s in servers]
    directory.grant_create(cluster.account, container)
    estate.cluster = cluster
    for server in servers:
        directory.add(ComputerObject(server.name, container))
        server.registry.set("Cluster", "ClusterName", name)
        membership.install_service(server)
        membership.node_up(cluster, server.name)
    _add_core_groups(cluster, servers[0].name, address)
    return cluster


def _add_core_groups(cluster: Cluster, owner: str, address: str) -> None:
    core = configuration.add_group(cluster, CLUSTER_GROUP, GroupType.Cluster, owner)
    storage = configuration.add_group(cluster, AVAILABLE_STORAGE, GroupType.AvailableStorage, owner)
    ip = configuration.add_resource(cluster, "Cluster IP Address", IP_ADDRESS, core)
    network = cluster.networks[0]
    ip.private |= {"Address": address, "SubnetMask": str(network.network.netmask), "Network": network.name}
    name = configuration.add_resource(cluster, "Cluster Name", NETWORK_NAME, core)
    name.private |= {"Name": cluster.name, "DnsName": cluster.name}
    name.expression = ((ip,),)
    # The cluster's own object is made by the administrator who forms it, not by the cluster.
    cluster.directory.add(
        ComputerObject(cluster.name, cluster.container, full_control={cluster.account}, keeper=name.id)
    )
    core.core = storage.core = ip.core = name.core = True
    storage.persistent = True
    machine.start_group(cluster, core)
