"""Files and folders as .NET objects of the pipeline, and Get-FileHash."""

from __future__ import annotations

import hashlib
import ntpath
from collections.abc import Iterator
from typing import Any

from psrpcore.types import ErrorCategory, PSInt64

from pulumi_tentacle.lab.node import paths
from pulumi_tentacle.lab.node.executables import file_version_of, version_of
from pulumi_tentacle.lab.node.filesystem import (
    AccessDenied,
    FileError,
    FileMissing,
    FolderMissing,
    PathNotSupported,
    SharingViolation,
)
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import Call, Failure, Live, Parameter, cmdlet, texts
from pulumi_tentacle.lab.world import Node

_DOTNET = {
    FileMissing: "System.IO.FileNotFoundException",
    FolderMissing: "System.IO.DirectoryNotFoundException",
    AccessDenied: "System.UnauthorizedAccessException",
    PathNotSupported: "System.NotSupportedException",
}


def dotnet_exception(error: FileError) -> str:
    """The .NET exception type that stands for an error of the file system; most are plain IOExceptions."""
    return _DOTNET.get(type(error), "System.IO.IOException")


def item(node: Node, path: str) -> Live:
    """The FileInfo or DirectoryInfo of what is at `path`. The lab keeps no times of folders."""
    name = ntpath.basename(path) or path
    common: dict[str, Any] = {"Name": name, "FullName": path, "Extension": ntpath.splitext(name)[1], "Exists": True}
    if node.files.is_folder(path):
        names = ("System.IO.DirectoryInfo", "System.IO.FileSystemInfo", "System.MarshalByRefObject")
        return Live(names, path, {**common, "PSIsContainer": True}, path)
    file = node.files.file(path)
    properties = {
        **common,
        "PSIsContainer": False,
        "Length": PSInt64(len(file.data)),
        "DirectoryName": ntpath.dirname(path),
        "LastWriteTimeUtc": file.modified,
        "LastWriteTime": file.modified,
        "VersionInfo": _version_info(path, file.data),
    }
    return Live(("System.IO.FileInfo", "System.IO.FileSystemInfo", "System.MarshalByRefObject"), path, properties, path)


def _version_info(path: str, content: bytes) -> Live:
    version = version_of(content)
    properties = {
        "FileName": path,
        "ProductVersion": version,
        "FileVersion": file_version_of(version) if version else None,
    }
    return Live(("System.Diagnostics.FileVersionInfo",), path, properties)


@cmdlet(
    "Get-FileHash",
    LiteralPath=Parameter(texts, mandatory=True, aliases=("PSPath",)),
    Algorithm=Parameter(choices=("SHA1", "SHA256", "SHA384", "SHA512", "MD5")),
)
def get_file_hash(call: Call) -> Iterator[Live]:
    """A function of the module Utility, not a compiled cmdlet: its class name in an FQID is its own name."""
    algorithm = call.parameters.get("Algorithm", "SHA256")
    if algorithm != "SHA256":
        refuse(call, f"Get-FileHash with {algorithm}")
    for given in call.parameters["LiteralPath"]:
        path = paths.locate(call, given)
        failure = paths.missing(call.node, path)
        if failure is not None:
            call.error(failure)
        elif isinstance(path, paths.FilePath) and not call.node.files.is_folder(path.full):
            yield from _hashed(call, path.full)


def _hashed(call: Call, path: str) -> Iterator[Live]:
    try:
        content = call.node.files.read(path)
    except SharingViolation as error:
        message = f"The file '{path}' cannot be read: {error}"
        call.error(Failure(message, "FileReadError", ErrorCategory.ReadError, path))
        return
    properties = {"Algorithm": "SHA256", "Hash": hashlib.sha256(content).hexdigest().upper(), "Path": path}
    yield Live(("Microsoft.Powershell.Utility.FileHash", "System.Management.Automation.PSCustomObject"), "", properties)
