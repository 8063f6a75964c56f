"""The installed Tentacle: where its executable lies and which version it is."""

from __future__ import annotations

import ntpath
import re
from dataclasses import dataclass

from pulumi_tentacle.lab.node.executables import version_of
from pulumi_tentacle.lab.tentacle.failures import NotModelled
from pulumi_tentacle.lab.world import Node

PRODUCT = "Octopus Deploy Tentacle"
OLDEST_MODELLED = (8, 3, 2667)  # older ones differ in ways that tentacle.md §10 lists, TLS 1.3 among them
POLLING_CONNECTION_COUNT = (9, 2, 4154)


@dataclass(frozen=True)
class Installation:
    """Tentacle.exe on a node: its full path and its product version."""

    path: str
    version: str

    def at_least(self, wanted: tuple[int, ...]) -> bool:
        """Whether it is that new. One built from source (`0.0.0-local`) is newer than any release."""
        numbers, _, suffix = self.version.partition("-")
        return bool(suffix) or tuple(int(number) for number in re.findall(r"\d+", numbers)) >= wanted


def at(node: Node, path: str) -> Installation:
    """The Tentacle at a path.

    Raises:
        NotModelled: the file is not one that the lab made, or too old a version.
        FileError: it cannot be read.
    """
    version = version_of(node.files.read(path))
    if version is None:
        raise NotModelled(f"what {path} is")
    found = Installation(path, version)
    if not found.at_least(OLDEST_MODELLED):
        raise NotModelled(f"Tentacle {version}")
    return found


def installed(node: Node) -> Installation:
    """The Tentacle that its MSI installed. Raises NotModelled, FileError."""
    location = next((product.location for product in node.products if product.name == PRODUCT), None)
    if location is None:
        raise NotModelled("Tentacle without its MSI")
    return at(node, ntpath.join(location, "Tentacle.exe"))
