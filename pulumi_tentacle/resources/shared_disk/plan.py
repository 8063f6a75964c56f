"""What to do for a shared disk: every decision, as pure functions.

The steps of a plan are those of the first stage that is not done; one looks again after carrying them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pulumi_tentacle.errors import Conflict, NotFound
from pulumi_tentacle.resources.shared_disk.observe import Name, NodeFacts
from pulumi_tentacle.resources.shared_disk.steps import (
    AddPartition,
    AddToCluster,
    Format,
    Initialize,
    RemoveFromCluster,
    RemoveMark,
    SetLabel,
    SetLetter,
    SetOffline,
    SetOnline,
    StartDisk,
    Step,
    WriteMark,
)
from pulumi_tentacle.windows.storage import Partition


@dataclass(frozen=True)
class Wanted:
    """What the disk should be, by plain values."""

    urn: str
    name: Name
    letter: str
    label: str
    file_system: str
    initialize: bool


def refuse(wanted: Wanted, facts: Sequence[NodeFacts]) -> None:
    """Say what cannot be, before anything is touched.

    Raises:
        NotFound: a node does not see the disk.
        Conflict: seen twice, letter taken, online on two nodes, or a disk that would have to be formatted and may not.
    """
    for node in facts:
        _refuse_sight(wanted, node, clustered=any(f.cluster_disk for f in facts))
        if wanted.letter in node.drives and wanted.letter not in {p.letter for p in node.partitions}:
            raise Conflict(
                f"Drive {wanted.letter}: is taken on {node.name} by another disk, a DVD drive or a network drive. Choose a "
                "driveLetter that is free on all nodes; nothing was touched."
            )
    online = [f.name for f in facts if f.online]
    if len(online) > 1:
        raise Conflict(
            f"The disk {wanted.name.key} is online on {' and '.join(online)} at the same time, which destroys its data. "
            "Take it offline on all but one of them (Set-Disk -IsOffline $true), check the volume, then run `pulumi up` again."
        )
    disk = next((f.disk for f in facts if f.disk), None)
    if disk is not None and disk.raw and not wanted.initialize:
        raise Conflict(
            f"The disk {wanted.name.key} is RAW: nobody has initialised it. Set initialize to true to let it be initialised "
            "and formatted; nothing was touched."
        )
    for node in facts:
        _refuse_partitions(wanted, node)


def _refuse_sight(wanted: Wanted, node: NodeFacts, *, clustered: bool) -> None:
    if len(node.matches) > 1:
        raise Conflict(
            f"{node.name} sees {len(node.matches)} disks with {_named(wanted.name)}. Is multipath I/O (MPIO) missing on that "
            "node, so that each path counts as a disk? Nothing was touched."
        )
    if not node.matches and not clustered:
        raise NotFound(
            f"{node.name} does not see a disk with {_named(wanted.name)}. Present the LUN to that node (iSCSI target, zoning, "
            "MPIO), check it with Get-Disk, then run `pulumi up` again; nothing was touched."
        )


def _refuse_partitions(wanted: Wanted, node: NodeFacts) -> None:
    if not node.online or node.disk is None or node.disk.raw:
        return
    ours = node.formatting == wanted.urn
    if not node.partitions and ours:
        return
    if len(node.partitions) != 1:
        raise Conflict(
            f"The disk {wanted.name.key} on {node.name} has {len(node.partitions)} data partitions; one is needed. It is not "
            "formatted, because it is not RAW. Partition it by hand, or clear it if it holds nothing; nothing was touched."
        )
    (partition,) = node.partitions
    if partition.file_system is None and not ours:
        raise Conflict(
            f"The partition of the disk {wanted.name.key} on {node.name} has no file system, and it is not known what it "
            "holds. It is not formatted, because the disk is not RAW. Format it by hand if it is empty; nothing was touched."
        )
    if partition.file_system not in (None, wanted.file_system):
        raise Conflict(
            f"The disk {wanted.name.key} is formatted with {partition.file_system}, not {wanted.file_system}. Set fileSystem "
            f"to {partition.file_system}; it is never formatted anew. Nothing was touched."
        )
    if wanted.initialize and partition.file_system is not None and partition.label != wanted.label and not ours:
        raise Conflict(
            f"The disk {wanted.name.key} holds data already (volume '{partition.label}' on {node.name}), and initialize is "
            f"only for a RAW disk. To use it as it is, remove initialize or set label to '{partition.label}'; nothing was "
            "touched."
        )


def _named(name: Name) -> str:
    return f"serial number {name.key}" if name.serial_number is not None else f"unique id {name.key}"


def plan(wanted: Wanted, facts: Sequence[NodeFacts]) -> list[Step]:
    """The steps of the first stage that is not done; [] when all is as wanted."""
    for stage in (_marks, _online, _formatted, _in_cluster, _named_right):
        if steps := list(stage(wanted, facts)):
            return steps
    return []


def _marks(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    for node in facts:
        if node.mark != wanted.urn:
            yield WriteMark(node.address, node.name, _unique_id(node))


def _unique_id(node: NodeFacts) -> str:
    return node.disk.unique_id if node.disk else ""


def _online(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    disk = next((f.cluster_disk for f in facts if f.cluster_disk), None)
    if disk is not None:
        if not disk.online:
            node = next((f for f in facts if f.name == disk.owner), facts[0])
            yield StartDisk(node.address, node.name, _unique_id(node), disk.resource)
        return
    if not any(f.online for f in facts):
        yield SetOnline(facts[0].address, facts[0].name, _unique_id(facts[0]))
    for node in facts:
        if node.online and node.disk and node.disk.read_only:
            yield SetOnline(node.address, node.name, _unique_id(node))


def _holder(facts: Sequence[NodeFacts]) -> NodeFacts | None:
    return next((f for f in facts if f.online), None)


def _formatted(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    node = _holder(facts)
    if node is None or node.disk is None:
        return
    where = (node.address, node.name, node.disk.unique_id)
    if node.disk.raw:
        yield Initialize(*where)
    elif not node.partitions:
        yield AddPartition(*where, wanted.letter)
    elif node.partitions[0].file_system is None:
        yield Format(*where, node.partitions[0].number, wanted.file_system, wanted.label)


def _in_cluster(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    node = _holder(facts)
    if node is not None and node.cluster is not None and node.cluster_disk is None:
        yield from _letter(wanted, node)
        yield AddToCluster(node.address, node.name, _unique_id(node), node.cluster)


def _named_right(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    """Joining the cluster may change the letter (user report U29), so it is looked at again after."""
    node = _holder(facts)
    if node is None:
        return
    yield from _letter(wanted, node)
    partition = _data(node)
    if partition is not None and partition.label != wanted.label:
        yield SetLabel(node.address, node.name, _unique_id(node), partition.number, wanted.label)


def _letter(wanted: Wanted, node: NodeFacts) -> Iterator[Step]:
    partition = _data(node)
    if partition is not None and partition.letter != wanted.letter:
        yield SetLetter(node.address, node.name, _unique_id(node), partition.number, wanted.letter)


def _data(node: NodeFacts) -> Partition | None:
    return node.partitions[0] if len(node.partitions) == 1 else None


def plan_delete(name: Name, facts: Sequence[NodeFacts]) -> list[Step]:
    """Leave the cluster, offline on every node; the data stays."""
    disk = next((f.cluster_disk for f in facts if f.cluster_disk), None)
    if disk is not None:
        node = next((f for f in facts if f.name == disk.owner), facts[0])
        return [RemoveFromCluster(node.address, node.name, _unique_id(node), disk.resource)]
    online: list[Step] = [SetOffline(f.address, f.name, _unique_id(f)) for f in facts if f.online]
    if online:
        return online
    marked = [f for f in facts if f.mark is not None or f.formatting is not None]
    return [RemoveMark(f.address, f.name, _unique_id(f)) for f in marked]
