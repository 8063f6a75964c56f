"""What changed between two sets of inputs: the decision behind a preview. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pulumi_tentacle.resources.model import Model, Secret, properties_of, to_tree
from pulumi_tentacle.resources.values import holds_unknown

Kind = Literal["add", "delete", "update"]


@dataclass(frozen=True)
class Change:
    """One difference. `path` as Pulumi writes it (`installer.version`), `property` the snake_case top level name."""

    path: str
    property: str
    kind: Kind
    replaces: bool = False


def compare(old: Model, new: Model) -> list[Change]:
    """Differences of normalised values by property, in the order of the model.

    An unknown new value counts as a change, and as a replacement where the property always replaces.
    """
    before, after = to_tree(old), to_tree(new)
    changes: list[Change] = []
    for p in properties_of(type(new)):
        for path, kind in _differences(p.alias, before.get(p.alias), after.get(p.alias)):
            changes.append(Change(path, p.name, kind, p.replaces))
    return changes


def _differences(path: str, old: Any, new: Any) -> Iterator[tuple[str, Kind]]:
    old, new = _plain(old), _plain(new)
    if holds_unknown(new) and not isinstance(new, Mapping):
        yield path, "update" if old is not None else "add"
    elif old == new:
        return
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(f"{path}.{key}", old.get(key), new.get(key))
    else:
        yield path, "add" if old is None else "delete" if new is None else "update"


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value
