"""The registry of a simulated node: HKEY_LOCAL_MACHINE as one flat mapping of keys to values."""

from __future__ import annotations

from dataclasses import dataclass, field

Tree = dict[str, dict[str, object]]


@dataclass
class Registry:
    """Keys below HKLM by lower-case path (`software\\octopus`), spelling kept in `spellings`. Names ignore case."""

    keys: Tree = field(default_factory=dict)
    spellings: dict[str, str] = field(default_factory=dict)

    def set(self, key: str, name: str, value: object) -> None:
        """Write a value; missing keys are made."""
        self.make(key)
        values = self.keys[key.lower()]
        existing = next((n for n in values if n.lower() == name.lower()), name)
        values[existing] = value

    def make(self, key: str) -> None:
        parts = key.split("\\")
        for n in range(1, len(parts) + 1):
            part = "\\".join(parts[:n])
            self.keys.setdefault(part.lower(), {})
            self.spellings.setdefault(part.lower(), part)

    def get(self, key: str) -> dict[str, object] | None:
        """The values of a key, or None when there is no such key."""
        return self.keys.get(key.lower())

    def children(self, key: str) -> list[str]:
        """The spelled paths of the keys directly below."""
        prefix = key.lower() + "\\"
        return sorted(self.spellings[k] for k in self.keys if k.startswith(prefix) and "\\" not in k[len(prefix) :])

    def delete(self, key: str) -> None:
        """Remove the key with all below it."""
        for k in list(self._below(key)):
            del self.keys[k], self.spellings[k]

    def subtree(self, key: str) -> dict[str, dict[str, object]]:
        """A copy of the key and all below it, by spelled path: what a cluster checkpoint saves."""
        return {self.spellings[k]: dict(self.keys[k]) for k in self._below(key)}

    def restore(self, key: str, tree: dict[str, dict[str, object]]) -> None:
        """Write a saved subtree over the key; what is not in it goes."""
        self.delete(key)
        for path, values in tree.items():
            self.make(path)
            self.keys[path.lower()] = dict(values)

    def _below(self, key: str) -> list[str]:
        low = key.lower()
        return [k for k in self.keys if k == low or k.startswith(low + "\\")]
