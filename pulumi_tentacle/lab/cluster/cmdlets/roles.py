"""Add-ClusterGenericServiceRole: a whole role at once, for logons that can go on to the other nodes (§1.7, §2)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.cluster import configuration, machine, win32
from pulumi_tentacle.lab.cluster.cmdlets.common import ON_PIPE, cluster_cmdlet, delegated, waits
from pulumi_tentacle.lab.cluster.enums import NAMESPACE, ClusterGroupState, GroupType
from pulumi_tentacle.lab.cluster.objects import group_object
from pulumi_tentacle.lab.cluster.resource_types import GENERIC_SERVICE, IP_ADDRESS, NETWORK_NAME
from pulumi_tentacle.lab.cluster.state import AVAILABLE_STORAGE, Cluster, Group, Network, Resource
from pulumi_tentacle.lab.cluster.win32 import NotModelled, Refusal
from pulumi_tentacle.lab.powershell.cmdlet import Call, Failure, Live, Parameter, integer, texts

ROLE_ISSUES = (
    "There were issues while creating the clustered role that may prevent it from starting. For more information view "
    "the report file below."
)


@cluster_cmdlet(
    "Add-ClusterGenericServiceRole",
    "AddClusterGenericServiceRoleCommand",
    ServiceName=Parameter(mandatory=True),
    Name=Parameter(position=0),
    CheckpointKey=Parameter(texts),
    Storage=Parameter(texts),
    StaticAddress=Parameter(texts),
    IgnoreNetwork=Parameter(texts),
    Wait=Parameter(integer),
    **ON_PIPE,
)
def add_cluster_generic_service_role(call: Call, cluster: Cluster) -> Iterator[Live]:
    """A role that does not come online is returned all the same, with a warning (§2.4)."""
    if not delegated(call, cluster):
        return
    name = call.parameters.get("Name")
    if not name:
        raise NotModelled("the default name of a Generic Service role")
    service = call.node.services.get(call.parameters["ServiceName"].lower())
    if service is None:
        raise Refusal(win32.SERVICE_DOES_NOT_EXIST)
    addresses = _addresses(call, cluster)
    disks = [_disk(cluster, disk) for disk in call.parameters.get("Storage") or []]
    group = configuration.add_group(cluster, name, GroupType.GenericService, call.node.name)
    network_name = _add_name(cluster, group, addresses)
    for disk in disks:
        machine.take_offline(cluster, [disk])
        configuration.change_group(cluster, disk, group)
    role = configuration.add_resource(cluster, service.display_name, GENERIC_SERVICE, group)
    role.private["ServiceName"] = service.name
    role.expression = ((network_name,), *((disk,) for disk in disks))
    for key in call.parameters.get("CheckpointKey") or []:
        configuration.add_checkpoint(cluster, role, key)
    try:
        machine.start_group(cluster, group)
    except Refusal:
        call.warning(ROLE_ISSUES)
    yield group_object(cluster, group, state=None if waits(call) else ClusterGroupState.Pending)


def _addresses(call: Call, cluster: Cluster) -> list[tuple[Network, str]]:
    """One address for each static client network that is not ignored."""
    ignored = set(call.parameters.get("IgnoreNetwork") or [])
    networks = [n for n in cluster.networks if n.for_clients and not n.dhcp and str(n.network) not in ignored]
    given = call.parameters.get("StaticAddress") or []
    chosen = [(n, a) for a in given for n in networks if _lies_in(a, n)]
    for address in given:
        if address not in [a for _, a in chosen]:
            _invalid(call, f"Static address '{address}' was not found on any cluster network.")
    for network in networks:
        if network not in [n for n, _ in chosen]:
            _invalid(
                call,
                f"Static network {network.network} was not configured. Please use -StaticAddress to use this network or "
                "use -IgnoreNetwork to ignore it.",
            )
    return chosen


def _lies_in(address: str, network: Network) -> bool:
    try:
        return IPv4Address(address) in network.network
    except AddressValueError:
        return False


def _invalid(call: Call, message: str) -> None:
    call.throw(
        Failure(
            message, "InvalidOperation", ErrorCategory.InvalidOperation, None, f"{NAMESPACE}.ClusterCmdletException"
        )
    )


def _disk(cluster: Cluster, name: str) -> Resource:
    found = cluster.find_resource(name)
    if found is None or found.lun is None or found.group.name != AVAILABLE_STORAGE:
        raise Refusal(win32.RESOURCE_NOT_FOUND)
    return found


def _add_name(cluster: Cluster, group: Group, addresses: list[tuple[Network, str]]) -> Resource:
    """The network name with its addresses, any one of which is enough."""
    providers = []
    for network, address in addresses:
        ip = configuration.add_resource(cluster, f"IP Address {address}", IP_ADDRESS, group)
        ip.private |= {"Address": address, "SubnetMask": str(network.network.netmask), "Network": network.name}
        providers.append(ip)
    name = configuration.add_resource(cluster, group.name, NETWORK_NAME, group)
    name.private |= {"Name": group.name, "DnsName": group.name}
    name.expression = (tuple(providers),) if providers else ()
    return name
