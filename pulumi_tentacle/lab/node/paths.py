"""PowerShell paths: which provider a path belongs to, whether something is there, and the errors when not."""

from __future__ import annotations

import ntpath
from dataclasses import dataclass

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import Call, Failure
from pulumi_tentacle.lab.world import Node

_PROVIDERS = ("", "microsoft.powershell.core\\")
_HIVES = ("hklm:", *(f"{p}registry::{hive}" for p in _PROVIDERS for hive in ("hkey_local_machine", "hklm")))
_FILE_SYSTEM = tuple(f"{p}filesystem::" for p in _PROVIDERS)


@dataclass(frozen=True)
class FilePath:
    """An absolute path of the file system, without trailing backslash."""

    full: str

    def __str__(self) -> str:
        return self.full

    @property
    def root(self) -> str:
        return self.full[:3]


@dataclass(frozen=True)
class RegistryPath:
    """A key below HKEY_LOCAL_MACHINE; the empty key is the hive itself."""

    key: str

    def __str__(self) -> str:
        return f"HKLM:\\{self.key}"

    @property
    def native(self) -> str:
        """As the registry provider writes it in messages and in PSPath."""
        return f"HKEY_LOCAL_MACHINE\\{self.key}".rstrip("\\")


Path = FilePath | RegistryPath


def locate(call: Call, path: str) -> Path:
    """Where a path leads. A relative path, a share and the other hives are refused."""
    backslashed = path.replace("/", "\\")
    low = backslashed.lower()
    for hive in _HIVES:
        if low == hive or low.startswith(hive + "\\"):
            key = backslashed[len(hive) :].strip("\\")
            return RegistryPath(ntpath.normpath(key) if key else "")
    for prefix in _FILE_SYSTEM:
        if low.startswith(prefix):
            backslashed = backslashed[len(prefix) :]
    if backslashed[1:3] != ":\\":
        refuse(call, f"the path {path}")
    return FilePath(ntpath.normpath(backslashed))


def exists(node: Node, path: Path) -> bool:
    """Whether there is an item."""
    if isinstance(path, RegistryPath):
        return path.key == "" or node.registry.get(path.key) is not None
    return node.files.is_file(path.full) or node.files.is_folder(path.full)


def missing(node: Node, path: Path) -> Failure | None:
    """The error that a cmdlet writes for an item that is not there, or None."""
    if isinstance(path, FilePath) and not node.files.is_folder(path.root):
        return Failure(
            f"Cannot find drive. A drive with the name '{path.root[0]}' does not exist.",
            "DriveNotFound",
            ErrorCategory.ObjectNotFound,
            path.root[0],
            "System.Management.Automation.DriveNotFoundException",
        )
    if exists(node, path):
        return None
    return Failure(
        f"Cannot find path '{path}' because it does not exist.",
        "PathNotFound",
        ErrorCategory.ObjectNotFound,
        str(path),
        "System.Management.Automation.ItemNotFoundException",
    )
