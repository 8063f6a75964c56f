"""The Octopus Servers that a Tentacle trusts, as its configuration file lists them (tentacle.md §1.2, §2)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pulumi_tentacle.lab.tentacle.failures import ARGUMENT, FORMAT, INVALID_OPERATION, DotNetError
from pulumi_tentacle.lab.tentacle.settings import TRUSTED_SERVERS, Settings, unreadable

NONE, PASSIVE, ACTIVE = 0, 1, 2
STYLES = {"None": NONE, "TentaclePassive": PASSIVE, "TentacleActive": ACTIVE}
STYLE_WORDS = {PASSIVE: "listening tentacle", ACTIVE: "polling tentacle"}


@dataclass(frozen=True)
class TrustedServer:
    """One entry. `address`, `squid` and `subscription` are those of a polled server."""

    thumbprint: str
    style: int = PASSIVE
    address: str | None = None
    squid: str | None = None
    subscription: str | None = None

    def as_json(self) -> dict[str, object]:
        return {
            "Thumbprint": self.thumbprint,
            "CommunicationStyle": self.style,
            "Address": self.address,
            "Squid": self.squid,
            "SubscriptionId": self.subscription,
        }

    def is_same(self, other: TrustedServer) -> bool:
        """One server: thumbprint (case ignored) and address."""
        return self.thumbprint.lower() == other.thumbprint.lower() and self.address == other.address


def checked_thumbprint(value: str) -> str:
    """A thumbprint as it is stored: trimmed, and nothing more looked at. Raises DotNetError when it is blank."""
    if not value.strip():
        raise DotNetError(ARGUMENT, "A valid thumbprint must be supplied")
    return value.strip()


def load(settings: Settings) -> list[TrustedServer]:
    """The trusted servers. Raises DotNetError when the value is not what Tentacle writes."""
    value = settings.text(TRUSTED_SERVERS)
    if value is None:
        return []
    try:
        return [_server(fields) for fields in json.loads(value)]
    except DotNetError as error:
        raise unreadable(TRUSTED_SERVERS, "IEnumerable`1", value, error) from error
    except (ValueError, TypeError, AttributeError) as error:
        cause = DotNetError("Newtonsoft.Json.JsonReaderException", str(error))
        raise unreadable(TRUSTED_SERVERS, "IEnumerable`1", value, cause) from error


def save(settings: Settings, servers: Sequence[TrustedServer]) -> None:
    settings.set(TRUSTED_SERVERS, json.dumps([server.as_json() for server in servers], separators=(",", ":")))


def add_or_update(servers: Sequence[TrustedServer], new: TrustedServer) -> list[TrustedServer]:
    """The list with the server at its end; an entry of the same server goes, and with it the old spelling.

    Raises:
        DotNetError: the server is there twice already.
    """
    if sum(server.is_same(new) for server in servers) > 1:
        raise DotNetError(INVALID_OPERATION, "Sequence contains more than one matching element")
    return [*(server for server in servers if not server.is_same(new)), new]


def without(servers: Sequence[TrustedServer], thumbprint: str) -> list[TrustedServer]:
    """The list without a thumbprint; here case does matter."""
    return [server for server in servers if server.thumbprint != thumbprint]


def replaced(server: TrustedServer, old: str, new: str) -> TrustedServer:
    """The entry, with the new thumbprint if it had the old one (case ignored)."""
    return replace(server, thumbprint=new) if server.thumbprint.lower() == old.lower() else server


def _server(fields: dict[str, Any]) -> TrustedServer:
    by_name = {name.lower(): value for name, value in fields.items()}
    return TrustedServer(
        checked_thumbprint(by_name.get("thumbprint") or ""),
        _style(by_name.get("communicationstyle")),
        by_name.get("address"),
        by_name.get("squid"),
        by_name.get("subscriptionid"),
    )


def _style(value: object) -> int:
    if value is None:
        return NONE
    if isinstance(value, int):
        return value
    if value not in STYLES:
        raise DotNetError(FORMAT, f"Requested value '{value}' was not found.")
    return STYLES[str(value)]
