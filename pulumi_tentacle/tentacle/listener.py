"""Asking a listener who it is: from the node itself, by a constant script."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_tentacle.remoting.commands import Script
from pulumi_tentacle.remoting.node import Node

_PROBE = Script.load("pulumi_tentacle.tentacle", "probe-listener")
_CHECK = Script.load("pulumi_tentacle.tentacle", "check-certificate")
_TIMEOUT_MS = 5000


@dataclass(frozen=True)
class Probe:
    """What a listener showed. `page`: it answered as a Tentacle does; `detail`: what went wrong, if anything."""

    connected: bool
    thumbprint: str
    page: bool
    detail: str


def probe(node: Node, address: str, port: int) -> Probe:
    """Ask the listener at `address` from the node."""
    (found,) = node.script(_PROBE, Address=address, Port=port, TimeoutMs=_TIMEOUT_MS)
    return Probe(
        bool(found["Connected"]),
        str(found["Thumbprint"] or "").upper(),
        bool(found["Page"]),
        str(found["Detail"] or ""),
    )


def key_is_readable(node: Node, protected: str) -> bool:
    """Whether the node can undo the protection of its `Tentacle.Certificate`. The key stays on the node."""
    (found,) = node.script(_CHECK, Protected=protected)
    return bool(found["Readable"])
