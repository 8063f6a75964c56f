"""The steps that a plan for a role is made of. Each says what it does; apply.py carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One change to the cluster, or to a mark on a node."""

    @property
    def words(self) -> str:
        """What it does, after "While trying to"."""
        raise NotImplementedError


@dataclass(frozen=True)
class WriteMark(Step):
    """Leave the mark by which a later run recognises this one's work."""

    address: str
    node: str
    role: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"leave a mark for the role {self.role} on {self.node}"


@dataclass(frozen=True)
class RemoveMark(Step):
    """Take the mark away."""

    address: str
    node: str
    role: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"remove the mark of the role {self.role} on {self.node}"


@dataclass(frozen=True)
class AddGroup(Step):
    """Make the empty role."""

    role: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"create the role {self.role}"


@dataclass(frozen=True)
class MoveGroup(Step):
    """Bring the role to the node that has the disk, by a planned move."""

    role: str
    to: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"move the role {self.role} to {self.to}"


@dataclass(frozen=True)
class AddResource(Step):
    """Add a resource, offline."""

    name: str
    kind: str
    role: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"add the resource '{self.name}' ({self.kind}) to the role {self.role}"


@dataclass(frozen=True)
class SetParameters(Step):
    """Set private properties of a resource, together."""

    name: str
    values: Mapping[str, str | int]

    @property
    def words(self) -> str:
        """What it does."""
        told = ", ".join(f"{k} = {v}" for k, v in self.values.items())
        return f"set {told} of '{self.name}'"


@dataclass(frozen=True)
class SetDependency(Step):
    """Replace what a resource depends on."""

    name: str
    expression: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"let '{self.name}' depend on {self.expression}"


@dataclass(frozen=True)
class SetOwners(Step):
    """Set possible owners of a resource, or preferred owners of the role."""

    name: str
    owners: tuple[str, ...]
    possible: bool

    @property
    def words(self) -> str:
        """What it does."""
        kind = "possible" if self.possible else "preferred"
        return f"make {', '.join(self.owners)} the {kind} owners of '{self.name}'"


@dataclass(frozen=True)
class AddCheckpoint(Step):
    """Replicate a registry key with the role."""

    name: str
    key: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"replicate the registry key HKLM\\{self.key} with '{self.name}'"


@dataclass(frozen=True)
class SetCommonProperty(Step):
    """Assign a common property of the role or of its service's resource."""

    name: str
    setting: str
    value: int
    of_group: bool

    @property
    def words(self) -> str:
        """What it does."""
        return f"set {self.setting} of '{self.name}' to {self.value}"


@dataclass(frozen=True)
class MoveDisk(Step):
    """Put the disk into the role, or back into the available storage."""

    name: str
    group: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"move the cluster disk '{self.name}' to {self.group}"


@dataclass(frozen=True)
class StartResource(Step):
    """Bring a resource online and see that it is."""

    name: str
    role: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"bring '{self.name}' online"


@dataclass(frozen=True)
class StopGroup(Step):
    """Take the role offline."""

    role: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"take the role {self.role} offline"


@dataclass(frozen=True)
class RemoveGroup(Step):
    """Remove the role with its resources."""

    role: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"remove the role {self.role}"
