"""MSFT_Disk, MSFT_Partition and MSFT_Volume as one node shows them (windows-cluster.md §4.2, §4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psrpcore.types import PSChar, PSUInt, PSUInt64

from pulumi_tentacle.lab.node import storage
from pulumi_tentacle.lab.node.cdxml import CimEnum, instance
from pulumi_tentacle.lab.node.filesystem import Volume
from pulumi_tentacle.lab.powershell.cmdlet import Live
from pulumi_tentacle.lab.world import Lun, Node, Partition

NAMESPACE = "ROOT/Microsoft/Windows/Storage"

PARTITION_STYLE = CimEnum("Disk.PartitionStyle", {"RAW": 0, "MBR": 1, "GPT": 2})
HEALTH_STATUS = CimEnum("Disk.HealthStatus", {"Healthy": 0, "Warning": 1, "Unhealthy": 2})
BUS_TYPE = CimEnum("Disk.BusType", {"iSCSI": 9, "SAS": 10})
OPERATIONAL_STATUS = CimEnum("Disk.OperationalStatus", {"Online": 0xD010, "Offline": 0xD013})
OFFLINE_REASON = CimEnum("Disk.OfflineReason", {"Policy": 1})
VOLUME_HEALTH = CimEnum("Volume.HealthStatus", {"Healthy": 0})
DRIVE_TYPE = CimEnum("Volume.DriveType", {"Fixed": 3})

GPT_TYPES = {
    "Basic": "{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}",
    "Reserved": "{e3c9e316-0b5c-4db8-817d-f92df00215ae}",
    "System": "{c12a7328-f81f-11d2-ba4b-00a0c93ec93b}",
}
_NO_LETTER = PSChar(0)


@dataclass(frozen=True)
class Place:
    """A partition and the disk that it is on: what stands behind a row of Get-Partition and Get-Volume."""

    lun: Lun
    partition: Partition


def disk(node: Node, lun: Lun) -> Live:
    """A row of Get-Disk. That of a clustered disk on a node that does not own it says offline (§4.4)."""
    number, boot, online = lun.seen_by[node.name], storage.is_boot(node, lun), storage.is_online(node, lun)
    properties: dict[str, Any] = {
        "Number": PSUInt(number),
        "DiskNumber": PSUInt(number),
        "FriendlyName": lun.friendly_name,
        "SerialNumber": lun.serial_number,
        "UniqueId": lun.unique_id_on(node.name),
        "Guid": lun.guid or None,
        "Signature": None,
        "Size": PSUInt64(lun.size),
        "AllocatedSize": PSUInt64(lun.size if lun.style == "RAW" else lun.size - storage.unallocated(lun)),
        "LargestFreeExtent": PSUInt64(0 if lun.style == "RAW" else max(0, storage.unallocated(lun))),
        "NumberOfPartitions": PSUInt(len(lun.partitions)),
        "PartitionStyle": PARTITION_STYLE[lun.style],
        "OperationalStatus": OPERATIONAL_STATUS["Online" if online else "Offline"],
        "HealthStatus": HEALTH_STATUS["Healthy"],
        "BusType": BUS_TYPE["SAS" if boot else "iSCSI"],
        "OfflineReason": None if online else OFFLINE_REASON["Policy"],
        "IsOffline": not online,
        "IsReadOnly": lun.read_only,
        "IsClustered": lun.clustered,
        "IsBoot": boot,
        "IsSystem": boot,
        "BootFromDisk": boot,
    }
    return instance(f"{NAMESPACE}/MSFT_Disk", f'Number = "{number}"', properties, lun)


def partition(node: Node, lun: Lun, part: Partition) -> Live:
    """A row of Get-Partition."""
    number, online = lun.seen_by[node.name], storage.is_online(node, lun)
    letter = part.letter if online else None
    boot = storage.is_boot(node, lun)
    properties: dict[str, Any] = {
        "DiskNumber": PSUInt(number),
        "PartitionNumber": PSUInt(part.number),
        "DriveLetter": PSChar(letter) if letter else _NO_LETTER,
        "AccessPaths": [f"{letter}:\\", _path(part)] if letter else [_path(part)],
        "Size": PSUInt64(part.size),
        "Offset": PSUInt64(storage.offset_of(lun, part)),
        "Type": part.type,
        "GptType": GPT_TYPES[part.type],
        "Guid": part.guid or None,
        "IsOffline": not online,
        "IsReadOnly": lun.read_only,
        "IsHidden": False,
        "IsActive": False,
        "IsBoot": boot and letter == "C",
        "IsSystem": part.type == "System",
        "NoDefaultDriveLetter": part.type != "Basic",
    }
    key = f'DiskNumber = "{number}", PartitionNumber = "{part.number}"'
    return instance(f"{NAMESPACE}/MSFT_Partition", key, properties, Place(lun, part))


def volume(lun: Lun, part: Partition) -> Live:
    """A row of Get-Volume. A partition that is not formatted has a volume too, without a file system."""
    present = part.volume or Volume(file_system="", size=0)
    properties: dict[str, Any] = {
        "DriveLetter": PSChar(part.letter) if part.letter else None,
        "FileSystem": present.file_system,
        "FileSystemType": present.file_system or "Unknown",
        "FileSystemLabel": present.label,
        "DriveType": DRIVE_TYPE["Fixed"],
        "HealthStatus": VOLUME_HEALTH["Healthy"],
        "Size": PSUInt64(present.size),
        "SizeRemaining": PSUInt64(present.unused),
        "Path": _path(part),
        "UniqueId": _path(part),
    }
    return instance(f"{NAMESPACE}/MSFT_Volume", f'ObjectId = "{_path(part)}"', properties, Place(lun, part))


def _path(part: Partition) -> str:
    return f"\\\\?\\Volume{part.guid}\\"
