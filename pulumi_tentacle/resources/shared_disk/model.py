"""Properties of SharedDisk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from pulumi_tentacle.resources.model import REPLACES, Inputs, State
from pulumi_tentacle.resources.references import ClusterReference, DiskReference
from pulumi_tentacle.resources.values import DriveLetter, MaybeUnknown, NodeName, Text, known, repeated_nodes


class SharedDiskInputs(Inputs):
    """What the user wrote."""

    nodes: Annotated[
        list[NodeName], Field(min_length=1, description="Host names or addresses of the nodes that see the disk.")
    ]
    serial_number: Annotated[
        Text | None,
        Field(description="Serial number of the disk (Get-Disk | Select SerialNumber). Give this or uniqueId."),
        REPLACES,
    ] = None
    unique_id: Annotated[
        Text | None,
        Field(description="Unique id of the disk (Get-Disk | Select UniqueId). Give this or serialNumber."),
        REPLACES,
    ] = None
    drive_letter: Annotated[DriveLetter, Field(description="Drive letter, free on all nodes, such as E.")]
    label: Annotated[Text, Field(description="Label of the volume.")] = "Octopus"
    file_system: Annotated[
        Literal["NTFS", "ReFS"], MaybeUnknown, Field(description="File system: NTFS or ReFS. A change is refused.")
    ] = "NTFS"
    initialize: Annotated[
        bool,
        Field(
            description="Allow a RAW disk to be initialised and formatted. A disk with partitions is never formatted."
        ),
    ] = False
    cluster: Annotated[
        ClusterReference | None, Field(description="`reference` of a FailoverCluster that must be there first.")
    ] = None

    def rules(self) -> Iterator[tuple[str, str]]:
        """Exactly one way to name the disk, and one that means the same on every node."""
        if (self.serial_number is None) == (self.unique_id is None):
            given = "neither" if self.serial_number is None else "both"
            yield "serialNumber", f"give exactly one of serialNumber and uniqueId; given: {given}"
        yield from repeated_nodes(self.nodes)
        if self.unique_id is not None and known(self.unique_id) and known(self.nodes) and len(self.nodes) > 1:
            yield from self._unique_id_rules(self.unique_id)

    def _unique_id_rules(self, unique_id: str) -> Iterator[tuple[str, str]]:
        """An id made of a device path or ending in a computer's name is another on each node (user report U26)."""
        if "\\" in unique_id or "#" in unique_id or ":" in unique_id:
            yield (
                "uniqueId",
                f"'{unique_id}' holds a device path or the name of a node, so it is another one on each node; use "
                "serialNumber",
            )


class SharedDiskState(SharedDiskInputs, State):
    """The disk as it is."""

    size_bytes: Annotated[int, Field(description="Size of the disk in bytes.")]
    path: Annotated[str, Field(description="Root of the drive, such as `E:\\`.")]
    cluster_resource: Annotated[
        str | None, Field(description="Name of the cluster disk's resource; absent without a cluster.")
    ] = None
    reference: Annotated[
        DiskReference, Field(description="What TentacleInstance takes as `sharedDisk` and ClusterRole as `disk`.")
    ]
