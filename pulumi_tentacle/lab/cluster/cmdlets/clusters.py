"""Get-Cluster, Get-ClusterNetwork, Get-ClusterNetworkInterface, Get-ClusterQuorum."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_tentacle.lab.cluster.cmdlets.common import NETWORK, ON_PIPE, cluster_cmdlet, listed, names_in, within
from pulumi_tentacle.lab.cluster.objects import cluster_object, interface_object, network_object, quorum_object
from pulumi_tentacle.lab.cluster.state import Cluster, NetworkInterface
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, Parameter, texts
from pulumi_tentacle.lab.powershell.values import like


@cluster_cmdlet("Get-Cluster", "GetClusterCommand", Name=Parameter(position=0))
def get_cluster(call: Call, cluster: Cluster) -> Iterator[Live]:
    yield cluster_object(cluster)


@cluster_cmdlet("Get-ClusterNetwork", "GetClusterNetworkCommand", Name=Parameter(texts, position=0), **ON_PIPE)
def get_cluster_network(call: Call, cluster: Cluster) -> Iterator[Live]:
    for network in listed(call, NETWORK, within(call, cluster.networks), lambda n: n.name):
        yield network_object(cluster, network)


@cluster_cmdlet(
    "Get-ClusterNetworkInterface",
    "GetClusterNetworkInterfaceCommand",
    Name=Parameter(texts, position=0),
    Node=Parameter(texts),
    Network=Parameter(texts),
    **ON_PIPE,
)
def get_cluster_network_interface(call: Call, cluster: Cluster) -> Iterator[Live]:
    def wanted(interface: NetworkInterface) -> bool:
        actual = {"Name": interface.name, "Node": interface.node, "Network": interface.network.name}
        asked = {key: names_in(call, key) for key in actual}
        return all(not names or any(like(actual[key], n) for n in names) for key, names in asked.items())

    for interface in filter(wanted, within(call, cluster.interfaces)):
        yield interface_object(cluster, interface)


@cluster_cmdlet(
    "Get-ClusterQuorum", "GetClusterQuorumCommand", Cluster=Parameter(position=0), InputObject=ON_PIPE["InputObject"]
)
def get_cluster_quorum(call: Call, cluster: Cluster) -> Iterator[Live]:
    for each in within(call, [cluster]):
        yield quorum_object(each)
