"""What one resource hands to another: enough of it to work with, so that no resource looks into another's state.

A reference is an output that others take as an input. A reader of one must expect it, or parts of it, to be
unknown in a preview.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pulumi_tentacle.resources.model import Model
from pulumi_tentacle.resources.values import DriveLetter, InstanceName, LocalPath, MaybeUnknown, NodeName, Text


class DiskReference(Model):
    """A SharedDisk, as its output `reference` gives it."""

    unique_id: Annotated[Text, Field(description="Unique id of the disk, by which Windows knows it on every node.")]
    drive_letter: Annotated[DriveLetter, Field(description="Drive letter of the disk, the same on every node.")]
    nodes: Annotated[list[NodeName], Field(description="Nodes that see the disk.")]


class InstanceReference(Model):
    """A Tentacle instance, as the output `reference` of TentacleInstance gives it."""

    nodes: Annotated[list[NodeName], Field(description="Nodes on which the instance is set up.")]
    instance_name: Annotated[InstanceName, Field(description="Name of the instance.")]
    service_name: Annotated[Text, Field(description="Name of its Windows service.")]
    config_path: Annotated[LocalPath, Field(description="Its configuration file on each node.")]
    shared_disk: Annotated[
        DiskReference | None, Field(description="The disk that holds its home and application folder, if it is shared.")
    ] = None
    exclusive_trust: Annotated[
        bool,
        MaybeUnknown,
        Field(
            description="Whether the instance itself says which Octopus Servers it trusts; TrustedServer then cannot "
            "add one."
        ),
    ]


class ClusterReference(Model):
    """A failover cluster, as the output `reference` of FailoverCluster gives it."""

    name: Annotated[Text, Field(description="Name of the cluster.")]
    nodes: Annotated[list[NodeName], Field(description="Nodes of the cluster.")]
