"""The instances of a machine: one small JSON file each (tentacle.md §4)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from pulumi_tentacle.lab.node.filesystem import AccessDenied
from pulumi_tentacle.lab.tentacle.console import Console, lines
from pulumi_tentacle.lab.tentacle.failures import ARGUMENT, ControlledFailure, DotNetError
from pulumi_tentacle.lab.world import Node

MACHINE_HOME = r"C:\ProgramData\Octopus"
MACHINE_HOME_VARIABLE = "TentacleMachineConfigurationHomeDirectory"
DEFAULT_INSTANCE = "Tentacle"
LEGACY_KEY = r"Software\Octopus\Tentacle"
LEGACY_VALUE = "ConfigurationFilePath"


@dataclass(frozen=True)
class Entry:
    """A registered instance."""

    name: str
    configuration: str


class Index:
    """The index of a node, or another one in its place (`TentacleMachineConfigurationHomeDirectory`)."""

    def __init__(self, node: Node, console: Console, machine_home: str | None = None) -> None:
        self._node = node
        self._console = console
        self.folder = f"{(machine_home or '').strip() or MACHINE_HOME}\\Tentacle\\Instances"

    def entries(self) -> list[Entry]:
        """All instances by name; those that only the registry knows (of before Tentacle 4.0.2) too.

        Raises:
            DotNetError: a file in the index's folder is not what Tentacle writes; one such file breaks them all.
        """
        filed = [self._read(path) for path in self._paths()]
        legacy = [entry for entry in self._legacy() if entry.name not in {other.name for other in filed}]
        return sorted([*filed, *legacy], key=lambda entry: entry.name)

    def find(self, name: str) -> Entry:
        """The instance of this name; case only matters when several differ in nothing else.

        Raises:
            ControlledFailure: there is none, or none in exactly this spelling.
        """
        entries = self.entries()
        alike = [entry for entry in entries if entry.name.lower() == name.lower()]
        exact = [entry for entry in alike if entry.name == name]
        if not alike:
            raise ControlledFailure(
                f"Instance {name} of Tentacle has not been configured on this machine. "
                f"Available instances: {_names(entries)}."
            )
        if len(alike) > 1 and not exact:
            raise ControlledFailure(
                f"Instance {name} of Tentacle could not be matched to one of the existing instances: {_names(entries)}."
            )
        return self._migrated((exact if len(alike) > 1 else alike)[0])

    def default(self) -> Entry:
        """The instance `Tentacle`, or the only one. Raises ControlledFailure when it is neither clear."""
        entries = self.entries()
        for entry in entries:
            if entry.name == DEFAULT_INSTANCE or len(entries) == 1:
                return self._migrated(entry)
        if entries:
            raise ControlledFailure(
                "There is more than one instance of Tentacle configured on this machine. Please pass "
                "--instance=INSTANCENAME when invoking this command to target a specific instance. "
                f"Available instances: {_names(entries)}."
            )
        raise ControlledFailure("Unable to find default instance of Tentacle. Available instances: .")

    def register(self, name: str, configuration: str) -> None:
        """Write the entry; the name of one that is there keeps its spelling."""
        path = self._path(name)
        self._node.files.make_folder(self.folder)
        spelling = self._read(path).name if self._node.files.is_file(path) else name
        content = {"Name": spelling, "ConfigurationFilePath": configuration}
        try:
            self._node.files.write(path, lines(json.dumps(content, indent=2, ensure_ascii=False)).encode())
        except AccessDenied as error:
            self._console.warn(str(error))
            raise ControlledFailure(f"Unable to write file '{path}'. Please check file permissions.") from None
        self._console.info(f"Saving instance: {spelling}")

    def delete(self, name: str) -> None:
        """Remove the entry, and that of the registry; the configuration file stays."""
        self._node.files.delete(self._path(name))
        for entry in self._legacy():
            if entry.name.lower() == name.lower():
                self._node.registry.delete(f"{LEGACY_KEY}\\{entry.name}")
        self._console.info(f"Deleted instance: {name}")

    def _paths(self) -> list[str]:
        files = self._node.files
        found = files.children(self.folder) if files.is_folder(self.folder) else []
        return [path for path in found if files.is_file(path)]

    def _path(self, name: str) -> str:
        return f"{self.folder}\\{name.replace(' ', '-').lower()}.config"

    def _read(self, path: str) -> Entry:
        try:
            content = json.loads(self._node.files.read(path).decode("utf-8-sig"))
            return Entry(content["Name"], content["ConfigurationFilePath"])
        except (ValueError, KeyError, TypeError):
            raise DotNetError(ARGUMENT, f"Could not load instance at path {path}") from None

    def _legacy(self) -> list[Entry]:
        registry = self._node.registry
        keys = {key.rpartition("\\")[2]: registry.get(key) or {} for key in registry.children(LEGACY_KEY)}
        return [Entry(name, str(values[LEGACY_VALUE])) for name, values in keys.items() if LEGACY_VALUE in values]

    def _migrated(self, entry: Entry) -> Entry:
        """An instance of the registry gets its file when it is first used; the registry key stays."""
        legacy = any(other.name.lower() == entry.name.lower() for other in self._legacy())
        if legacy and not self._node.files.is_file(self._path(entry.name)):
            self._console.info(f"Migrating Tentacle instance from registry - {entry.name}")
            self.register(entry.name, entry.configuration)
        return entry


def _names(entries: Iterable[Entry]) -> str:
    return ", ".join(sorted((entry.name for entry in entries), key=str.lower))
