"""Executables as the lab makes them: their content is their version resource."""

from __future__ import annotations

import json

_MAGIC = b"MZ lab executable "


def make_executable(name: str, version: str) -> bytes:
    """The content of an executable of this file name and product version (`8.3.3594`)."""
    return _MAGIC + json.dumps({"name": name, "version": version}).encode()


def version_of(content: bytes) -> str | None:
    """The product version in an executable's version resource; None where there is none."""
    if not content.startswith(_MAGIC):
        return None
    return str(json.loads(content[len(_MAGIC) :])["version"])


def file_version_of(product_version: str) -> str:
    """The file version to a product version: always four numbers."""
    numbers = product_version.split("-")[0].split(".")
    return ".".join([*numbers, *["0"] * (4 - len(numbers))])
