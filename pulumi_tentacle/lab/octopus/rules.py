"""What Octopus Server accepts as a deployment target (octopus-api.md §2.2, §2.3). Pure: nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from pulumi_tentacle.lab.octopus.errors import NotModelled, Refusal, invalid
from pulumi_tentacle.lab.octopus.state import Endpoint, Machine, Octopus, VersionDetails, by_id

PARTICIPATIONS = ("Untenanted", "TenantedOrUntenanted", "Tenanted")
LISTENING, POLLING = "TentaclePassive", "TentacleActive"
NULL_LIST = "Value cannot be null.\nParameter name: source"

Fields = Mapping[str, Any]


def fold(body: object) -> Fields:
    """A JSON object by lower-case property names, which Octopus reads without regard to case."""
    if not isinstance(body, dict):
        raise Refusal(400, "No request body was supplied.")
    return {str(name).lower(): value for name, value in body.items()}


def machine_from(body: object, octopus: Octopus, space_id: str, existing: Machine | None = None) -> Machine:
    """The machine that a POST (or, with `existing`, a PUT) asks for. PUT replaces every writable field.

    Raises:
        Refusal: a rule of the server is broken; nothing was changed.
        NotModelled: the references do not say what the server does with this.
    """
    fields = fold(body)
    errors = _required(fields)
    if errors:
        raise invalid(*errors)
    if fields.get("spaceid") not in (None, space_id):
        raise NotModelled(f"what Octopus answers when SpaceId is '{fields['spaceid']}' in the space '{space_id}'")
    name = _name(fields, octopus, space_id, existing)
    endpoint = endpoint_from(fold(fields["endpoint"]), existing.endpoint if existing else None)
    tenant_ids, tenant_tags = _tenancy(fields, octopus)
    participation = fields.get("tenanteddeploymentparticipation") or "Untenanted"
    _agree(participation, bool(tenant_ids or tenant_tags))
    policy_id = fields.get("machinepolicyid") or octopus.default_policy(space_id).id
    environment_ids = _texts(fields, "environmentids")
    _known_ids(octopus, space_id, environment_ids, policy_id, tenant_ids)
    _known_tags(octopus, space_id, tenant_tags)
    base = existing or Machine("", space_id, name, endpoint)
    return replace(
        base,
        name=name,
        endpoint=endpoint,
        environment_ids=_unique(environment_ids),
        roles=_roles(_texts(fields, "roles"), octopus, space_id),
        participation=participation,
        tenant_ids=_unique(tenant_ids),
        tenant_tags=_unique(tenant_tags),
        policy_id=policy_id,
        is_disabled=bool(fields.get("isdisabled", False)),
    )


def endpoint_from(fields: Fields, existing: Endpoint | None = None) -> Endpoint:
    """The endpoint of a request. What the server learnt from the Tentacle is kept over a PUT."""
    style = fields.get("communicationstyle")
    if style not in (LISTENING, POLLING):
        raise NotModelled(f"deployment targets with the communication style '{style}'")
    if existing and existing.style != style:
        raise invalid("Model Endpoint type does not match incoming type")  # Issues 9613
    thumbprint = str(fields.get("thumbprint") or "").strip()
    if not thumbprint:
        raise invalid("Please provide a thumbprint for this machine.")
    return Endpoint(
        style=style,
        uri=normal_uri(str(fields.get("uri") or "")),
        thumbprint=thumbprint,
        proxy_id=fields.get("proxyid"),  # "" is stored as it is and poisons the health check (TFI 92)
        version=_version(fields, existing),
        signature_algorithm=existing.signature_algorithm if existing else None,
    )


def normal_uri(uri: str) -> str:
    """`https://host:port/`, host in lower case: the form of Octopus's own code (octopus-api.md §2.2)."""
    parts = urlsplit(uri.strip())
    if parts.scheme not in ("https", "poll") or not parts.netloc:
        raise NotModelled(f"what Octopus answers to the address '{uri}' of an endpoint")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path or '/'}"


def listening_uri(host: str, port: int) -> str:
    """The address of a Listening Tentacle; an IPv6 address is put in brackets."""
    return f"https://[{host.lower()}]:{port}/" if ":" in host else f"https://{host.lower()}:{port}/"


def twins(machine: Machine, others: Iterable[Machine]) -> list[Machine]:
    """Other machines that are the same Tentacle by thumbprint or by address. Octopus itself allows them."""
    mine = machine.endpoint
    return [
        m
        for m in others
        if m.id != machine.id
        and (m.endpoint.thumbprint.upper() == mine.thumbprint.upper() or m.endpoint.uri == mine.uri)
    ]


def _required(fields: Fields) -> list[str]:
    errors = []
    if not str(fields.get("name") or "").strip():
        errors.append("Please provide a name for this machine.")
    if not isinstance(fields.get("endpoint"), dict):
        errors.append("Please provide an endpoint for this machine.")
    if not fields.get("environmentids"):
        errors.append("Please select at least one environment.")
    if not fields.get("roles"):
        errors.append("Please provide at least one role.")
    return errors


def _name(fields: Fields, octopus: Octopus, space_id: str, existing: Machine | None) -> str:
    name = str(fields["name"]).strip()
    for other in octopus.machines:
        if other.space_id == space_id and other.name.lower() == name.lower() and other is not existing:
            raise invalid(f"A deployment target named '{other.name}' is there already; please choose another name.")
    return name


def _tenancy(fields: Fields, octopus: Octopus) -> tuple[list[str], list[str]]:
    for name in ("tenantids", "tenanttags"):
        if fields.get(name) is None and octopus.null_lists_crash:
            rule = "TenantsFiltersAndTenantedDeploymentParticipationAgreeRule"
            raise Refusal(500, NULL_LIST, full_exception=f"System.ArgumentNullException: {NULL_LIST}\n   at {rule}")
    return _texts(fields, "tenantids"), _texts(fields, "tenanttags")


def _agree(participation: str, has_tenants: bool) -> None:
    """The rule is known by its name (TFI 162), its text is not (octopus-api.md §11)."""
    if participation not in PARTICIPATIONS:
        raise invalid(f"'{participation}' is not a valid value of TenantedDeploymentParticipation.")
    if participation == "TenantedOrUntenanted" and not has_tenants:
        raise NotModelled("what Octopus answers to TenantedOrUntenanted without tenants and tenant tags")
    if (participation == "Untenanted") == has_tenants:
        raise invalid(f"The tenants and tenant tags do not agree with the participation '{participation}'.")


def _known_ids(
    octopus: Octopus, space_id: str, environment_ids: list[str], policy_id: str, tenant_ids: list[str]
) -> None:
    """Validated since 2022.4 (Issues 7737). ProxyId never is."""
    errors = [
        *(
            f"The environment '{i}' was not found."
            for i in environment_ids
            if not by_id(octopus.environments, space_id, i)
        ),
        *(f"The machine policy '{i}' was not found." for i in [policy_id] if not by_id(octopus.policies, space_id, i)),
        *(f"The tenant '{i}' was not found." for i in tenant_ids if not by_id(octopus.tenants, space_id, i)),
    ]
    if errors:
        raise invalid(*errors)


def _known_tags(octopus: Octopus, space_id: str, tenant_tags: list[str]) -> None:
    """A tag of a set that is not for tenants is accepted (Issues 10042); one that nobody defined is not established."""
    known = {f"{s.name}/{t}".lower() for s in octopus.tag_sets if s.space_id == space_id for t in s.tags}
    for tag in tenant_tags:
        if tag.lower() not in known:
            raise NotModelled(f"what Octopus answers to the undefined tenant tag '{tag}'")


def _roles(wanted: list[str], octopus: Octopus, space_id: str) -> list[str]:
    """Free strings whose case is fixed by their first use (octopus-api.md §2.3)."""
    first_use = {r.lower(): r for m in octopus.machines if m.space_id == space_id for r in m.roles}
    return _unique(first_use.get(role.lower(), role) for role in wanted)


def _version(fields: Fields, existing: Endpoint | None) -> VersionDetails | None:
    learnt = existing.version.version if existing and existing.version else None
    sent = fields.get("tentacleversiondetails")
    if sent is None:
        return VersionDetails(learnt) if learnt else None
    return VersionDetails(learnt, upgrade_locked=bool(fold(sent).get("upgradelocked", False)))


def _texts(fields: Fields, name: str) -> list[str]:
    value = fields.get(name) or []
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise Refusal(400, "Model validation failed.")
    return list(value)


def _unique(values: Iterable[str]) -> list[str]:
    """Without repetitions, which are found without regard to case; the first spelling stays."""
    return list({value.lower(): value for value in reversed(list(values))}.values())[::-1]
