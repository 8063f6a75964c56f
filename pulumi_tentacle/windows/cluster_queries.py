"""What a failover cluster is made of, read on one of its nodes over plain WinRM (no delegation needed)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_tentacle.errors import CmdletFailed
from pulumi_tentacle.remoting.commands import command
from pulumi_tentacle.remoting.node import Answer
from pulumi_tentacle.windows.queries import Query

# The Cluster service does not run here, or there is none (windows-cluster.md §1.5); or no cmdlets at all.
_NO_CLUSTER = frozenset({"ClusterEndpointNotRegistered", "CommandNotFoundException"})

GENERIC_SERVICE, NETWORK_NAME, IP_ADDRESS, PHYSICAL_DISK = (
    "Generic Service",
    "Network Name",
    "IP Address",
    "Physical Disk",
)
AVAILABLE_STORAGE = "Available Storage"


@dataclass(frozen=True)
class Group:
    """A role, or one of the cluster's own groups. `state` is Online, Offline, Failed, PartialOnline or Pending."""

    name: str
    state: str
    owner: str
    core: bool


@dataclass(frozen=True)
class Resource:
    """A cluster resource; `type` as in `Generic Service`, `error` the Win32 code of its last operation."""

    name: str
    state: str
    type: str
    group: str
    owner: str
    error: int = 0

    @property
    def online(self) -> bool:
        """True when it is up."""
        return self.state == "Online"


@dataclass(frozen=True)
class Network:
    """A network of the cluster. `client` if roles may have addresses on it; `dhcp` if its addresses come from there."""

    name: str
    address: str
    mask: str
    client: bool
    dhcp: bool


@dataclass(frozen=True)
class Membership:
    """The cluster that a node belongs to. `nodes` maps names (upper case) to states (Up, Down, Paused, Joining)."""

    name: str
    id: str
    domain: str
    nodes: dict[str, str]


@dataclass(frozen=True)
class Overview(Membership):
    """The cluster as a whole."""

    groups: tuple[Group, ...]
    resources: tuple[Resource, ...]

    def group(self, name: str) -> Group | None:
        """The group of this name; case does not matter."""
        return next((g for g in self.groups if g.name.lower() == name.lower()), None)

    def resource(self, name: str) -> Resource | None:
        """The resource of this name; case does not matter."""
        return next((r for r in self.resources if r.name.lower() == name.lower()), None)

    def of_type(self, kind: str) -> list[Resource]:
        """All resources of a type."""
        return [r for r in self.resources if r.type == kind]


@dataclass(frozen=True)
class Details:
    """Private properties and relations of one resource."""

    parameters: dict[str, Any]
    dependency: str
    checkpoints: tuple[str, ...]
    owners: tuple[str, ...] = field(default=())


def membership() -> Query[Membership | None]:
    """The cluster that this node belongs to; None if it belongs to none (or its Cluster service is stopped)."""

    return Query(
        (
            command("Get-Cluster") | command("Select-Object", Property=["Name", "Id", "Domain"]),
            command("Get-ClusterNode") | command("Select-Object", Property=["Name", "State"]),
        ),
        _membership,
    )


def _membership(answers: Sequence[Answer]) -> Membership | None:
    cluster, nodes = answers
    if cluster.error is not None and cluster.error.error_id in _NO_CLUSTER:
        return None
    (found,) = cluster.objects
    states = {str(n["Name"]).upper(): str(n["State"]) for n in nodes.objects}
    return Membership(str(found["Name"]), str(found["Id"]), str(found["Domain"]), states)


def generic_services() -> Query[tuple[Resource, ...]]:
    """The cluster's resources that run Windows services; none where there is no cluster."""

    def parse(answers: Sequence[Answer]) -> tuple[Resource, ...]:
        (answer,) = answers
        if answer.error is not None and answer.error.error_id in _NO_CLUSTER:
            return ()
        return tuple(
            Resource(
                str(r["Name"]), str(r["State"]), GENERIC_SERVICE, _name(r["OwnerGroup"]), _name(r["OwnerNode"]).upper()
            )
            for r in answer.objects
        )

    return Query(
        (
            command("Get-ClusterResource")
            | command("Where-Object", Property="ResourceType", EQ=True, Value=GENERIC_SERVICE)
            | command("Select-Object", Property=["Name", "State", "OwnerGroup", "OwnerNode"]),
        ),
        parse,
    )


def overview() -> Query[Overview | None]:
    """The cluster that this node belongs to; None if it belongs to none (or its Cluster service is stopped)."""
    return Query(
        (
            *membership().pipelines,
            command("Get-ClusterGroup")
            | command("Select-Object", Property=["Name", "State", "OwnerNode", "IsCoreGroup"]),
            command("Get-ClusterResource")
            | command(
                "Select-Object",
                Property=["Name", "State", "ResourceType", "OwnerGroup", "OwnerNode", "LastOperationStatusCode"],
            ),
        ),
        _overview,
    )


def _overview(answers: Sequence[Answer]) -> Overview | None:
    *membership_answers, groups, resources = answers
    cluster = _membership(membership_answers)
    if cluster is None:
        return None
    return Overview(
        **vars(cluster),
        groups=tuple(
            Group(str(g["Name"]), str(g["State"]), _name(g["OwnerNode"]).upper(), bool(g["IsCoreGroup"]))
            for g in groups.objects
        ),
        resources=tuple(
            Resource(
                name=str(r["Name"]),
                state=str(r["State"]),
                type=_name(r["ResourceType"]),
                group=_name(r["OwnerGroup"]),
                owner=_name(r["OwnerNode"]).upper(),
                error=int(r["LastOperationStatusCode"] or 0) & 0xFFFF,
            )
            for r in resources.objects
        ),
    )


def details(resource: str) -> Query[Details]:
    """Private properties, dependency, registry checkpoints and possible owners of one resource."""
    found = command("Get-ClusterResource", Name=resource)
    return Query(
        (
            found | command("Get-ClusterParameter") | command("Select-Object", Property=["Name", "Value"]),
            command("Get-ClusterResourceDependency", Resource=resource)
            | command("Select-Object", Property=["DependencyExpression"]),
            command("Get-ClusterCheckpoint", ResourceName=resource, RegistryCheckpoint=True)
            | command("Select-Object", Property=["Name"]),
            _owners(Resource=resource),
        ),
        _details,
    )


def _details(answers: Sequence[Answer]) -> Details:
    parameters, dependency, checkpoints, owners = answers
    return Details(
        parameters={str(p["Name"]): p["Value"] for p in parameters.objects},
        dependency=next((str(d["DependencyExpression"] or "") for d in dependency.objects), ""),
        checkpoints=tuple(str(c["Name"]) for c in checkpoints.objects),
        owners=_owner_names(owners),
    )


def common_properties(group: str, resource: str | None, names: Sequence[str]) -> Query[dict[str, Any]]:
    """Common properties (FailoverThreshold, RestartDelay …): those of the group, and of the resource if there is one."""

    def parse(answers: Sequence[Answer]) -> dict[str, Any]:
        return {key: value for answer in answers for found in answer.objects for key, value in found.items()}

    restart = [n for n in names if n.startswith("Restart")]
    others = [n for n in names if n not in restart]
    pipelines = [command("Get-ClusterGroup", Name=group) | command("Select-Object", Property=others)]
    if resource is not None:
        pipelines.append(command("Get-ClusterResource", Name=resource) | command("Select-Object", Property=restart))
    return Query(tuple(pipelines), parse)


def preferred_owners(group: str) -> Query[tuple[str, ...]]:
    """The ordered preferred owners of a group, upper case; empty when it has none."""
    return Query((_owners(Group=group),), lambda answers: _owner_names(answers[0]))


def networks() -> Query[tuple[Network, ...]]:
    """The cluster's networks."""
    return Query(
        (
            command("Get-ClusterNetwork")
            | command("Select-Object", Property=["Name", "Address", "AddressMask", "Role"]),
            command("Get-ClusterNetworkInterface") | command("Select-Object", Property=["Network", "DhcpEnabled"]),
        ),
        _networks,
    )


def _networks(answers: Sequence[Answer]) -> tuple[Network, ...]:
    found, interfaces = answers
    dhcp = {_name(i["Network"]) for i in interfaces.objects if int(i["DhcpEnabled"] or 0)}
    return tuple(
        Network(
            name=str(n["Name"]),
            address=str(n["Address"]),
            mask=str(n["AddressMask"]),
            client=str(n["Role"]) in ("ClusterAndClient", "Client", "3", "2"),
            dhcp=str(n["Name"]) in dhcp,
        )
        for n in found.objects
    )


def _owners(**of: str) -> Any:
    owners = command("Get-ClusterOwnerNode", **of) | command("Select-Object", ExpandProperty="OwnerNodes")
    return owners | command("Select-Object", Property=["Name"])


def _owner_names(answer: Answer) -> tuple[str, ...]:
    return tuple(str(o["Name"]).upper() for o in answer.objects)


def _name(value: object) -> str:
    """The name of a nested cluster object, which comes as an object or as its name (reference/psrp.md §1.3)."""
    return str(value.get("Name", "")) if isinstance(value, dict) else str(value or "")


def is_missing(error: CmdletFailed) -> bool:
    """True if a cluster cmdlet did not find what it was asked for (Win32 5007, 5013, 5042 as HRESULT)."""
    return error.hresult is not None and (error.hresult & 0xFFFF) in (5007, 5013, 5042)


def parameter(resource: str, name: str) -> Query[Any]:
    """One private property of a resource; None if it has none of this name."""

    def parse(answers: Sequence[Answer]) -> Any:
        return next((p["Value"] for p in answers[0].objects), None)

    return Query(
        (
            command("Get-ClusterResource", Name=resource)
            | command("Get-ClusterParameter", Name=name)
            | command("Select-Object", Property=["Value"]),
        ),
        parse,
    )
