"""Constant scripts: their `param` block declares what their model here is called with."""

from __future__ import annotations

import re
from typing import Any

from pulumi_tentacle.lab.powershell.cmdlet import (
    Cmdlet,
    Conversion,
    Parameter,
    Script,
    anything,
    boolean,
    integer,
    integers,
    switch,
    text,
    texts,
)

_PARAM_BLOCK = re.compile(r"^\s*param\s*\(", re.IGNORECASE | re.MULTILINE)
_DECLARATION = re.compile(r"((?:\[[^\]]+(?:\[\])?\]\s*)*)\$(\w+)")


def _string(value: Any) -> str:
    """A script's [string] parameter, unlike a cmdlet's, makes the empty string of null."""
    return text(value) or ""


_CONVERSIONS: dict[str, Conversion] = {
    "string": _string,
    "string[]": texts,
    "int": integer,
    "int[]": integers,
    "bool": boolean,
    "switch": switch,
}


def as_cmdlet(script: Script, source: str) -> Cmdlet:
    """The script as a thing to bind to. Its errors carry no class name, so `class_name` is empty."""
    return Cmdlet(script.name, "", parameters(source), script.body)


def parameters(source: str) -> dict[str, Parameter]:
    """The parameters that the text declares, all of them positional in their order."""
    declared: dict[str, Parameter] = {}
    for attributes, name in _DECLARATION.findall(_param_block(source)):
        types = [part.strip().lower() for part in re.findall(r"\[(.*?\]?)\]", attributes)]
        convert = next((_CONVERSIONS[kind] for kind in types if kind in _CONVERSIONS), anything)
        mandatory = any("mandatory" in kind for kind in types)
        declared[name] = Parameter(convert, mandatory, position=len(declared))
    return declared


def _param_block(source: str) -> str:
    start = _PARAM_BLOCK.search(source)
    if start is None:
        return ""
    depth = 1
    for end in range(start.end(), len(source)):
        depth += {"(": 1, ")": -1}.get(source[end], 0)
        if depth == 0:
            return source[start.end() : end]
    return source[start.end() :]
