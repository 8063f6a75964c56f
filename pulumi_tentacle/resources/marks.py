"""Marks: small files by which a run recognises on a node what an earlier run of ours began.

`%ProgramData%\\pulumi_tentacle\\KIND-KEY.json` with the URN. They are no facts and make no drift.
"""

from __future__ import annotations

import json
import ntpath
import re

from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.windows import files

FOLDER = r"%ProgramData%\pulumi_tentacle"


def mark_path(kind: str, key: str) -> str:
    """The file of a mark; the key becomes what a file name may hold."""
    return rf"{FOLDER}\{kind}-{re.sub(r'[^A-Za-z0-9._-]', '_', key.lower())}.json"


def urn_of(file: files.RemoteFile | None) -> str | None:
    """The URN in a mark; an empty text for one that cannot be read, which is nobody's."""
    if file is None:
        return None
    try:
        return str(json.loads(file.content)["urn"])
    except (ValueError, KeyError, TypeError):
        return ""


def write(node: Node, kind: str, key: str, urn: str, **notes: str) -> None:
    """Leave a mark, before the first mutation."""
    content = {"urn": urn, "note": "Written by the Pulumi provider tentacle; it recognises its work by it.", **notes}
    files.write(node, mark_path(kind, key), json.dumps(content, indent=2).encode())


def remove(node: Node, kind: str, key: str) -> None:
    """Take a mark away, and the folder with the last one; one that is not there is no error."""
    found = files.read(node, folders=[FOLDER])
    ours = ntpath.basename(mark_path(kind, key)).lower()
    for file in found:
        if ntpath.basename(file.path).lower() == ours:
            files.delete(node, file.path)
            if len(found) == 1:
                files.delete_folder(node, ntpath.dirname(file.path))
