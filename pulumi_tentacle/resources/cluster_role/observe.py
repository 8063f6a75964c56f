"""What there is of a role in the cluster, and of its marks on the nodes.

Facts with a fixed wanted value that no property names: group online, dependencies of name and service, service
name of the Generic Service, listener of the role's address answering.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pulumi_tentacle.errors import Conflict, Unlooked, Unreachable
from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.resources import fanout, marks
from pulumi_tentacle.resources.resource import Run
from pulumi_tentacle.windows import cluster_queries, files, storage
from pulumi_tentacle.windows.cluster_queries import Details, Group, Membership, Network, Overview, Resource
from pulumi_tentacle.windows.computer import COMPUTER, Computer
from pulumi_tentacle.windows.queries import Query, ask, both

KIND = "role"
COMMON = ("AutoFailbackType", "FailoverThreshold", "FailoverPeriod", "RestartDelay", "RestartThreshold")


@dataclass(frozen=True)
class Part:
    """A resource with its private properties and relations."""

    resource: Resource
    details: Details

    @property
    def name(self) -> str:
        """Its name."""
        return self.resource.name


@dataclass(frozen=True)
class RoleFacts:
    """The role and its surroundings. `nodes` maps computer names to addresses, `marks` to the URNs of marks."""

    nodes: dict[str, str]
    marks: dict[str, str | None]
    cluster: Overview
    networks: tuple[Network, ...]
    group: Group | None
    parts: tuple[Part, ...] = ()
    services_elsewhere: tuple[Part, ...] = ()
    disk: Resource | None = None
    common: dict[str, Any] = field(default_factory=dict)
    preferred: tuple[str, ...] = ()

    def of_type(self, kind: str) -> list[Part]:
        """The role's resources of a type."""
        return [p for p in self.parts if p.resource.type == kind]

    def service(self, name: str) -> Part | None:
        """The role's resource that runs a Windows service."""
        wanted = name.lower()
        services = self.of_type(cluster_queries.GENERIC_SERVICE)
        return next((p for p in services if str(p.details.parameters.get("ServiceName", "")).lower() == wanted), None)

    @property
    def addresses(self) -> list[str]:
        """The role's addresses."""
        parts = self.of_type(cluster_queries.IP_ADDRESS)
        return [str(p.details.parameters.get("Address") or "") for p in parts]


@dataclass(frozen=True)
class Survey:
    """What stays the same while one works on a role: its nodes, the one to ask, the disk. Marks are as they were."""

    nodes: dict[str, str]
    marks: dict[str, str | None]
    member: Node
    cluster: Membership
    disk_guid: str | None


def survey(
    run: Run,
    nodes: Sequence[str],
    role: str,
    disk_unique_id: str | None,
    skip: Callable[[str, Unlooked], None] | None = None,
) -> Survey:
    """Look at the nodes and choose the member of the cluster to work through.

    `skip` is told of a node that cannot be looked at, and lets it pass or raises; without it that is an error.

    Raises:
        Unlooked: a node, or every member of the cluster, cannot be asked.
        Conflict: a node belongs to no cluster, or the nodes belong to several.
    """
    found = {}
    for address, seen in fanout.each(nodes, lambda address: _identify(run, address, role)).items():
        if not isinstance(seen, Unlooked):
            found[address] = seen
        elif skip is None:
            raise seen
        else:
            skip(address, seen)
    member = _member(found)
    return Survey(
        nodes={one.computer.name: address for address, one in found.items()},
        marks={one.computer.name: one.mark for one in found.values()},
        member=run.nodes.node(member),
        cluster=cast(Membership, found[member].cluster),
        disk_guid=_disk_guid(run, list(found), disk_unique_id) if disk_unique_id else None,
    )


@dataclass(frozen=True)
class _Identified:
    computer: Computer
    cluster: Membership | None
    mark: str | None


def _identify(run: Run, address: str, role: str) -> _Identified | Unlooked:
    node = run.nodes.node(address)
    try:
        computer, cluster = ask(node, both(COMPUTER, cluster_queries.membership()))
        found = files.read(node, [marks.mark_path(KIND, role)])
    except Unlooked as error:
        return error
    return _Identified(computer, cluster, marks.urn_of(found[0] if found else None))


def _member(found: dict[str, _Identified]) -> str:
    outside = [one.computer.name for one in found.values() if one.cluster is None]
    if outside:
        raise Conflict(
            f"{' and '.join(outside)} is in no failover cluster, or its Cluster service does not run (Get-Service ClusSvc). "
            "Form the cluster first, or start the service; nothing was touched."
        )
    clusters = {one.computer.name: one.cluster for one in found.values() if one.cluster is not None}
    if len({cluster.id for cluster in clusters.values()}) > 1:
        told = ", ".join(f"{name}: {cluster.name}" for name, cluster in clusters.items())
        raise Conflict(f"The nodes belong to different clusters ({told}); nothing was touched.")
    for address, one in found.items():
        if one.cluster is not None and one.cluster.nodes.get(one.computer.name) == "Up":
            return address
    states = ", ".join(f"{n} {state}" for cluster in clusters.values() for n, state in cluster.nodes.items())
    raise Unreachable(
        f"No node of the cluster is up ({states or 'none could be asked'}). Bring one up, then try again."
    )


def look(survey: Survey, role: str) -> RoleFacts:
    """Look at the role as it is now."""
    member = survey.member
    cluster = ask(member, cluster_queries.overview())
    if cluster is None:
        raise Unreachable(f"The Cluster service of {member.address} has stopped meanwhile. Start it, then try again.")
    ours = [r for r in cluster.resources if r.group.lower() == role.lower()]
    others = [r for r in cluster.of_type(cluster_queries.GENERIC_SERVICE) if r not in ours]
    disks = cluster.of_type(cluster_queries.PHYSICAL_DISK) if survey.disk_guid else []
    group = cluster.group(role)
    service = next((r for r in ours if r.type == cluster_queries.GENERIC_SERVICE), None)
    networks, (common, preferred), details, guids = ask(
        member,
        both(
            cluster_queries.networks(),
            _settings(group, service),
            both(*(cluster_queries.details(r.name) for r in (*ours, *others))),
            both(*(cluster_queries.parameter(r.name, "DiskIdGuid") for r in disks)),
        ),
    )
    parts = [Part(r, d) for r, d in zip((*ours, *others), details, strict=True)]
    by_guid = {str(guid or "").lower(): disk for disk, guid in zip(disks, guids, strict=True)}
    return RoleFacts(
        nodes=survey.nodes,
        marks=survey.marks,
        cluster=cluster,
        networks=networks,
        group=group,
        parts=tuple(parts[: len(ours)]),
        services_elsewhere=tuple(parts[len(ours) :]),
        disk=by_guid.get(survey.disk_guid or ""),
        common=common,
        preferred=preferred,
    )


def _settings(group: Group | None, service: Resource | None) -> Query[tuple[Any, ...]]:
    """Common properties and preferred owners of a group, if it is there."""
    if group is None:
        return Query((), lambda answers: ({}, ()))
    name = service.name if service else None
    return both(
        cluster_queries.common_properties(group.name, name, COMMON), cluster_queries.preferred_owners(group.name)
    )


def _disk_guid(run: Run, addresses: Sequence[str], unique_id: str) -> str | None:
    """The GUID of the disk, from whichever node lists it: a node may not list another's cluster disk (U32)."""
    for disks in fanout.each(addresses, lambda address: ask(run.nodes.node(address), storage.disks())).values():
        for disk in disks:
            if disk.unique_id.lower() == unique_id.lower() and disk.guid:
                return disk.guid
    return None
