"""Tentacle's configuration file: flat keys in XML (reference/tentacle.md §3, golden/tentacle-cli.json). Pure."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

HOME = "Octopus.Home"
APPLICATIONS = "Tentacle.Deployment.ApplicationDirectory"
PORT = "Tentacle.Services.PortNumber"
NO_LISTEN = "Tentacle.Services.NoListen"
LISTEN_ADDRESS = "Tentacle.Services.ListenIP"
TRUST = "Tentacle.Communication.TrustedOctopusServers"
CERTIFICATE = "Tentacle.Certificate"
THUMBPRINT = "Tentacle.CertificateThumbprint"

_NONE, _LISTENING = (0, "None"), (1, "TentaclePassive")  # CommunicationStyle, as number or name


class UnreadableConfiguration(ValueError):
    """The file is no configuration of Tentacle."""


@dataclass(frozen=True)
class Configuration:
    """The keys of one file. Unknown ones are kept. `values` may hold the protected private key: not for a log."""

    values: Mapping[str, str] = field(repr=False)

    @property
    def home(self) -> str | None:
        """Home directory."""
        return self.values.get(HOME) or None

    @property
    def applications(self) -> str | None:
        """Folder for deployed applications."""
        return self.values.get(APPLICATIONS) or None

    @property
    def port(self) -> int:
        """TCP port; 0 if the file holds no number."""
        text = self.values.get(PORT) or "10933"
        return int(text) if text.lstrip("-").isdigit() else 0

    @property
    def listens(self) -> bool:
        """False when a former life as a polling Tentacle left the flag (user report U11)."""
        return (self.values.get(NO_LISTEN) or "false").lower() != "true"

    @property
    def listen_address(self) -> str:
        """The address it listens on, or `any`."""
        return self.values.get(LISTEN_ADDRESS) or "any"

    @property
    def thumbprint(self) -> str | None:
        """Thumbprint of its certificate; None when it has none."""
        return (self.values.get(THUMBPRINT) or "").upper() or None

    @property
    def protected_certificate(self) -> str | None:
        """The certificate as this machine protected it (base64)."""
        return self.values.get(CERTIFICATE) or None

    @property
    def trusts(self) -> list[str]:
        """Thumbprints of Octopus Servers that may give it orders, as spelled there; polling ones left out."""
        return [t["Thumbprint"] for t in self._servers() if t.get("Address") is None]

    def _servers(self) -> list[dict[str, Any]]:
        try:
            found = json.loads(self.values.get(TRUST) or "[]")
        except ValueError:
            return []
        return [t for t in found if isinstance(t, dict) and isinstance(t.get("Thumbprint"), str)]

    def with_values(self, values: Mapping[str, str]) -> Configuration:
        """A copy with these keys set."""
        return Configuration({**self.values, **values})

    def without(self, *keys: str) -> Configuration:
        """A copy without these keys."""
        return Configuration({k: v for k, v in self.values.items() if k not in keys})

    def settled(self) -> Configuration:
        """A copy whose trusts say "listening", so that the agent need not rewrite the file when it starts."""
        servers = self._servers()
        for server in servers:
            if server.get("CommunicationStyle") in _NONE and server.get("Address") is None:
                server["CommunicationStyle"] = _LISTENING[0]
        return self.with_values({TRUST: json.dumps(servers, separators=(",", ":"))}) if servers else self


def parse(content: bytes) -> Configuration:
    """Read a configuration file.

    Raises:
        UnreadableConfiguration: it is not one.
    """
    try:
        root = ElementTree.fromstring(content.removeprefix(codecs.BOM_UTF8))
    except ElementTree.ParseError as error:
        raise UnreadableConfiguration(f"it is not well-formed XML ({error})") from None
    if root.tag != "octopus-settings":
        raise UnreadableConfiguration("its root is not <octopus-settings>")
    return Configuration({s.get("key", ""): s.text or "" for s in root.iter("set")})


def serialise(configuration: Configuration) -> bytes:
    """Write it as Tentacle does: sorted keys, one a line, with a byte order mark."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<octopus-settings xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema">',
        *(f"  <set key={quoteattr(k)}>{escape(v)}</set>" for k, v in sorted(configuration.values.items())),
        "</octopus-settings>",
    ]
    return codecs.BOM_UTF8 + "\r\n".join(lines).encode()
