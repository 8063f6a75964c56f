"""Steps that say what they do."""

from __future__ import annotations

from typing import ClassVar


class Worded:
    """A dataclass with words for what it does, made from its fields: the text goes on after "While trying to"."""

    text: ClassVar[str]

    @property
    def words(self) -> str:
        """What it does, in words."""
        return self.text.format_map(vars(self))
