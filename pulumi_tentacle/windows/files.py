"""Files of a node: whole contents, written and replaced so that a crash leaves nothing half-written."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pulumi_tentacle.errors import CmdletFailed, NotFound
from pulumi_tentacle.remoting.commands import Script, Secret, command
from pulumi_tentacle.remoting.node import Node

_PACKAGE = "pulumi_tentacle.windows"
_READ = Script.load(_PACKAGE, "read-files")
_WRITE = Script.load(_PACKAGE, "write-file")
_ERASE = Script.load(_PACKAGE, "erase-file")
_REPLACE = Script.load(_PACKAGE, "replace-file")
_RESTRICT = Script.load(_PACKAGE, "restrict-file")
_APPEND = Script.load(_PACKAGE, "append-file")
_DOWNLOAD = Script.load(_PACKAGE, "download-file")

_PIECE = 256 * 1024  # bytes of an upload in one request: well below WinRM's envelope of 500 KiB as base64
_DOWNLOAD_SECONDS = 1800.0


@dataclass(frozen=True)
class RemoteFile:
    """A file as it was read. `modified` by the node's clock, in UTC."""

    path: str
    content: bytes = field(repr=False)
    modified: datetime

    @property
    def sha256(self) -> str:
        """64 upper-case hex digits."""
        return hashlib.sha256(self.content).hexdigest().upper()


def read(node: Node, paths: Sequence[str] = (), folders: Sequence[str] = ()) -> list[RemoteFile]:
    """The files at `paths` and all directly in `folders`; what is not there is left out.

    Environment variables in the paths (`%ProgramData%`) are the node's.
    """
    found = node.script(_READ, Path=list(paths), Folder=list(folders))
    return [RemoteFile(str(f["Path"]), bytes(f["Content"]), _moment(str(f["Modified"]))) for f in found]


def write(node: Node, path: str, content: bytes, *, restricted: bool = False) -> None:
    """Write a file anew. `restricted`: only SYSTEM and Administrators can open it, from its first byte on."""
    node.script(_WRITE, Path=path, Content=Secret(base64.b64encode(content).decode()), Restricted=restricted)


def erase(node: Node, path: str) -> None:
    """Overwrite and delete a file that held a secret; one that is not there is no error."""
    node.script(_ERASE, Path=path)


def replace(node: Node, path: str, replacement: str, expected_sha256: str) -> bool:
    """Put `replacement` in the place of `path` at once. False, with nothing done, if `path` has another content."""
    (answer,) = node.script(_REPLACE, Path=path, Replacement=replacement, Expected=expected_sha256)
    return str(answer) == "replaced"


def restrict(node: Node, path: str, account: str = "") -> None:
    """Let SYSTEM, Administrators and `account` open the file, and nobody else."""
    node.script(_RESTRICT, Path=path, Account=account)


def delete(node: Node, path: str) -> None:
    """Delete a file; one that is not there is no error. The path must hold no environment variable."""
    _remove(node, path, recurse=False)


def delete_folder(node: Node, path: str) -> None:
    """Delete a folder with all in it; one that is not there is no error."""
    _remove(node, path, recurse=True)


def _remove(node: Node, path: str, *, recurse: bool) -> None:
    try:
        node.call(command("Remove-Item", LiteralPath=path, Force=True, Recurse=recurse))
    except CmdletFailed as error:
        if error.error_id not in ("PathNotFound", "DriveNotFound"):
            raise


def make_folder(node: Node, path: str) -> None:
    """Make a folder and its parents; one that is there is no error."""
    node.call(command("New-Item", ItemType="Directory", Path=path, Force=True) | command("Out-Null"))


def download(node: Node, url: str, path: str) -> None:
    """Let the node download a file itself."""
    node.script(_DOWNLOAD, deadline=_DOWNLOAD_SECONDS, Uri=url, Path=path)


def upload(node: Node, source: str, path: str) -> None:
    """Send a file of this machine to the node.

    Raises:
        NotFound: the file is not there or cannot be read.
    """
    for number, piece in enumerate(_pieces(source)):
        node.script(_APPEND, Path=path, Content=piece, First=number == 0)


def _pieces(source: str) -> Iterator[bytes]:
    try:
        with Path(source).open("rb") as file:
            yield file.read(_PIECE)
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        raise NotFound(
            f"The file {source} on the machine that runs Pulumi cannot be read: {error.strerror}."
        ) from error


def sha256(node: Node, path: str) -> str:
    """SHA-256 of a file, 64 lower-case hex digits."""
    hashed = command("Get-FileHash", LiteralPath=path, Algorithm="SHA256") | command("Select-Object", Property=["Hash"])
    (found,) = node.call(hashed)
    return str(found["Hash"]).lower()


def _moment(text: str) -> datetime:
    """.NET's round-trip format has seven digits of a second; Python reads six."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6].ljust(6, '0')}+00:00")
