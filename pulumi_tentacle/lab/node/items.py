"""The item cmdlets, for files and for registry keys: Test-Path, Get-Item, Get-ChildItem, New-Item, Remove-Item."""

from __future__ import annotations

from collections.abc import Iterator

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.node import files, paths, registry_keys
from pulumi_tentacle.lab.node.cdxml import has_wildcard
from pulumi_tentacle.lab.node.filesystem import SharingViolation
from pulumi_tentacle.lab.node.paths import FilePath, Path, RegistryPath
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import Call, Failure, Live, Parameter, cmdlet, switch, texts

_COMMANDS = "Microsoft.PowerShell.Commands."
_IO_EXCEPTION = "System.IO.IOException"
_PATH = Parameter(texts, position=0)
_LITERAL_PATH = Parameter(texts, aliases=("PSPath",))


@cmdlet(
    "Test-Path",
    _COMMANDS + "TestPathCommand",
    Path=_PATH,
    LiteralPath=_LITERAL_PATH,
    PathType=Parameter(choices=("Any", "Container", "Leaf")),
)
def test_path(call: Call) -> Iterator[bool]:
    """A drive that is not there is no error here."""
    kind = call.parameters.get("PathType", "Any")
    for path in _given(call):
        container = isinstance(path, RegistryPath) or call.node.files.is_folder(path.full)
        fits = kind == "Any" or container == (kind == "Container")
        yield fits and paths.exists(call.node, path)


@cmdlet("Get-Item", _COMMANDS + "GetItemCommand", Path=_PATH, LiteralPath=_LITERAL_PATH, Force=Parameter(switch))
def get_item(call: Call) -> Iterator[Live]:
    for path in _existing(call):
        yield _item(call, path)


@cmdlet(
    "Get-ChildItem",
    _COMMANDS + "GetChildItemCommand",
    Path=_PATH,
    LiteralPath=_LITERAL_PATH,
    File=Parameter(switch),
    Directory=Parameter(switch),
    Force=Parameter(switch),
)
def get_child_item(call: Call) -> Iterator[Live]:
    for path in _existing(call):
        if isinstance(path, RegistryPath):
            yield from (registry_keys.key(call.node, child) for child in call.node.registry.children(path.key))
        elif call.node.files.is_file(path.full):
            yield _item(call, path)
        else:
            for child in call.node.files.children(path.full):
                folder = call.node.files.is_folder(child)
                if not call.parameters.get("Directory" if not folder else "File"):
                    yield files.item(call.node, child)


@cmdlet(
    "New-Item",
    _COMMANDS + "NewItemCommand",
    Path=Parameter(texts, mandatory=True, position=0),
    ItemType=Parameter(aliases=("Type",)),
    Force=Parameter(switch),
)
def new_item(call: Call) -> Iterator[Live]:
    """Folders and keys. -Force makes the parents too; for a key that is there it starts with an empty one."""
    for given in call.parameters["Path"]:
        path = paths.locate(call, given)
        if isinstance(path, RegistryPath):
            yield from registry_keys.create(call, path)
        elif (call.parameters.get("ItemType") or "").lower() not in ("directory", "container"):
            refuse(call, f"New-Item -ItemType {call.parameters.get('ItemType')} for files")
        else:
            yield from _new_folder(call, path)


def _new_folder(call: Call, path: FilePath) -> Iterator[Live]:
    failure = paths.missing(call.node, FilePath(path.root))
    if failure is not None:
        call.error(failure)
        return
    there = paths.exists(call.node, path)
    if call.node.files.is_file(path.full) or (there and not call.parameters.get("Force")):
        message = f"An item with the specified name {path} already exists."
        call.error(Failure(message, "DirectoryExist", ErrorCategory.ResourceExists, str(path), _IO_EXCEPTION))
        return
    call.node.files.make_folder(path.full)
    yield _item(call, path)


@cmdlet(
    "Remove-Item",
    _COMMANDS + "RemoveItemCommand",
    Path=_PATH,
    LiteralPath=_LITERAL_PATH,
    Force=Parameter(switch),
    Recurse=Parameter(switch),
)
def remove_item(call: Call) -> None:
    for path in _existing(call):
        if _children(call, path) and not call.parameters.get("Recurse"):
            # PowerShell would ask whether to go on, -Force or not; a session without a person cannot.
            call.throw(prompt_refused())
        if isinstance(path, RegistryPath):
            call.node.registry.delete(path.key)
        else:
            _remove(call, path.full)


def prompt_refused() -> Failure:
    """What a question to the user ends in, in a session that has none (windows-cluster.md §1.1, no. 9)."""
    return Failure(
        "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.",
        "InvalidOperation",
        ErrorCategory.InvalidOperation,
        exception="System.Management.Automation.PSInvalidOperationException",
    )


def _remove(call: Call, path: str) -> bool:
    """Delete a file, or a folder from its leaves on; False, with errors written, if something is in use."""
    node = call.node
    if node.files.is_folder(path):
        removed = [_remove(call, child) for child in node.files.children(path)]  # each is tried
        if not all(removed):
            call.error(_not_removed(path, "The directory is not empty."))
            return False
        node.files.delete_folder(path)
        return True
    try:
        node.files.delete(path)
    except SharingViolation as error:
        call.error(_not_removed(path, str(error)))
        return False
    return True


def _not_removed(path: str, why: str) -> Failure:
    message = f"Cannot remove item {path}: {why}"
    return Failure(message, "RemoveFileSystemItemIOError", ErrorCategory.WriteError, path, _IO_EXCEPTION)


def _children(call: Call, path: Path) -> list[str]:
    if isinstance(path, RegistryPath):
        return call.node.registry.children(path.key)
    return call.node.files.children(path.full) if call.node.files.is_folder(path.full) else []


def _item(call: Call, path: Path) -> Live:
    if isinstance(path, RegistryPath):
        return registry_keys.key(call.node, path.key)
    return files.item(call.node, path.full)


def _given(call: Call) -> Iterator[Path]:
    for path in call.parameters.get("LiteralPath") or []:
        yield paths.locate(call, path)
    for path in call.parameters.get("Path") or []:
        if has_wildcard(path):
            refuse(call, f"{call.name} with the wildcard path {path}")
        yield paths.locate(call, path)


def _existing(call: Call) -> Iterator[Path]:
    for path in _given(call):
        failure = paths.missing(call.node, path)
        if failure is None:
            yield path
        else:
            call.error(failure)
