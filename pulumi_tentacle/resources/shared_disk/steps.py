"""The steps that a plan for a shared disk is made of; apply.py carries them out."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_tentacle.resources.worded import Worded


@dataclass(frozen=True)
class Step(Worded):
    """One change on one node: `address` is how to reach it, `node` its computer name, `unique_id` the disk's there."""

    address: str
    node: str
    unique_id: str


@dataclass(frozen=True)
class WriteMark(Step):
    """Leave the mark by which a later run recognises this one's work."""

    text = "leave a mark for the disk on {node}"


@dataclass(frozen=True)
class RemoveMark(Step):
    """Take the mark away."""

    text = "remove the mark of the disk on {node}"


@dataclass(frozen=True)
class SetOffline(Step):
    """Take the disk offline on a node, before another may have it."""

    text = "take the disk offline on {node}"


@dataclass(frozen=True)
class SetOnline(Step):
    """Bring the disk online on the one node that works on it."""

    text = "bring the disk online on {node}"


@dataclass(frozen=True)
class Initialize(Step):
    """Give the RAW disk a partition table, after a mark that says that a format is under way."""

    text = "initialise the RAW disk on {node}"


@dataclass(frozen=True)
class AddPartition(Step):
    """One partition over the whole disk."""

    text = "create a partition {letter}: over the whole disk on {node}"
    letter: str


@dataclass(frozen=True)
class Format(Step):
    """Format the one empty partition, and take the mark of the format away."""

    text = "format the new partition with {file_system} on {node}"
    partition: int
    file_system: str
    label: str


@dataclass(frozen=True)
class SetLetter(Step):
    """Set the drive letter."""

    text = "give the disk the drive letter {letter}: on {node}"
    partition: int
    letter: str


@dataclass(frozen=True)
class SetLabel(Step):
    """Rename the volume."""

    text = "label the volume '{label}' on {node}"
    partition: int
    label: str


@dataclass(frozen=True)
class AddToCluster(Step):
    """Make it a cluster disk, in Available Storage."""

    text = "add the disk to the cluster {cluster}"
    cluster: str


@dataclass(frozen=True)
class StartDisk(Step):
    """Bring the cluster disk online."""

    text = "bring the cluster disk '{resource}' online"
    resource: str


@dataclass(frozen=True)
class RemoveFromCluster(Step):
    """Take the cluster disk away; its data stays."""

    text = "remove the cluster disk '{resource}' from the cluster"
    resource: str
