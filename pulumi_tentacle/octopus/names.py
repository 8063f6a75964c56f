"""Things of Octopus by name, slug or id, as its own tools find them (octopus-api.md §4), and near names. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SHOWN = 10


@dataclass(frozen=True)
class Item:
    """Something with a name. `default`: Octopus's own choice where none is named."""

    id: str
    name: str
    slug: str = ""
    default: bool = False


def item(tree: Mapping[str, Any]) -> Item:
    """An item from Octopus's JSON."""
    return Item(str(tree["Id"]), str(tree["Name"]), str(tree.get("Slug") or ""), bool(tree.get("IsDefault")))


def match(items: Iterable[Item], text: str) -> Item | None:
    """The item of that name, else of that slug, else of that id; case is ignored."""
    wanted, candidates = text.strip().lower(), list(items)
    for attribute in ("name", "slug", "id"):
        for candidate in candidates:
            if str(getattr(candidate, attribute)).lower() == wanted:
                return candidate
    return None


def choice(text: str, items: Sequence[Item]) -> str:
    """How a sentence ends that says that there is no `text`: what is meant perhaps, or what there is."""
    return choice_of(text, [i.name for i in items])


def choice_of(text: str, names: Sequence[str]) -> str:
    """As `choice`, of plain names."""
    if not names:
        return " (there is none that this account may see)."
    if near := _near(text.strip().lower(), {n.lower(): n for n in names}):
        return f". Did you mean {_listed(near, 'or')}?"
    more = " and others" if len(names) > _SHOWN else ""
    return f". There are: {_listed(sorted(names, key=str.lower)[:_SHOWN], ',')}{more}."


def _near(text: str, names: Mapping[str, str]) -> list[str]:
    """Names that look like the text, and those of which it is a part or the other way round ("prod")."""
    close = difflib.get_close_matches(text, names, n=3, cutoff=0.6)
    parts = [n for n in names if len(min(text, n, key=len)) > 2 and (text in n or n in text)]
    return [names[n] for n in dict.fromkeys([*close, *sorted(parts)])][:3]


def _listed(names: Sequence[str], last: str) -> str:
    quoted = [f"'{n}'" for n in names]
    return ", ".join(quoted) if last == "," or len(quoted) < 2 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
