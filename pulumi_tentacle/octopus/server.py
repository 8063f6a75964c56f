"""Octopus Server itself: which installation it is, its spaces, the certificate that Tentacles must trust."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_tentacle.errors import NotFound, Unlooked
from pulumi_tentacle.octopus.client import Octopus
from pulumi_tentacle.octopus.names import Item, choice, item, match


@dataclass(frozen=True)
class Installation:
    """One Octopus Server (or cluster of them) by its id, whatever address it is reached under."""

    id: str
    version: str


@dataclass(frozen=True)
class ServerCertificate:
    """What Octopus Server presents to Tentacles. `thumbprint`: SHA-1, 40 upper-case hex digits."""

    name: str
    thumbprint: str


def installation(octopus: Octopus) -> Installation:
    """Which installation answers; asked once.

    Raises:
        Unlooked: what answers there is no Octopus Server.
    """
    root = octopus.kept("/api", "say which installation it is")
    if not isinstance(root, dict) or not root.get("InstallationId"):
        raise Unlooked(
            f"What answers at {octopus.url}/api is no Octopus Server: it names no InstallationId. Check octopusUrl."
        )
    return Installation(str(root["InstallationId"]), str(root.get("Version", "")))


def spaces(octopus: Octopus, *, fresh: bool = False) -> list[Item]:
    """The spaces that the account may see."""
    return [item(s) for s in octopus.kept("/api/spaces/all", "list its spaces", fresh=fresh)]


def space(octopus: Octopus, wanted: str | None) -> Item:
    """The space of that name, slug or id; without one that of the provider's configuration, or the default space.

    Raises:
        NotFound: there is none, or the account may not see it.
    """
    name = wanted or octopus.space
    if name is not None:
        found = match(spaces(octopus), name) or match(spaces(octopus, fresh=True), name)
        if found is None:
            raise NotFound(f"Octopus Server {octopus.url} has no space '{name}'{choice(name, spaces(octopus))}")
        return found
    default = next((s for s in spaces(octopus) if s.default), None)
    if default is None:
        raise NotFound(
            f"Octopus Server {octopus.url} has no default space that this account may use. Name a space in the "
            "property `space`, or with `pulumi config set tentacle:space …`."
        )
    return default


def certificate(octopus: Octopus) -> ServerCertificate:
    """The certificate of the server (all nodes of a high-availability server share it)."""
    path = "/api/configuration/certificates/certificate-global"
    found = octopus.get(path, "show the certificate that it presents to Tentacles")
    thumbprint = found.get("Thumbprint") if isinstance(found, dict) else None
    if not thumbprint:
        raise Unlooked(f"Octopus Server {octopus.url} shows its certificate without a thumbprint.")
    return ServerCertificate(str(found.get("Name") or ""), str(thumbprint).upper())
