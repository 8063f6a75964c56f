"""What PowerShell makes of values: their text, their members, and how it compares them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pulumi_tentacle.lab.powershell.cmdlet import Enum, Live

CUSTOM_OBJECT = "System.Management.Automation.PSCustomObject"


def is_custom(value: Live) -> bool:
    """Whether the object carries note properties (New-Object psobject, Select-Object) and no .NET ones."""
    return CUSTOM_OBJECT in value.type_names


def text_of(value: Any) -> str:
    """The object's `ToString()`, as PowerShell writes it (invariant culture)."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%m/%d/%Y %H:%M:%S}"
    if isinstance(value, list | tuple):
        return " ".join(text_of(item) for item in value)
    if isinstance(value, dict):
        return "System.Collections.Hashtable"
    if isinstance(value, Live) and is_custom(value):
        return "@{" + "; ".join(f"{name}={text_of(item)}" for name, item in value.properties.items()) + "}"
    return str(value)


def type_name_of(value: Any) -> str:
    """The short .NET type name, as an error record shows it for its target."""
    if value is None:
        return ""
    if isinstance(value, Live):
        return value.type_names[0].partition("#")[0].rpartition(".")[2]
    if isinstance(value, Enum):
        return value.type_name.rpartition(".")[2]
    names = {str: "String", bool: "Boolean", int: "Int32", dict: "Hashtable", list: "Object[]"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), type(value).__name__)


def find(mapping: Mapping[str, Any], name: str) -> str | None:
    """The key of that name, case ignored."""
    return next((key for key in mapping if str(key).lower() == name.lower()), None)


def properties_of(value: Any) -> Mapping[str, Any]:
    """What `.Name` reads: the properties of an object, the entries of a hashtable."""
    if isinstance(value, Live):
        return value.properties
    return value if isinstance(value, dict) else {}


def property_of(value: Any, name: str) -> Any:
    """The property, or None where the object has none of that name (PowerShell's answer too)."""
    properties = properties_of(value)
    key = find(properties, name)
    return None if key is None else properties[key]


def items_of(value: Any) -> Iterable[Any]:
    """What a value becomes when it goes down a pipeline: a list is taken apart, all else is one object."""
    return value if isinstance(value, list | tuple) else [value]


def is_true(value: Any) -> bool:
    """PowerShell's truth of a value: null, zero, the empty string and the empty list are false."""
    return bool(value.number) if isinstance(value, Enum) else bool(value)


def equal(left: Any, right: Any) -> bool:
    """`left -eq right`: the right side is converted to the left one's type; text ignores case."""
    if left is None or right is None:
        return left is None and right is None
    if isinstance(left, list | tuple):
        return any(equal(item, right) for item in left)
    if isinstance(left, bool):
        return left == is_true(right)
    if isinstance(left, Enum):
        number = right.number if isinstance(right, Enum) else _number(right)
        return left.number == number if number is not None else left.name.lower() == text_of(right).lower()
    if isinstance(left, int | float):
        return left == (int(right) if isinstance(right, bool) else _number(right))
    return text_of(left).lower() == text_of(right).lower()


def like(value: Any, pattern: Any) -> bool:
    """`value -like pattern`: `*`, `?` and `[…]`, case ignored; a backtick takes the next character literally."""
    literal = re.sub("`(.)", lambda escaped: f"[{escaped[1]}]", text_of(pattern).lower())
    return any(fnmatch.fnmatchcase(text_of(item).lower(), literal) for item in items_of(value))


def _number(value: Any) -> float | None:
    if isinstance(value, Enum):
        return value.number
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
