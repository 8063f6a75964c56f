"""Models of the constant scripts that work on files.

Each follows its script line by line; the number beside it is the script's key (cmdlet.script_key). When a script
changes, its model is looked at again and the number with it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ntpath
from collections.abc import Iterator

from psrpcore.types import PSSecureString

from pulumi_tentacle.lab.node.accounts import sid_or_name
from pulumi_tentacle.lab.node.dotnet import constructing, expand, invoking, round_trip, throw_invocation
from pulumi_tentacle.lab.node.filesystem import (
    ADMINISTRATORS,
    SYSTEM,
    AccessDenied,
    FileError,
    FileMissing,
    FolderMissing,
    PathNotSupported,
)
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, script

READ_FILES = "06c782a8e56f5bd0ff310e81fbce1baef1edefb4e83c3a4f84aae2e041632799"
WRITE_FILE = "fdab3669d6608861e75b815e96e7f04a3b6a6035056f4c95b49b5a0cf1b4e28a"
ERASE_FILE = "e6135788c17c1e709b137719d334bb6dc0416fad9ce230d8054c9862817b70d9"
REPLACE_FILE = "56497988ccd9c7602e091c4fbf79ea10a2f9ebb226c2cb40f9b9393d5bf6d312"
RESTRICT_FILE = "571aee2b463a02808c36039ccaffe54e16014c0185b8a4aa339ddd68fd5f9ec7"
APPEND_FILE = "abbe45ce09d5a860eb8f21b956ab51c33453fb4ddaf826923d8aba82b53728c2"

_RESTRICTED = frozenset({SYSTEM, ADMINISTRATORS})
_PATIENCE = 15.0  # seconds that replace-file tries for


@script("read-files", READ_FILES)
def read_files(call: Call) -> Iterator[Live]:
    for path in filter(None, call.parameters.get("Path") or []):
        yield from _read_one(call, expand(call.node, path))
    for folder in filter(None, call.parameters.get("Folder") or []):
        with invoking(call, "GetFiles", 1):
            try:
                children = call.node.files.children(expand(call.node, folder))
            except FolderMissing:
                continue
        for child in children:
            if call.node.files.is_file(child):
                yield from _read_one(call, child)


def _read_one(call: Call, path: str) -> Iterator[Live]:
    with invoking(call, "ReadAllBytes", 1):
        try:
            content = call.node.files.read(path)
        except (FileMissing, FolderMissing):
            return
    modified = round_trip(call.node.files.file(path).modified)
    properties = {"Path": path, "Content": content, "Modified": modified}
    yield Live(("System.Management.Automation.PSCustomObject",), "", properties)


@script("write-file", WRITE_FILE)
def write_file(call: Call) -> None:
    files, path = call.node.files, expand(call.node, _text(call, "Path"))
    content = call.parameters.get("Content")
    readers = _RESTRICTED if call.parameters.get("Restricted") else None
    if not isinstance(content, PSSecureString):
        refuse(call, "write-file with a content that is no secure string")
    try:
        data = base64.b64decode(str(content.decrypt()), validate=True)
    except binascii.Error:
        message = "The input is not a valid Base-64 string."
        throw_invocation(call, "FromBase64String", 1, "System.FormatException", message)
    _make_way(call, path)
    with constructing(call, 7 if readers else 3):
        files.write(path, b"", readers)
    with invoking(call, "Write", 3):
        files.write(path, data)


@script("erase-file", ERASE_FILE)
def erase_file(call: Call) -> None:
    files, path = call.node.files, expand(call.node, _text(call, "Path"))
    if files.is_file(path):
        with invoking(call, "WriteAllBytes", 2):
            files.write(path, bytes(len(files.file(path).data)))
        with invoking(call, "Delete", 1):
            files.delete(path)


@script("replace-file", REPLACE_FILE)
def replace_file(call: Call) -> Iterator[str]:
    clock = call.node.estate.clock
    path, replacement, expected = (_text(call, name) for name in ("Path", "Replacement", "Expected"))
    end = clock.now().timestamp() + _PATIENCE
    while True:
        method, arguments = "ReadAllBytes", 1
        try:
            actual = hashlib.sha256(call.node.files.read(path)).hexdigest().upper()
            if actual != expected.upper():
                yield "changed"
                return
            method, arguments = "SetLastWriteTimeUtc", 2
            call.node.files.file(replacement).modified = clock.now()
            method, arguments = "Replace", 3
            call.node.files.replace(replacement, path)
        except FileError as error:
            with invoking(call, method, arguments):
                if isinstance(error, FileMissing | FolderMissing | AccessDenied | PathNotSupported):
                    raise
                if clock.now().timestamp() > end:
                    raise
            clock.sleep(0.2)
        else:
            yield "replaced"
            return


@script("restrict-file", RESTRICT_FILE)
def restrict_file(call: Call) -> None:
    readers = _RESTRICTED
    account = _text(call, "Account")
    if account:
        known = account if account.upper().startswith("S-1-") else sid_or_name(call.node, account)
        if known is None:
            message = "Some or all identity references could not be translated."
            exception = "System.Security.Principal.IdentityNotMappedException"
            throw_invocation(call, "Translate", 1, exception, message)
        readers |= {known}
    with invoking(call, "SetAccessControl", 2):
        call.node.files.file(_text(call, "Path")).readers = readers


@script("append-file", APPEND_FILE)
def append_file(call: Call) -> None:
    files, path = call.node.files, expand(call.node, _text(call, "Path"))
    if call.parameters.get("First"):
        _make_way(call, path)
    with constructing(call, 3):
        present = files.read(path) if files.is_file(path) else b""
        files.write(path, present)
    with invoking(call, "Write", 3):
        files.write(path, present + bytes(call.parameters.get("Content") or b""))


def _text(call: Call, name: str) -> str:
    """A [string] parameter; one that is not given is empty."""
    return str(call.parameters.get(name) or "")


def _make_way(call: Call, path: str) -> None:
    """The folder is made, a file of the name is deleted."""
    with invoking(call, "CreateDirectory", 1):
        call.node.files.make_folder(ntpath.dirname(path))
    with invoking(call, "Delete", 1):
        call.node.files.delete(path)
