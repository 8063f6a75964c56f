"""Cases of decisions as data: a JSON file holds cases, each with wanted and facts, and the words of the steps."""

from __future__ import annotations

import dataclasses
import json
import types
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def load(folder: str) -> list[dict[str, Any]]:
    """All cases of a folder's JSON files, in the order of their names."""
    files = sorted(Path(folder).glob("*.json"))
    return [{"file": f.stem, **case} for f in files for case in json.loads(f.read_text(encoding="utf-8"))]


def case_id(case: dict[str, Any]) -> str:
    return f"{case['file']}: {case['name']}"


def build(kind: type[T], data: Any) -> T:
    """A dataclass from JSON, by its type hints; what a case does not say has the default."""
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], value) for name, value in data.items()})


def _value(hint: Any, data: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if data is None:
            return None
        (hint,) = [a for a in arguments if a is not type(None)][:1]
        return _value(hint, data)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_value(arguments[0], d) for d in data)
        return tuple(_value(a, d) for a, d in zip(arguments, data, strict=True))
    if origin is frozenset:
        return frozenset(data)
    if origin is dict:
        return {k: _value(arguments[1], v) for k, v in data.items()}
    if hint is datetime:
        return datetime.fromisoformat(data)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return build(hint, data)
    return data
