"""The index of instances on a node: one small JSON file each (reference/tentacle.md §4)."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable
from dataclasses import dataclass

from pulumi_tentacle.windows.files import RemoteFile


@dataclass(frozen=True)
class Entry:
    """An instance that is registered on a node: its name as spelled there and its configuration file."""

    name: str
    config_path: str
    index_file: str


class UnreadableIndex(ValueError):
    """A file of the index is damaged: Tentacle.exe fails for every instance then."""


def parse(files: Iterable[RemoteFile]) -> list[Entry]:
    """The entries of the index folder's files.

    Raises:
        UnreadableIndex: with the file's path.
    """
    return sorted((_entry(file) for file in files), key=lambda e: e.name.lower())


def _entry(file: RemoteFile) -> Entry:
    try:
        found = json.loads(file.content.removeprefix(codecs.BOM_UTF8))
        return Entry(str(found["Name"]), str(found["ConfigurationFilePath"]), file.path)
    except (ValueError, KeyError, TypeError):
        raise UnreadableIndex(file.path) from None


def find(entries: Iterable[Entry], name: str) -> Entry | None:
    """The entry of this name; case does not matter, the exact spelling wins."""
    same = [e for e in entries if e.name.lower() == name.lower()]
    return next((e for e in same if e.name == name), same[0] if same else None)


def index_file_name(name: str) -> str:
    """The file of an instance in the index folder."""
    return name.lower().replace(" ", "-") + ".config"


def index_entry(name: str, config_path: str) -> bytes:
    """The content of an instance's file in the index folder."""
    return json.dumps({"Name": name, "ConfigurationFilePath": config_path}, indent=2).encode()
