"""Disks of a node. A disk is named by its unique id in every request: its number changes (user report U25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_tentacle.remoting.commands import Pipeline, command
from pulumi_tentacle.remoting.node import Answer, Node
from pulumi_tentacle.windows.queries import Query

_SECONDS = 600.0
_PARTITION_STYLES = {"0": "RAW", "1": "MBR", "2": "GPT", "Unknown": "RAW"}
# What Windows adds to a GPT disk by itself: Microsoft Reserved, EFI System, Recovery.
_NOT_DATA = frozenset({"Reserved", "System", "Recovery", "Unknown"})


@dataclass(frozen=True)
class Partition:
    """A data partition. `letter` is None without one; `file_system` is None while it is not formatted."""

    number: int
    letter: str | None
    file_system: str | None
    label: str


@dataclass(frozen=True)
class Disk:
    """A disk as one node sees it. `style` is RAW, MBR or GPT; `guid` in braces, of a GPT disk."""

    unique_id: str
    serial_number: str
    size: int
    style: str
    guid: str
    offline: bool
    read_only: bool
    clustered: bool

    @property
    def raw(self) -> bool:
        """True if nobody has initialised it."""
        return self.style == "RAW"


def disks() -> Query[tuple[Disk, ...]]:
    """All disks that the node lists. On a cluster node those of other nodes may be missing or without number."""

    def parse(answers: Sequence[Answer]) -> tuple[Disk, ...]:
        return tuple(_disk(found) for found in answers[0].objects)

    return Query(
        (
            command("Get-Disk")
            | command(
                "Select-Object",
                Property=[
                    "UniqueId",
                    "SerialNumber",
                    "Size",
                    "PartitionStyle",
                    "Guid",
                    "IsOffline",
                    "IsReadOnly",
                    "IsClustered",
                ],
            ),
        ),
        parse,
    )


def _disk(found: dict[str, object]) -> Disk:
    style = str(found["PartitionStyle"])
    return Disk(
        unique_id=str(found["UniqueId"] or "").strip(),
        serial_number=str(found["SerialNumber"] or "").strip(),
        size=int(str(found["Size"] or 0)),
        style=_PARTITION_STYLES.get(style, style),
        guid=str(found["Guid"] or "").lower(),
        offline=bool(found["IsOffline"]),
        read_only=bool(found["IsReadOnly"]),
        clustered=bool(found["IsClustered"]),
    )


def partitions(unique_id: str) -> Query[tuple[Partition, ...]]:
    """The data partitions of an online disk, with what their volumes hold."""
    found = command("Get-Disk", UniqueId=unique_id) | command("Get-Partition")
    return Query(
        (
            found | command("Select-Object", Property=["PartitionNumber", "DriveLetter", "Type"]),
            found
            | command("Get-Volume")
            | command("Select-Object", Property=["DriveLetter", "FileSystem", "FileSystemLabel"]),
        ),
        _partitions,
    )


def _partitions(answers: Sequence[Answer]) -> tuple[Partition, ...]:
    rows, volumes = answers
    if rows.error is not None or volumes.error is not None:
        return ()
    data = [row for row in rows.objects if str(row["Type"]) not in _NOT_DATA]
    by_letter = {_letter(v["DriveLetter"]): v for v in volumes.objects}
    only = volumes.objects[0] if len(data) == 1 and len(volumes.objects) == 1 else None
    return tuple(_partition(row, by_letter.get(_letter(row["DriveLetter"])) or only) for row in data)


def _partition(row: dict[str, object], volume: dict[str, object] | None) -> Partition:
    file_system = str(volume["FileSystem"] or "") if volume else ""
    return Partition(
        number=int(str(row["PartitionNumber"])),
        letter=_letter(row["DriveLetter"]),
        file_system=file_system if file_system not in ("", "RAW", "Unknown") else None,
        label=str(volume["FileSystemLabel"] or "") if volume else "",
    )


def _letter(value: object) -> str | None:
    """A [char] that is NUL, blank or a number when there is no letter."""
    if isinstance(value, int):
        return chr(value).upper() if 65 <= value <= 122 else None
    text = str(value or "").strip("\x00 :")
    return text.upper() or None


def rescan(node: Node) -> None:
    """Look for disks that were presented to the node lately."""
    node.call(command("Update-HostStorageCache"), deadline=_SECONDS)


def set_online(node: Node, unique_id: str) -> None:
    """Bring a disk online and let it be written. It must not be online on another node."""
    node.call(command("Set-Disk", UniqueId=unique_id, IsOffline=False))
    node.call(command("Set-Disk", UniqueId=unique_id, IsReadOnly=False))


def set_offline(node: Node, unique_id: str) -> None:
    """Take a disk offline."""
    node.call(command("Set-Disk", UniqueId=unique_id, IsOffline=True))


def initialize(node: Node, unique_id: str) -> None:
    """Give a RAW disk a GPT partition table."""
    node.call(_disk_of(unique_id) | command("Initialize-Disk", PartitionStyle="GPT"), deadline=_SECONDS)


def add_partition(node: Node, unique_id: str, letter: str) -> None:
    """One partition over the whole disk."""
    node.call(
        _disk_of(unique_id) | command("New-Partition", UseMaximumSize=True, DriveLetter=letter) | command("Out-Null"),
        deadline=_SECONDS,
    )


def format_volume(node: Node, unique_id: str, partition: int, file_system: str, label: str) -> None:
    """Format one partition of this disk. Never by letter: on a cluster node that means all nodes' (§4.3)."""
    node.call(
        _partition_of(unique_id, partition)
        | command("Format-Volume", FileSystem=file_system, NewFileSystemLabel=label, Confirm=False)
        | command("Out-Null"),
        deadline=_SECONDS,
    )


def set_letter(node: Node, unique_id: str, partition: int, letter: str) -> None:
    """Give a partition its drive letter."""
    node.call(_partition_of(unique_id, partition) | command("Set-Partition", NewDriveLetter=letter))


def set_label(node: Node, unique_id: str, partition: int, label: str) -> None:
    """Rename a volume."""
    node.call(
        _partition_of(unique_id, partition) | command("Get-Volume") | command("Set-Volume", NewFileSystemLabel=label)
    )


def _disk_of(unique_id: str) -> Pipeline:
    return command("Get-Disk", UniqueId=unique_id)


def _partition_of(unique_id: str, number: int) -> Pipeline:
    found = _disk_of(unique_id) | command("Get-Partition")
    return found | command("Where-Object", Property="PartitionNumber", EQ=True, Value=number)
