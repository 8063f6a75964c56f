"""Deployment targets, and workers as far as one may be the same Tentacle (octopus-api.md §2, §6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from pulumi_tentacle.errors import NotFound, RequestFailed, Unlooked
from pulumi_tentacle.octopus.client import Octopus

LISTENING: Final = "TentaclePassive"
_STYLES: Final = {
    LISTENING: "Listening Tentacle",
    "TentacleActive": "Polling Tentacle",
    "Ssh": "SSH connection",
    "OfflineDrop": "offline package drop",
    "None": "cloud region",
    "AzureWebApp": "Azure web app",
    "Kubernetes": "Kubernetes cluster",
    "KubernetesTentacle": "Kubernetes agent",
}
_DISCOVERY_SECONDS: Final = 120.0  # the server waits for the Tentacle itself, on top of its own answer


@dataclass(frozen=True)
class Machine:
    """A deployment target, or a worker, as Octopus shows it. `upgrade_locked` is None until first contact."""

    id: str
    name: str
    style: str = LISTENING
    uri: str = ""
    thumbprint: str = ""
    proxy_id: str | None = None
    environment_ids: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    participation: str = "Untenanted"
    tenant_ids: tuple[str, ...] = ()
    tenant_tags: tuple[str, ...] = ()
    policy_id: str | None = None
    disabled: bool = False
    health: str = "Unknown"
    upgrade_locked: bool | None = None

    @property
    def kind(self) -> str:
        """What it is, in words: "Listening Tentacle"."""
        return _STYLES.get(self.style, self.style)


@dataclass(frozen=True)
class Registration:
    """A Listening Tentacle as it is to be registered. `policy_id` None: Octopus's default."""

    name: str
    uri: str
    thumbprint: str
    environment_ids: tuple[str, ...]
    roles: tuple[str, ...]
    proxy_id: str | None = None
    participation: str = "Untenanted"
    tenant_ids: tuple[str, ...] = ()
    tenant_tags: tuple[str, ...] = ()
    policy_id: str | None = None
    disabled: bool = False
    upgrade_locked: bool = False


def listening_uri(host: str, port: int) -> str:
    """The address as Octopus's own tools write it: host in lower case, an IPv6 address in brackets, slash at the end."""
    return f"https://[{host.lower()}]:{port}/" if ":" in host else f"https://{host.lower()}:{port}/"


def normal_uri(uri: str) -> str:
    """An address in the form of `listening_uri`, so that two spellings of one compare as equal."""
    address = address_of(uri)
    return listening_uri(*address) if address else uri


def address_of(uri: str) -> tuple[str, int] | None:
    """Host and port of a Listening Tentacle's address; None if it is another kind of address."""
    parts = urlsplit(uri)
    try:
        return (parts.hostname, parts.port or 443) if parts.scheme == "https" and parts.hostname else None
    except ValueError:  # a port that is no number
        return None


def by_id(octopus: Octopus, space_id: str, machine_id: str) -> Machine:
    """Raises NotFound, certain, when there is no such deployment target."""
    return _machine(_resource(octopus, space_id, machine_id))


def by_name(octopus: Octopus, space_id: str, name: str) -> Machine | None:
    """The deployment target of that name; case and outer blanks are ignored, as Octopus does."""
    found = octopus.get(f"/api/{space_id}/machines", f"look for a deployment target named '{name}'", {"name": name})
    named = (m for m in found.get("Items") or () if str(m.get("Name", "")).strip().lower() == name.strip().lower())
    return next((_machine(m) for m in named), None)


def with_thumbprint(octopus: Octopus, space_id: str, thumbprint: str) -> list[Machine]:
    """All deployment targets and workers that present this certificate."""
    found = [
        machine
        for segment, noun in (("machines", "deployment targets"), ("workers", "workers"))
        for machine in octopus.get(
            f"/api/{space_id}/{segment}/all", f"look for {noun} by thumbprint", {"thumbprint": thumbprint}
        )
    ]
    return [m for m in map(_machine, found) if m.thumbprint == thumbprint.upper()]


def discover(octopus: Octopus, space_id: str, host: str, port: int, proxy: tuple[str, str] | None) -> str:
    """The thumbprint that Octopus Server itself meets at an address. `proxy`: id and name.

    Raises:
        RequestFailed: the server could not connect, or what answers is no Tentacle; the text is for a person.
    """
    uri = listening_uri(host, port)
    query = {"host": host, "port": str(port), "type": LISTENING} | ({"proxyId": proxy[0]} if proxy else {})
    path, purpose = f"/api/{space_id}/machines/discover", f"discover the Tentacle at {uri}"
    try:
        found = octopus.get(path, purpose, query, timeout=_DISCOVERY_SECONDS)
    except RequestFailed as error:
        way = f"through the proxy '{proxy[1]}'" if proxy else "directly, without a proxy"
        raise RequestFailed(
            f"{error} It tried to connect {way}. The server itself must reach the Tentacle: check that its service "
            f"runs, that {host} is its address for the server, and that no firewall closes port {port}.",
            status=error.status,
        ) from error
    thumbprint = (found.get("Endpoint") or {}).get("Thumbprint")
    if not thumbprint:
        raise Unlooked(f"Octopus Server {octopus.url} discovered something at {uri}, but names no thumbprint of it.")
    return str(thumbprint).upper()


def create(octopus: Octopus, space_id: str, wanted: Registration, *, check_health: bool) -> Machine:
    """Register a deployment target. `check_health`: Octopus is to check it by itself, at once.

    Raises:
        Lost: the outcome is not known; look for the name before doing it again.
    """
    body = {"SpaceId": space_id, **_body(wanted, None), "SkipInitialHealthCheck": not check_health}
    return _machine(octopus.post(f"/api/{space_id}/machines", body, f"register the deployment target '{wanted.name}'"))


def modify(octopus: Octopus, space_id: str, machine_id: str, wanted: Registration) -> Machine:
    """Change a deployment target. What else Octopus keeps of it stays as it is."""
    resource = _resource(octopus, space_id, machine_id)
    body = resource | _body(wanted, resource.get("Endpoint"))
    path = f"/api/{space_id}/machines/{machine_id}"
    return _machine(octopus.put(path, body, f"change the deployment target '{wanted.name}'"))


def delete(octopus: Octopus, space_id: str, machine_id: str) -> None:
    """Delete a deployment target; one that is gone already is no error."""
    try:
        octopus.delete(f"/api/{space_id}/machines/{machine_id}", f"delete the deployment target {machine_id}")
    except NotFound:
        return


def _resource(octopus: Octopus, space_id: str, machine_id: str) -> dict[str, Any]:
    found = octopus.get(f"/api/{space_id}/machines/{machine_id}", f"show the deployment target {machine_id}")
    if not isinstance(found, dict) or "Id" not in found:
        raise Unlooked(f"Octopus Server {octopus.url} shows the deployment target {machine_id} in an unknown form.")
    return found


def _body(wanted: Registration, endpoint: Mapping[str, Any] | None) -> dict[str, Any]:
    """Every list is sent as a list, and no proxy as null: null and "" break things (user report U59, TFI 92)."""
    return {
        "Name": wanted.name,
        "Endpoint": _endpoint(wanted, endpoint or {}),
        "Thumbprint": wanted.thumbprint,  # the two obsolete mirrors of the endpoint
        "Uri": wanted.uri,
        "EnvironmentIds": list(wanted.environment_ids),
        "Roles": list(wanted.roles),
        "TenantedDeploymentParticipation": wanted.participation,
        "TenantIds": list(wanted.tenant_ids),
        "TenantTags": list(wanted.tenant_tags),
        "IsDisabled": wanted.disabled,
    } | ({"MachinePolicyId": wanted.policy_id} if wanted.policy_id else {})


def _endpoint(wanted: Registration, present: Mapping[str, Any]) -> dict[str, Any]:
    details = dict(present.get("TentacleVersionDetails") or {})
    if details or wanted.upgrade_locked:
        details["UpgradeLocked"] = wanted.upgrade_locked
    return {
        **present,
        "CommunicationStyle": LISTENING,
        "Uri": wanted.uri,
        "Thumbprint": wanted.thumbprint,
        "ProxyId": wanted.proxy_id,
        "TentacleVersionDetails": details or None,
    }


def _machine(tree: Mapping[str, Any]) -> Machine:
    """From JSON. Address and thumbprint are read from the endpoint: their mirrors beside it are obsolete."""
    endpoint = tree.get("Endpoint") or {}
    details = endpoint.get("TentacleVersionDetails")
    return Machine(
        id=str(tree["Id"]),
        name=str(tree["Name"]),
        style=str(endpoint.get("CommunicationStyle") or ""),
        uri=normal_uri(str(endpoint.get("Uri") or "")),
        thumbprint=str(endpoint.get("Thumbprint") or "").upper(),
        proxy_id=endpoint.get("ProxyId") or None,
        environment_ids=_texts(tree.get("EnvironmentIds")),
        roles=_texts(tree.get("Roles")),
        participation=str(tree.get("TenantedDeploymentParticipation") or "Untenanted"),
        tenant_ids=_texts(tree.get("TenantIds")),
        tenant_tags=_texts(tree.get("TenantTags")),
        policy_id=tree.get("MachinePolicyId"),
        disabled=bool(tree.get("IsDisabled")),
        health=str(tree.get("HealthStatus") or "Unknown"),
        upgrade_locked=None if details is None else bool(details.get("UpgradeLocked")),
    )


def _texts(values: Sequence[Any] | None) -> tuple[str, ...]:
    return tuple(str(v) for v in values or ())
