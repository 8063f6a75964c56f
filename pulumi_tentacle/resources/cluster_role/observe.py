"""What there is of a role in the cluster, and of its marks on the nodes.

Facts with a fixed wanted value that no property names: group online, dependencies of name and service, service
name of the Generic Service, listener of the role's address answering.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_tentacle.errors import Conflict, Unreachable
from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.resources import fanout, marks
from pulumi_tentacle.resources.resource import Run
from pulumi_tentacle.windows import cluster_queries, files, storage
from pulumi_tentacle.windows.cluster_queries import Details, Group, Network, Overview, Resource
from pulumi_tentacle.windows.computer import COMPUTER, Computer
from pulumi_tentacle.windows.queries import ask, both

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
    def network_name(self) -> Part | None:
        """The role's network name."""
        return next(iter(self.of_type(cluster_queries.NETWORK_NAME)), None)

    @property
    def addresses(self) -> list[str]:
        """The role's addresses."""
        parts = self.of_type(cluster_queries.IP_ADDRESS)
        return [str(p.details.parameters.get("Address") or "") for p in parts]


def look(run: Run, nodes: Sequence[str], role: str, disk_unique_id: str | None) -> RoleFacts:
    """Look at the role from a node that is a member of the cluster and up.

    Raises:
        Unreachable: no member of the cluster can be asked.
        Conflict: a node belongs to no cluster, or the nodes belong to several.
    """
    computers, urns = _computers(run, nodes, role)
    member, cluster = _member(run, computers)
    group = cluster.group(role)
    networks, parts, services, disk = _details(run, member, cluster, role, computers, disk_unique_id)
    common, preferred = {}, ()
    service = next((p for p in parts if p.resource.type == cluster_queries.GENERIC_SERVICE), None)
    if group is not None:
        common, preferred = ask(
            member,
            both(
                cluster_queries.common_properties(group.name, service.name if service else None, COMMON),
                cluster_queries.preferred_owners(group.name),
            ),
        )
    return RoleFacts(
        nodes={c.name: address for address, c in computers.items()},
        marks=urns,
        cluster=cluster,
        networks=networks,
        group=group,
        parts=parts,
        services_elsewhere=services,
        disk=disk,
        common=common,
        preferred=preferred,
    )


def _computers(run: Run, nodes: Sequence[str], role: str) -> tuple[dict[str, Computer], dict[str, str | None]]:
    def identify(address: str) -> tuple[Computer, str | None]:
        node = run.nodes.node(address)
        mark = files.read(node, [marks.mark_path(KIND, role)])
        return ask(node, COMPUTER), marks.urn_of(mark[0] if mark else None)

    found = fanout.each(nodes, identify)
    return {a: c for a, (c, _) in found.items()}, {c.name: urn for c, urn in found.values()}


def _member(run: Run, computers: dict[str, Computer]) -> tuple[Node, Overview]:
    found = fanout.each(computers, lambda address: ask(run.nodes.node(address), cluster_queries.overview()))
    outside = [computers[a].name for a, cluster in found.items() if cluster is None]
    if outside:
        raise Conflict(
            f"{' and '.join(outside)} is in no failover cluster, or its Cluster service does not run (Get-Service ClusSvc). "
            "Form the cluster first, or start the service; nothing was touched."
        )
    clusters = {a: cluster for a, cluster in found.items() if cluster is not None}
    if len({cluster.id for cluster in clusters.values()}) > 1:
        told = ", ".join(f"{computers[a].name}: {cluster.name}" for a, cluster in clusters.items())
        raise Conflict(f"The nodes belong to different clusters ({told}); nothing was touched.")
    for address, cluster in clusters.items():
        if cluster.nodes.get(computers[address].name) == "Up":
            return run.nodes.node(address), cluster
    states = ", ".join(f"{name} {state}" for name, state in next(iter(clusters.values())).nodes.items())
    raise Unreachable(f"No node of the cluster is up ({states}). Bring one up, then run `pulumi up` again.")


def _details(
    run: Run,
    member: Node,
    cluster: Overview,
    role: str,
    computers: dict[str, Computer],
    disk_unique_id: str | None,
) -> tuple[tuple[Network, ...], tuple[Part, ...], tuple[Part, ...], Resource | None]:
    ours = [r for r in cluster.resources if r.group.lower() == role.lower()]
    others = [r for r in cluster.of_type(cluster_queries.GENERIC_SERVICE) if r not in ours]
    disks = cluster.of_type(cluster_queries.PHYSICAL_DISK) if disk_unique_id else []
    networks, *found = ask(
        member,
        both(
            cluster_queries.networks(),
            *(cluster_queries.details(r.name) for r in (*ours, *others)),
            *(cluster_queries.parameter(r.name, "DiskIdGuid") for r in disks),
        ),
    )
    parts = tuple(Part(r, d) for r, d in zip(ours, found, strict=False))
    elsewhere = tuple(Part(r, d) for r, d in zip(others, found[len(ours) :], strict=False))
    guids = [str(g or "").lower() for g in found[len(ours) + len(others) :]]
    disk = None
    if disks and disk_unique_id:
        guid = _disk_guid(run, computers, disk_unique_id)
        disk = next((r for r, g in zip(disks, guids, strict=True) if g and g == guid), None)
    return networks, parts, elsewhere, disk


def _disk_guid(run: Run, computers: dict[str, Computer], unique_id: str) -> str | None:
    """The GUID of the disk, from whichever node lists it: a node may not list another's cluster disk (U32)."""
    for disks in fanout.each(computers, lambda address: ask(run.nodes.node(address), storage.disks())).values():
        for disk in disks:
            if disk.unique_id.lower() == unique_id.lower() and disk.guid:
                return disk.guid
    return None
