"""What there is of a shared disk, on every node and in the cluster.

Facts with a fixed wanted value that no property names: online on one node at most, writable, a cluster disk
that is online if the nodes form a cluster.
"""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.resources import marks
from pulumi_tentacle.windows import cluster_queries, files, storage
from pulumi_tentacle.windows.computer import COMPUTER, Computer
from pulumi_tentacle.windows.queries import ask, both
from pulumi_tentacle.windows.volumes import volumes

KIND, FORMAT_KIND = "disk", "format"


@dataclass(frozen=True)
class ClusterDisk:
    """The cluster resource of the disk. `owner` is a computer name."""

    resource: str
    group: str
    owner: str
    online: bool


@dataclass(frozen=True)
class NodeFacts:
    """The disk as one node sees it. `matches` has one entry if all is well."""

    address: str
    computer: Computer
    matches: tuple[storage.Disk, ...]
    partitions: tuple[storage.Partition, ...] = ()
    drives: frozenset[str] = frozenset()
    mark: str | None = None
    formatting: str | None = None
    cluster: str | None = None
    cluster_disk: ClusterDisk | None = None

    @property
    def name(self) -> str:
        """The computer's name."""
        return self.computer.name

    @property
    def disk(self) -> storage.Disk | None:
        """The disk, if this node sees exactly one that fits."""
        return self.matches[0] if len(self.matches) == 1 else None

    @property
    def online(self) -> bool:
        """True if this node has the disk mounted."""
        if self.cluster_disk is not None:
            return self.cluster_disk.online and self.cluster_disk.owner == self.name
        return self.disk is not None and not self.disk.offline


@dataclass(frozen=True)
class Name:
    """How the disk is named: by serial number or by unique id."""

    serial_number: str | None
    unique_id: str | None

    @property
    def key(self) -> str:
        """The one that is given, for marks, locks and ids."""
        return (self.serial_number or self.unique_id or "").strip()

    def fits(self, disk: storage.Disk) -> bool:
        """Compared trimmed and without case."""
        if self.serial_number is not None:
            return disk.serial_number.lower() == self.serial_number.strip().lower()
        return disk.unique_id.lower() == (self.unique_id or "").strip().lower()


def observe(node: Node, name: Name, *, rescan: bool) -> NodeFacts:
    """Look at one node. `rescan`: let Windows look for new disks first.

    Raises:
        Unlooked, AccessDenied: it could not be looked at.
    """
    if rescan:
        storage.rescan(node)
    computer, found, drives, cluster = ask(node, both(COMPUTER, storage.disks(), volumes(), cluster_queries.overview()))
    matches = tuple(d for d in found if name.fits(d))
    mark, formatting = _marks(node, name)
    cluster_disk = _cluster_disk(node, cluster, matches[0].guid) if cluster and len(matches) == 1 else None
    facts = NodeFacts(
        address=node.address,
        computer=computer,
        matches=matches,
        drives=drives,
        mark=mark,
        formatting=formatting,
        cluster=cluster.name if cluster else None,
        cluster_disk=cluster_disk,
    )
    if not facts.online or facts.disk is None or facts.disk.raw:
        return facts
    return NodeFacts(**{**vars(facts), "partitions": ask(node, storage.partitions(facts.disk.unique_id))})


def _marks(node: Node, name: Name) -> tuple[str | None, str | None]:
    paths = [marks.mark_path(kind, name.key) for kind in (KIND, FORMAT_KIND)]
    found = {f.path.lower().rpartition("\\")[2]: f for f in files.read(node, paths)}
    mine, formatting = (marks.urn_of(found.get(path.rpartition("\\")[2].lower())) for path in paths)
    return mine, formatting


def _cluster_disk(node: Node, cluster: cluster_queries.Overview, guid: str) -> ClusterDisk | None:
    resources = cluster.of_type(cluster_queries.PHYSICAL_DISK)
    if not resources or not guid:
        return None
    guids = ask(node, both(*(cluster_queries.parameter(r.name, "DiskIdGuid") for r in resources)))
    for resource, value in zip(resources, guids, strict=True):
        if str(value or "").lower() == guid:
            return ClusterDisk(resource.name, resource.group, resource.owner, resource.online)
    return None
