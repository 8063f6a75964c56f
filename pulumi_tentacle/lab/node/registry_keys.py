"""Registry keys and their values: the objects of the registry provider, and Get-/New-/Set-ItemProperty."""

from __future__ import annotations

import ntpath
from collections.abc import Callable, Iterator
from typing import Any

from psrpcore.types import ErrorCategory, PSInt64

from pulumi_tentacle.lab.node import paths
from pulumi_tentacle.lab.node.cdxml import has_wildcard
from pulumi_tentacle.lab.node.paths import RegistryPath
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import (
    Call,
    Failure,
    Live,
    Parameter,
    anything,
    cmdlet,
    integer,
    switch,
    text,
    texts,
)
from pulumi_tentacle.lab.world import Node

_COMMANDS = "Microsoft.PowerShell.Commands."
_IO_EXCEPTION = "System.IO.IOException"
_CUSTOM_OBJECT = "System.Management.Automation.PSCustomObject"

# REG_SZ and REG_EXPAND_SZ both read as text; the lab keeps no difference.
_KINDS: dict[str, Callable[[Any], Any]] = {
    "String": text,
    "ExpandString": text,
    "DWord": integer,
    "QWord": PSInt64,
    "MultiString": texts,
    "Binary": bytes,
}


def key(node: Node, path: str) -> Live:
    """The RegistryKey of a path below HKLM."""
    spelled = RegistryPath(node.registry.spellings.get(path.lower(), path))
    properties = {"Name": spelled.native, "Property": list(node.registry.get(path) or {}), **_provider(spelled)}
    return Live(("Microsoft.Win32.RegistryKey", "System.MarshalByRefObject"), spelled.native, properties, spelled)


def create(call: Call, path: RegistryPath) -> Iterator[Live]:
    """New-Item for a key."""
    registry, force = call.node.registry, call.parameters.get("Force")
    parent = RegistryPath(ntpath.dirname(path.key))
    if registry.get(path.key) is not None and not force:
        message = "A key in this path already exists."
        call.error(Failure(message, _IO_EXCEPTION, ErrorCategory.ResourceExists, path.native, _IO_EXCEPTION))
    elif not paths.exists(call.node, parent) and not force:
        message, argument = "The registry key at the specified path does not exist.", "System.ArgumentException"
        call.error(Failure(message, argument, ErrorCategory.InvalidArgument, path.native, argument))
    else:
        registry.delete(path.key)
        registry.make(path.key)
        yield key(call.node, path.key)


@cmdlet(
    "Get-ItemProperty",
    _COMMANDS + "GetItemPropertyCommand",
    Path=Parameter(texts, position=0),
    LiteralPath=Parameter(texts, aliases=("PSPath",)),
    Name=Parameter(texts, position=1, aliases=("PSProperty",)),
)
def get_item_property(call: Call) -> Iterator[Live]:
    """The values of keys. Of the wildcards only a last `\\*` is known: all keys below."""
    for path in _existing(call):
        properties = _values(call, path, call.parameters.get("Name"))
        if properties is not None:
            spelled = RegistryPath(call.node.registry.spellings.get(path.key.lower(), path.key))
            yield Live((_CUSTOM_OBJECT,), "", {**properties, **_provider(spelled)}, spelled)


def _values(call: Call, path: RegistryPath, names: list[str] | None) -> dict[str, Any] | None:
    """All values, or those of these names; None when there are none of them."""
    values = {name or "(default)": value for name, value in (call.node.registry.get(path.key) or {}).items()}
    if names is None:
        return values
    chosen: dict[str, Any] = {}
    for wanted in names:
        name = next((each for each in values if each.lower() == wanted.lower()), None)
        if name is None:
            message, exception = f"Property {wanted} does not exist at path {path.native}.", "PSArgumentException"
            full = f"System.Management.Automation.{exception}"
            call.error(Failure(message, full, ErrorCategory.InvalidArgument, wanted, full))
        else:
            chosen[name] = values[name]
    return chosen or None


@cmdlet(
    "New-ItemProperty",
    _COMMANDS + "NewItemPropertyCommand",
    Path=Parameter(texts, position=0),
    LiteralPath=Parameter(texts, aliases=("PSPath",)),
    Name=Parameter(mandatory=True, position=1, aliases=("PSProperty",)),
    PropertyType=Parameter(aliases=("Type",), choices=tuple(_KINDS)),
    Value=Parameter(anything),
    Force=Parameter(switch),
)
def new_item_property(call: Call) -> Iterator[Live]:
    name = call.parameters["Name"]
    for path in _existing(call):
        present = [each.lower() for each in call.node.registry.get(path.key) or {}]
        if name.lower() in present and not call.parameters.get("Force"):
            message = "The property already exists."
            call.error(Failure(message, _IO_EXCEPTION, ErrorCategory.WriteError, path.native, _IO_EXCEPTION))
            continue
        _set(call, path, call.parameters.get("PropertyType"))
        yield Live((_CUSTOM_OBJECT,), "", {**(_values(call, path, [name]) or {}), **_provider(path)}, path)


@cmdlet(
    "Set-ItemProperty",
    _COMMANDS + "SetItemPropertyCommand",
    Path=Parameter(texts, position=0),
    LiteralPath=Parameter(texts, aliases=("PSPath",)),
    Name=Parameter(mandatory=True, position=1, aliases=("PSProperty",)),
    Value=Parameter(anything, mandatory=True, position=2),
    Type=Parameter(choices=tuple(_KINDS)),
    Force=Parameter(switch),
)
def set_item_property(call: Call) -> None:
    for path in _existing(call):
        _set(call, path, call.parameters.get("Type"))


def _set(call: Call, path: RegistryPath, kind: str | None) -> None:
    """Without a kind the value's own type decides: a number is a DWord, a list a MultiString."""
    value = call.parameters.get("Value")
    try:
        converted = _KINDS[kind](value) if kind else value
    except (TypeError, ValueError):
        refuse(call, f"a registry value of the kind {kind} from {value!r}")
    call.node.registry.set(path.key, call.parameters["Name"], converted)


def _provider(path: RegistryPath) -> dict[str, Any]:
    """The note properties that PowerShell adds to everything of a provider."""
    prefix = "Microsoft.PowerShell.Core\\Registry"
    parent = RegistryPath(ntpath.dirname(path.key))
    return {
        "PSPath": f"{prefix}::{path.native}",
        "PSParentPath": f"{prefix}::{parent.native}",
        "PSChildName": ntpath.basename(path.key),
        "PSProvider": prefix,
    }


def _existing(call: Call) -> Iterator[RegistryPath]:
    for given in call.parameters.get("LiteralPath") or []:
        yield from _found(call, given, all_below=False)
    for given in call.parameters.get("Path") or []:
        all_below = given.endswith("\\*")
        path = given.removesuffix("\\*")
        if has_wildcard(path):
            refuse(call, f"{call.name} with the wildcard path {given}")
        yield from _found(call, path, all_below=all_below)


def _found(call: Call, given: str, *, all_below: bool) -> Iterator[RegistryPath]:
    path = paths.locate(call, given)
    if not isinstance(path, RegistryPath):
        refuse(call, f"{call.name} for a file: {given}")
    failure = paths.missing(call.node, path)
    if failure is not None:
        call.error(failure)
    elif all_below:
        yield from (RegistryPath(child) for child in call.node.registry.children(path.key))
    else:
        yield path
