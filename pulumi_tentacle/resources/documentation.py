"""User documentation of a resource: `documentation.md` beside its code, which goes into the schema."""

from __future__ import annotations

from importlib import resources


def documentation(package: str) -> str:
    """The text of the package's documentation.md."""
    return resources.files(package).joinpath("documentation.md").read_text(encoding="utf-8")
