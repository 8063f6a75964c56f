"""Which instance a run of Tentacle.exe is about, and its configuration (tentacle.md §1.0, §6)."""

from __future__ import annotations

import ntpath
from dataclasses import dataclass

from pulumi_tentacle.lab.node.filesystem import FileError
from pulumi_tentacle.lab.tentacle.failures import ControlledFailure, DotNetError
from pulumi_tentacle.lab.tentacle.index import Index
from pulumi_tentacle.lab.tentacle.settings import HOME, Settings
from pulumi_tentacle.lab.world import Node


@dataclass(frozen=True)
class Request:
    """What the command line asks for: an instance, a configuration file, or neither (both empty)."""

    instance: str = ""
    configuration: str = ""

    @property
    def is_open(self) -> bool:
        return not self.instance.strip() and not self.configuration.strip()


@dataclass(frozen=True)
class Instance:
    """A loaded instance. `name` is None for a configuration file named directly."""

    name: str | None
    configuration: str
    settings: Settings

    @property
    def home(self) -> str | None:
        """The home directory; a relative one counts from the configuration file's folder. Raises DotNetError."""
        home = self.settings.text(HOME)
        return None if home is None else ntpath.join(ntpath.dirname(self.settings.path), home)

    @property
    def logs(self) -> str | None:
        home = self.home
        return None if home is None else ntpath.join(home, "Logs")


class Selector:
    """Finds the requested instance; the first success counts for the rest of the run."""

    def __init__(self, node: Node, index: Index, request: Request, folder: str) -> None:
        self._node = node
        self._index = index
        self._folder = folder
        self.request = request
        self._current: Instance | None = None

    def current(self) -> Instance:
        """The instance.

        Raises:
            ControlledFailure: not registered, or its configuration file is not there.
            DotNetError: the index cannot be read.
        """
        if self._current is None:
            self._current = self._load(*self._locate())
        return self._current

    def can_load(self) -> bool:
        try:
            self.current()
        except (ControlledFailure, DotNetError, FileError):
            return False
        return True

    def full_path(self, path: str) -> str:
        """An absolute path, counted from the working folder; a backslash at the end stays (Path.GetFullPath)."""
        full = ntpath.normpath(ntpath.join(self._folder, path))
        return full + "\\" if path.endswith(("\\", "/")) and not full.endswith("\\") else full

    def _locate(self) -> tuple[str | None, str]:
        if self.request.instance.strip():
            entry = self._index.find(self.request.instance)
            return entry.name, entry.configuration
        if self.request.configuration.strip():
            return None, self.request.configuration
        here = self.full_path("Tentacle.config")
        if self._node.files.is_file(here):
            return None, here
        entry = self._index.default()
        return entry.name, entry.configuration

    def _load(self, name: str | None, configuration: str) -> Instance:
        path = self.full_path(configuration)
        if self._node.files.is_file(path):
            return Instance(name, configuration, Settings(self._node.files, path, self._node.name))
        if name is None:
            raise ControlledFailure(
                f"The configuration file at {configuration} could not be located at the specified location."
            )
        # No space between the last two sentences: so it is recorded.
        raise ControlledFailure(
            f"The configuration file for instance {name} could not be located at the specified location "
            f"{configuration}. The file might have been manually removed without properly removing the instance and as "
            "such it is still listed as present.The instance must be created again before you can interact with it."
        )
