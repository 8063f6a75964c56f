"""Octopus Deploy Listening Tentacles on Windows, for Pulumi programs.

What a program imports is generated from the provider's schema (`pulumi_tentacle.sdk`) and loaded at first use, so
that the plugin and the command line, which live in this package too, start without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_tentacle.sdk import *  # noqa: F403


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(import_module("pulumi_tentacle.sdk"), name)


def __dir__() -> list[str]:
    public = (name for name in dir(import_module("pulumi_tentacle.sdk")) if not name.startswith("_"))
    return sorted({*globals(), *public})
