"""Get- and Set-ClusterParameter: private properties, by the pipe only (windows-cluster.md §1.1(4), §1.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from psrpcore.types import PSUInt

from pulumi_tentacle.lab.cluster import win32
from pulumi_tentacle.lab.cluster.cmdlets.common import ON_PIPE, RESOURCE, cluster_cmdlet, each, failure, given
from pulumi_tentacle.lab.cluster.enums import ClusterParameterType
from pulumi_tentacle.lab.cluster.objects import parameter_object
from pulumi_tentacle.lab.cluster.resource_types import IP_ADDRESS, Value
from pulumi_tentacle.lab.cluster.state import Cluster, Resource
from pulumi_tentacle.lab.cluster.win32 import Refusal
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, Parameter, anything, texts
from pulumi_tentacle.lab.powershell.values import find, like, text_of


@cluster_cmdlet("Get-ClusterParameter", "GetParameterCommand", Name=Parameter(texts, position=0), **ON_PIPE)
def get_cluster_parameter(call: Call, cluster: Cluster) -> Iterator[Live]:
    wanted = call.parameters.pop("Name", None) or ["*"]
    for resource in given(call, cluster, RESOURCE):
        for pattern in wanted:
            found = [name for name in resource.private if like(name, pattern)]
            if not found:
                call.error(failure(call, Refusal(win32.INVALID_PARAMETER), pattern))
            for name in found:
                yield parameter_object(cluster, resource, name, resource.private[name])


@cluster_cmdlet(
    "Set-ClusterParameter",
    "SetParameterCommand",
    Name=Parameter(position=0),
    Value=Parameter(anything, position=1),
    Multiple=Parameter(anything),
    **ON_PIPE,
)
def set_cluster_parameter(call: Call, cluster: Cluster) -> Iterator[Live]:
    """All values of a call are stored together or none. An online resource works on with the old ones (5024)."""
    name = call.parameters.pop("Name", None)
    changes: Mapping[str, Any] = call.parameters.get("Multiple") or {}
    if name is not None:
        changes = {name: call.parameters.get("Value")}

    def change(resource: Resource) -> None:
        resource.private |= dict(_checked(cluster, resource, key, value) for key, value in changes.items())
        if resource.online:
            call.warning(win32.text(win32.PROPERTIES_STORED) + ".")

    yield from each(call, given(call, cluster, RESOURCE), change)


def _checked(cluster: Cluster, resource: Resource, key: str, value: Any) -> tuple[str, Value]:
    """The property as it is spelled, and the value in its type."""
    name = find(resource.type.properties, key)
    if name is None or resource.type.properties[name].read_only:
        raise Refusal(win32.INVALID_PARAMETER)
    if resource.type.properties[name].type is ClusterParameterType.UInt32:
        try:
            return name, int(PSUInt(value))
        except (TypeError, ValueError) as error:
            raise Refusal(win32.INVALID_PARAMETER) from error
    text = text_of(value)
    if resource.type is IP_ADDRESS:
        _check_address(cluster, name, text)
    return name, text


def _check_address(cluster: Cluster, name: str, text: str) -> None:
    """An address has no prefix length, and a network is named as the cluster names it."""
    if name == "Network":
        if cluster.find_network(text) is None:
            raise Refusal(win32.NETWORK_NOT_FOUND)
        return
    try:
        IPv4Address(text)
    except AddressValueError as error:
        raise Refusal(win32.INVALID_PARAMETER) from error
