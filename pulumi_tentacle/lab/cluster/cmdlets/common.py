"""What every cmdlet of the FailoverClusters module has in common (windows-cluster.md §1.1, §1.5, §1.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, NoReturn, TypeVar

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.cluster import win32
from pulumi_tentacle.lab.cluster.enums import NAMESPACE
from pulumi_tentacle.lab.cluster.state import Cluster, ClusterNode, Group, Network, Resource
from pulumi_tentacle.lab.cluster.win32 import NotModelled, Refusal
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.node.win32 import hresult
from pulumi_tentacle.lab.powershell.cmdlet import Call, Conversion, Enum, Failure, Live, Parameter, anything, cmdlet
from pulumi_tentacle.lab.powershell.values import items_of, like, text_of

T = TypeVar("T")
E = TypeVar("E", bound=IntEnum)

ClusterBody = Callable[[Call, Cluster], Iterable[Any] | None]

REMOTE_WARNING = (
    "If you are running Windows PowerShell remotely, note that some failover clustering cmdlets do not work remotely. "
    "When possible, run the cmdlet locally and specify a remote computer as the target. To run the cmdlet remotely, "
    "try using the Credential Security Service Provider (CredSSP). All additional errors or warnings from this cmdlet "
    "might be caused by running it remotely."
)
NO_OBJECT = "No cluster object was specified."
UNNAMED_OPERATION = "An error occurred while performing the operation."
"""The first line where the real one is not established (§10a)."""

ON_PIPE: dict[str, Parameter] = {"InputObject": Parameter(anything), "Cluster": Parameter()}
"""Parameters of nearly every cmdlet; positions and exceptions in §1.2."""
QUIET: dict[str, Parameter] = {"Reason": Parameter()}
"""A note for the cluster's log; the lab keeps none."""

CONNECTION_ERRORS = {  # outer line and FQID (§1.5)
    win32.ENDPOINT_NOT_REGISTERED: (
        "The cluster service is not running.  Make sure that the service is running on all nodes in the cluster.",
        "ClusterEndpointNotRegistered",
    ),
    win32.RPC_SERVER_UNAVAILABLE: (
        "Check the spelling of the cluster name. Otherwise, there might be a problem with your network. Make sure the "
        "cluster nodes are turned on and connected to the network or contact your network administrator.",
        "ClusterRpcConnection",
    ),
}
NO_PRIVILEGES = (
    "You do not have administrative privileges on the cluster. Contact your network administrator to request access."
)
NOT_FOUND = (win32.RESOURCE_NOT_FOUND, win32.GROUP_NOT_FOUND, win32.NODE_NOT_FOUND, win32.NETWORK_NOT_FOUND)


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of cluster object that cmdlets take by name or from the pipe."""

    type: type[T]
    find: Callable[[Cluster, str], T | None]
    missing: int


GROUP = Kind(Group, Cluster.find_group, win32.GROUP_NOT_FOUND)
RESOURCE = Kind(Resource, Cluster.find_resource, win32.RESOURCE_NOT_FOUND)
NODE = Kind(ClusterNode, Cluster.find_node, win32.NODE_NOT_FOUND)
NETWORK = Kind(Network, Cluster.find_network, win32.NETWORK_NOT_FOUND)


def cluster_cmdlet(name: str, class_name: str, **parameters: Parameter) -> Callable[[ClusterBody], ClusterBody]:
    """Register a cmdlet of this module. `class_name` is without namespace."""

    def register(body: ClusterBody) -> ClusterBody:
        def run(call: Call) -> Iterator[Any]:
            call.warning(REMOTE_WARNING)
            # Get-Cluster names the cluster by -Name, every other cmdlet by -Cluster.
            wanted = call.parameters.get("Cluster" if "Cluster" in parameters else "Name")
            try:
                cluster = _connect(call, wanted)
                yield from body(call, cluster) or ()
            except Refusal as refusal:
                call.error(failure(call, refusal))
            except NotModelled as unknown:
                refuse(call, unknown.what)

        cmdlet(name, f"{NAMESPACE}.{class_name}", **parameters)(run)
        return body

    return register


def delegated(call: Call, cluster: Cluster) -> bool:
    """For cmdlets that ask the other nodes: a logon that cannot go on to them is refused there (§1.7)."""
    if not call.logon.delegated:
        call.error(_second_hop(call, cluster))
    return call.logon.delegated


def failure(call: Call, refusal: Refusal, target: object = None) -> Failure:
    """A ClusterCmdletException: what was done, and the Win32 text on its own line below."""
    outer, error_id = CONNECTION_ERRORS.get(refusal.code, (refusal.outer or UNNAMED_OPERATION, call.name))
    inner = win32.text(refusal.code)
    category = ErrorCategory.NotSpecified
    if refusal.code in CONNECTION_ERRORS:
        category = ErrorCategory.ConnectionError
    elif refusal.code in NOT_FOUND:
        category = ErrorCategory.ObjectNotFound
    return Failure(
        f"{outer}\r\n    {inner}",
        error_id,
        category,
        target,
        f"{NAMESPACE}.ClusterCmdletException",
        hresult(refusal.code),
        inner,
    )


def each(call: Call, items: Iterable[T], action: Callable[[T], Live | None]) -> Iterator[Live]:
    """Do it with each; an error of one does not keep the cmdlet from the next."""
    for item in items:
        try:
            result = action(item)
        except Refusal as refusal:
            call.error(failure(call, refusal, getattr(item, "name", item)))
            continue
        if result is not None:
            yield result


def names_in(call: Call, key: str) -> list[str]:
    """The names that a parameter gives; none when it is absent or null."""
    value = call.parameters.get(key)
    return [] if value is None else list(items_of(value))


def piped(call: Call) -> list[Any] | None:
    """What comes in by the pipe or as -InputObject; None when there is neither."""
    if "InputObject" in call.parameters:
        return list(items_of(call.parameters["InputObject"]))
    return None if call.input is None else list(call.input)


def _holds_nothing(container: object, item: object) -> bool:
    return False


def within(
    call: Call, everything: list[T], *containers: type, holds: Callable[[Any, T], bool] = _holds_nothing
) -> list[T]:
    """What of everything lies in the containers that the pipe brings; all of it without a pipe or for a cluster."""
    values = piped(call)
    if values is None:
        return everything
    entities = [getattr(value, "entity", None) for value in values]
    for value, entity in zip(values, entities, strict=True):
        if not isinstance(entity, (Cluster, *containers)):
            refuse(call, f"{call.name} on a piped '{text_of(value)}'")
    return [item for item in everything if any(isinstance(e, Cluster) or holds(e, item) for e in entities)]


def given(call: Call, cluster: Cluster, kind: Kind[T], key: str = "Name") -> Iterator[T]:
    """The objects to work on: by name, else from the pipe. Without either the cmdlet ends."""
    names = names_in(call, key)
    if names:
        for name in names:
            found = kind.find(cluster, name)
            if found is None:
                call.error(failure(call, Refusal(kind.missing), name))
            else:
                yield found
        return
    values = piped(call)
    if values is None:
        no_object(call)
    for value in values:
        entity = getattr(value, "entity", None)
        if not isinstance(entity, kind.type):
            refuse(call, f"{call.name} on a piped '{text_of(value)}'")
        yield entity


def listed(
    call: Call, kind: Kind[T], everything: list[T], name_of: Callable[[T], str], key: str = "Name"
) -> Iterator[T]:
    """All of them, or those that -Name asks for: a pattern may match none, an exact name must be there (§1.1)."""
    names = names_in(call, key)
    if not names:
        yield from everything
    for name in names:
        found = [item for item in everything if like(name_of(item), name) or name_of(item).lower() == name.lower()]
        if not found and not any(mark in name for mark in "*?["):
            call.error(failure(call, Refusal(kind.missing), name))
        yield from found


def no_object(call: Call) -> NoReturn:
    """§1.1(4): the cmdlet got neither a name nor an object."""
    call.throw(
        Failure(
            NO_OBJECT,
            "PSArgument",
            ErrorCategory.InvalidArgument,
            exception="System.Management.Automation.PSArgumentException",
        )
    )


def confirm(call: Call, question: str) -> None:
    """Ask, unless -Force: where nobody can answer that is a terminating error (§1.1(9))."""
    if not call.parameters.get("Force"):
        call.throw(
            Failure(
                "A command that prompts the user failed because the host program or the command type does not support "
                f"user interaction. The host was attempting to request confirmation with the following message: {question}",
                "HostFunctionNotImplemented",
                ErrorCategory.NotImplemented,
                exception="System.Management.Automation.Host.HostException",
            )
        )


def waits(call: Call) -> bool:
    """-Wait 0 starts and returns at once; any other number, or none, waits (§1.1(10))."""
    return call.parameters.get("Wait") != 0


def enum(members: type[E]) -> Conversion:
    """An enum parameter takes a name or a number (golden/psrp.md)."""

    def convert(value: Any) -> E:
        if isinstance(value, Enum):
            return members(value.number)
        if isinstance(value, int) or str(value).isdigit():
            return members(int(value))
        spelled = next((member for member in members if member.name.lower() == str(value).lower()), None)
        if spelled is None:
            raise ValueError(f"{value} is none of {', '.join(member.name for member in members)}")
        return spelled

    return convert


def _connect(call: Call, wanted: str | None) -> Cluster:
    """The cluster to talk to. Another name than the local node's goes over the network: a second hop (§1.1(2))."""
    cluster, here = call.node.estate.cluster, call.node.name
    local = wanted in (None, "", ".") or (
        cluster is not None and cluster.find_node(str(wanted)) is cluster.find_node(here)
    )
    if local:
        if cluster is None or not cluster.serves(here):
            raise Refusal(win32.ENDPOINT_NOT_REGISTERED)
    else:
        member = cluster.find_node(str(wanted)) if cluster else None
        known = cluster is not None and (str(wanted).lower() == cluster.name.lower() or member is not None)
        if cluster is None or not known or (member is not None and not cluster.serves(member.name)):
            raise Refusal(win32.RPC_SERVER_UNAVAILABLE)
        if not call.logon.delegated:
            raise Refusal(win32.ACCESS_DENIED, NO_PRIVILEGES)
    if call.logon.user.lower() in {user.lower() for user in cluster.denied_users}:
        raise Refusal(win32.ACCESS_DENIED, NO_PRIVILEGES)  # user report U38
    return cluster


def _second_hop(call: Call, cluster: Cluster) -> Failure:
    other = next((n.name for n in cluster.nodes if n.name != call.node.name), call.node.name)
    inner = "Requested registry access is not allowed."
    return Failure(
        f"You do not have administrative privileges on the server '{other}'.\r\n    {inner}",
        call.name,
        ErrorCategory.NotSpecified,
        None,
        f"{NAMESPACE}.ClusterCmdletException",
        hresult(win32.ACCESS_DENIED),
        inner,
    )
