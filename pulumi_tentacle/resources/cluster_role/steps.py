"""The steps that a plan for a role is made of; apply.py carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_tentacle.resources.worded import Worded


@dataclass(frozen=True)
class Step(Worded):
    """One change to the cluster, or to a mark on a node."""


@dataclass(frozen=True)
class WriteMark(Step):
    """Leave the mark by which a later run recognises this one's work."""

    text = "leave a mark for the role {role} on {node}"
    address: str
    node: str
    role: str


@dataclass(frozen=True)
class RemoveMark(Step):
    """Take the mark away."""

    text = "remove the mark of the role {role} on {node}"
    address: str
    node: str
    role: str


@dataclass(frozen=True)
class AddGroup(Step):
    """Make the empty role."""

    text = "create the role {role}"
    role: str


@dataclass(frozen=True)
class MoveGroup(Step):
    """Bring the role to the node that has the disk, by a planned move."""

    text = "move the role {role} to {to}"
    role: str
    to: str


@dataclass(frozen=True)
class AddResource(Step):
    """Add a resource, offline."""

    text = "add the resource '{name}' ({kind}) to the role {role}"
    name: str
    kind: str
    role: str


@dataclass(frozen=True)
class SetParameters(Step):
    """Set private properties of a resource, together."""

    name: str
    values: Mapping[str, str | int]

    @property
    def words(self) -> str:
        """What it does, in words."""
        told = ", ".join(f"{k} = {v}" for k, v in self.values.items())
        return f"set {told} of '{self.name}'"


@dataclass(frozen=True)
class SetDependency(Step):
    """Replace what a resource depends on."""

    text = "let '{name}' depend on {expression}"
    name: str
    expression: str


@dataclass(frozen=True)
class SetOwners(Step):
    """Set possible owners of a resource, or preferred owners of the role."""

    name: str
    owners: tuple[str, ...]
    possible: bool

    @property
    def words(self) -> str:
        """What it does, in words."""
        kind = "possible" if self.possible else "preferred"
        return f"make {', '.join(self.owners)} the {kind} owners of '{self.name}'"


@dataclass(frozen=True)
class AddCheckpoint(Step):
    """Replicate a registry key with the role."""

    text = "replicate the registry key HKLM\\{key} with '{name}'"
    name: str
    key: str


@dataclass(frozen=True)
class SetCommonProperty(Step):
    """Assign a common property of the role or of its service's resource."""

    text = "set {setting} of '{name}' to {value}"
    name: str
    setting: str
    value: int
    of_group: bool


@dataclass(frozen=True)
class MoveDisk(Step):
    """Put the disk into the role, or back into the available storage."""

    text = "move the cluster disk '{name}' to {group}"
    name: str
    group: str


@dataclass(frozen=True)
class StartResource(Step):
    """Bring a resource online and see that it is."""

    text = "bring '{name}' online"
    name: str
    role: str


@dataclass(frozen=True)
class StopGroup(Step):
    """Take the role offline."""

    text = "take the role {role} offline"
    role: str


@dataclass(frozen=True)
class RemoveGroup(Step):
    """Remove the role with its resources."""

    text = "remove the role {role}"
    role: str
