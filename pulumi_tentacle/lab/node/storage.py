"""Disks of a node: what the Storage module does to the LUNs that the node sees (windows-cluster.md §4).

A LUN of the array arrives offline on every node (SAN policy OfflineShared). Besides the LUNs there is the boot disk,
which the node does not share and on which nothing may be changed.
"""

from __future__ import annotations

import uuid

from pulumi_tentacle.lab.node.filesystem import Volume
from pulumi_tentacle.lab.world import Lun, Node, Partition

ONLINE_TWICE = "disk online on two nodes"
DATA_FORMATTED = "disk with data formatted"

FILE_SYSTEMS = ("NTFS", "ReFS", "exFAT", "FAT32", "FAT")
_RESERVED_OFFSET, _RESERVED_SIZE = 17408, 16759808  # Windows makes the data begin at 16 MiB
_TAIL = 2**20  # the second partition table, and what alignment costs

# Storage Management API return codes (windows-driver-docs, storage-management-api-common-return-codes)
ERRORS = {
    40000: "Not enough available capacity",
    40005: (
        "You must specify a size by using either the Size or the UseMaximumSize parameter. You can specify only one of "
        "these parameters at a time."
    ),
    41000: "The disk has not been initialized.",
    41001: "The disk has already been initialized.",
    41002: "The disk is read only.",
    41003: "The disk is offline.",
    41008: "Cannot clear with data partitions present. To clear data partitions, use the RemoveData flag.",
    41009: "Operation not supported on a critical disk.",
    41018: (
        "The specified object is managed by the Microsoft Failover Clustering component. The disk must be in cluster "
        "maintenance mode and the cluster resource status must be online to perform this operation."
    ),
    42002: "The requested access path is already in use.",
    42007: "The access path is not valid.",
    42010: "The operation is not allowed on a system or critical partition.",
    42011: "This operation is only supported on data partitions.",
    42013: "Cannot assign drive letter to this type of partition.",
    43001: "The specified file system is not supported",
}


class StorageError(Exception):
    """A method of the Storage provider failed; `code` is its return value."""

    def __init__(self, code: int) -> None:
        super().__init__(ERRORS[code])
        self.code = code


def disks(node: Node) -> list[Lun]:
    """The disks that the node has a number for, by number."""
    seen = [lun for lun in node.estate.luns if node.name in lun.seen_by]
    return sorted([_boot_disk(node, seen), *seen], key=lambda lun: lun.seen_by[node.name])


def is_boot(node: Node, lun: Lun) -> bool:
    return not any(lun is shared for shared in node.estate.luns)


def is_online(node: Node, lun: Lun) -> bool:
    """A clustered disk is online on the node that owns it; the others are shut out."""
    return node.name in lun.online_on


def drives(node: Node) -> dict[str, Volume | None]:
    """Every drive letter in use on the node; None for a partition without a file system."""
    found: dict[str, Volume | None] = dict(node.drives)
    for lun in node.estate.luns:
        if is_online(node, lun):
            found.update({p.letter: p.volume for p in lun.partitions if p.letter})
    return dict(sorted(found.items()))


def offset_of(lun: Lun, partition: Partition) -> int:
    """Where a partition begins, in bytes."""
    before = [p for p in lun.partitions if p.number < partition.number]
    if not before:
        return _RESERVED_OFFSET if partition.type == "Reserved" else 2**20
    return offset_of(lun, before[-1]) + before[-1].size


def unallocated(lun: Lun) -> int:
    """The bytes that a new partition could have."""
    if not lun.partitions:
        return lun.size - 2**20 - _TAIL
    return lun.size - _TAIL - offset_of(lun, lun.partitions[-1]) - lun.partitions[-1].size


def set_online(node: Node, lun: Lun, *, online: bool) -> None:
    """Set-Disk -IsOffline. Nothing but the administrator keeps two nodes from mounting an unclustered LUN."""
    if is_boot(node, lun):
        if not online:
            raise StorageError(41009)
        return
    if lun.clustered:
        raise StorageError(41018)
    if not online:
        lun.online_on.discard(node.name)
    elif not is_online(node, lun):
        _free_letters(node, lun)
        lun.online_on.add(node.name)
        _watch_double_mount(node, lun)


def set_read_only(node: Node, lun: Lun, *, read_only: bool) -> None:
    """Set-Disk -IsReadOnly."""
    if is_boot(node, lun) and read_only:
        raise StorageError(41009)
    if lun.clustered:
        raise StorageError(41018)
    lun.read_only = read_only


def came_up(node: Node) -> None:
    """The node has booted: an unclustered LUN that was online on it is mounted again."""
    for lun in node.estate.luns:
        if is_online(node, lun) and not lun.clustered:
            _watch_double_mount(node, lun)


def initialize(node: Node, lun: Lun) -> None:
    """Initialize-Disk with GPT: Windows makes the reserved partition at once."""
    if lun.style != "RAW":
        _trip_data(node, lun, "Initialize-Disk")
        raise StorageError(41001)
    _require_writable(node, lun)
    lun.style, lun.guid = "GPT", _guid()
    lun.partitions = [Partition(1, _RESERVED_SIZE, guid=_guid(), type="Reserved")]


def clear(node: Node, lun: Lun, *, remove_data: bool) -> None:
    """Clear-Disk: the disk is RAW again."""
    if is_boot(node, lun):
        raise StorageError(41009)
    if lun.style == "RAW":
        raise StorageError(41000)
    _require_writable(node, lun)
    _trip_data(node, lun, "Clear-Disk")
    if any(p.type == "Basic" for p in lun.partitions) and not remove_data:
        raise StorageError(41008)
    lun.style, lun.guid, lun.partitions = "RAW", "", []


def create_partition(node: Node, lun: Lun, size: int | None, letter: str | None) -> Partition:
    """New-Partition; without a size all that is left."""
    if lun.style == "RAW":
        raise StorageError(41000)
    _require_writable(node, lun)
    left = unallocated(lun)
    if left < 2**20 or (size or 0) > left:
        raise StorageError(40000)
    if letter:
        _require_free(node, letter)
    number = max((p.number for p in lun.partitions), default=0) + 1
    partition = Partition(number, size or left, letter=letter, guid=_guid())
    lun.partitions.append(partition)
    return partition


def set_letter(node: Node, lun: Lun, partition: Partition, letter: str) -> None:
    """Set-Partition -NewDriveLetter. Of a cluster disk too, on its owner (§4.4)."""
    if is_boot(node, lun):
        raise StorageError(42010)
    if not is_online(node, lun):
        raise StorageError(41003)
    if partition.type != "Basic":
        raise StorageError(42013)
    _require_free(node, letter)
    partition.letter = letter


def format_partition(node: Node, lun: Lun, partition: Partition, file_system: str, label: str) -> None:
    """Format-Volume of one partition: what was on it is gone."""
    if is_boot(node, lun):
        raise StorageError(42010)
    if partition.type != "Basic":
        raise StorageError(42011)
    _require_writable(node, lun)
    spelled = next((known for known in FILE_SYSTEMS if known.lower() == file_system.lower()), None)
    if spelled is None:
        raise StorageError(43001)
    if partition.volume is not None and (partition.volume.files or partition.volume.folders):
        _trip_data(node, lun, "Format-Volume")
    partition.volume = Volume(label=label, file_system=spelled, size=partition.size)


def _boot_disk(node: Node, shared: list[Lun]) -> Lun:
    """Made from the node's own drives each time it is looked at; its number is the first that no LUN has."""
    taken = {lun.seen_by[node.name] for lun in shared}
    fixed = [(letter, volume) for letter, volume in sorted(node.drives.items()) if volume.drive_type == 3]
    parts = [Partition(1, 100 * 2**20, type="System"), Partition(2, _RESERVED_SIZE, type="Reserved")]
    parts += [Partition(n, v.size, letter=letter, volume=v) for n, (letter, v) in enumerate(fixed, start=3)]
    return Lun(
        serial_number=f"{node.name}-BOOT",
        unique_id=f"{node.name}-BOOT",
        size=sum(part.size for part in parts) + 2 * _TAIL,
        seen_by={node.name: next(n for n in range(len(taken) + 1) if n not in taken)},
        style="GPT",
        guid=f"{{{uuid.uuid5(uuid.NAMESPACE_DNS, node.fqdn)}}}",
        partitions=parts,
        online_on={node.name},
    )


def _require_writable(node: Node, lun: Lun) -> None:
    if is_boot(node, lun):
        raise StorageError(41009)
    if lun.clustered:
        raise StorageError(41018)
    if not is_online(node, lun):
        raise StorageError(41003)
    if lun.read_only:
        raise StorageError(41002)


def _require_free(node: Node, letter: str) -> None:
    """A letter that the partition has already counts as in use too."""
    if not "C" <= letter <= "Z":
        raise StorageError(42007)
    if letter in drives(node):
        raise StorageError(42002)


def _free_letters(node: Node, lun: Lun) -> None:
    """A letter that is taken on this node gives way to the next free one, as the mount manager does."""
    for partition in lun.partitions:
        taken = drives(node)
        if partition.letter in taken:
            free = (letter for letter in map(chr, range(ord("D"), ord("Z") + 1)) if letter not in taken)
            partition.letter = next(free, None)


def _watch_double_mount(node: Node, lun: Lun) -> None:
    others = sorted(name for name in lun.online_on - {node.name} if node.estate.nodes[name.upper()].up)
    if others:
        node.estate.trip(ONLINE_TWICE, node.name, f"{lun.serial_number}: also on {', '.join(others)}")


def _trip_data(node: Node, lun: Lun, what: str) -> None:
    node.estate.trip(DATA_FORMATTED, node.name, f"{lun.serial_number}: {what}")


def _guid() -> str:
    return f"{{{uuid.uuid4()}}}"
