"""Every decision about a deployment target. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi_tentacle.errors import Conflict
from pulumi_tentacle.octopus.machines import LISTENING, Machine, Registration, address_of

_GOOD = "Healthy"
_WARNINGS = "HasWarnings"


@dataclass(frozen=True)
class Wanted:
    """What is to be: the registration, with names resolved and the thumbprint that Octopus discovered."""

    registration: Registration
    check_health: bool = True
    allow_warnings: bool = True


@dataclass(frozen=True)
class Endpoint:
    """Address and thumbprint by which the state knows its target."""

    uri: str
    thumbprint: str


@dataclass(frozen=True)
class Facts:
    """What Octopus has. `machine` has the id that the state holds, `namesake` the wanted name."""

    machine: Machine | None = None
    namesake: Machine | None = None
    recorded: Endpoint | None = None
    space: str = ""
    environments: Mapping[str, str] = field(default_factory=dict)
    """Names by id."""


@dataclass(frozen=True)
class Register:
    """Make the target."""

    words: str


@dataclass(frozen=True)
class Modify:
    """Change the target in place."""

    words: str


@dataclass(frozen=True)
class CheckHealth:
    """Have Octopus check the target's health, and wait for the outcome."""

    words: str


Step = Register | Modify | CheckHealth


def plan(wanted: Wanted, facts: Facts) -> list[Step]:
    """The steps to what is wanted; none when it is so already.

    Raises:
        Conflict: the name belongs to another Tentacle, or our target does by now. Nothing is ever forced.
    """
    registration = wanted.registration
    machine = own(registration, facts)
    check = CheckHealth(f"check the health of the deployment target '{registration.name}'")
    if machine is None:
        register = Register(f"register the deployment target '{registration.name}' ({registration.uri})")
        return [register, check] if wanted.check_health else [register]
    steps: list[Step] = []
    changes = differences(registration, machine)
    if changes:
        steps.append(Modify(f"change the deployment target '{machine.name}' ({', '.join(changes)})"))
    moved = bool({"address", "thumbprint", "proxy"} & set(changes))
    if wanted.check_health and (moved or not is_healthy(machine.health, wanted.allow_warnings)):
        steps.append(check)
    return steps


def own(wanted: Registration, facts: Facts) -> Machine | None:
    """The target that is ours: by the state's id, else by name with thumbprint and address; None if there is none.

    Raises:
        Conflict: as `plan`.
    """
    machine, namesake = facts.machine, facts.namesake
    # One that is as wanted is ours whatever the state records: a run may have died right after it changed it.
    if machine is not None and not is_ours(wanted, machine) and taken_over(machine, facts.recorded):
        raise Conflict(
            f"The deployment target {description(machine)} is by now another one than the Tentacle that was registered "
            f"here: somebody registered it by force under the same name. {_more(machine, facts)} Nothing was changed. "
            "Clear that up in Octopus, or give this one another `name` and replace it."
        )
    if namesake is None or (machine is not None and machine.id == namesake.id):
        return machine
    if machine is None and is_ours(wanted, namesake):
        return namesake
    raise Conflict(
        f"Space '{facts.space}' of Octopus has a deployment target of this name that is not this one: "
        f"{description(namesake)}. {_more(namesake, facts)} Wanted is a Listening Tentacle at {wanted.uri} with the "
        f"thumbprint {wanted.thumbprint}. Nothing was changed. Give another `name`, or delete that target in Octopus "
        "if it is no longer needed."
    )


def differences(wanted: Registration, machine: Machine) -> list[str]:
    """What of the target differs, in words."""
    compared = {
        "name": wanted.name != machine.name,
        "address": wanted.uri != machine.uri,
        "thumbprint": wanted.thumbprint != machine.thumbprint,
        "proxy": wanted.proxy_id != machine.proxy_id,
        "environments": set(wanted.environment_ids) != set(machine.environment_ids),
        "roles": _fold(wanted.roles) != _fold(machine.roles),
        "tenants": set(wanted.tenant_ids) != set(machine.tenant_ids),
        "tenant tags": _fold(wanted.tenant_tags) != _fold(machine.tenant_tags),
        "tenanted deployment": wanted.participation != machine.participation,
        "machine policy": wanted.policy_id not in (None, machine.policy_id),
        "disabled": wanted.disabled != machine.disabled,
        "upgrade lock": wanted.upgrade_locked != bool(machine.upgrade_locked),
    }
    return [words for words, differs in compared.items() if differs]


def is_healthy(status: str, allow_warnings: bool) -> bool:
    """Whether a health status is good enough."""
    return status == _GOOD or (allow_warnings and status == _WARNINGS)


def is_ours(wanted: Registration, machine: Machine) -> bool:
    """Whether a target found by its name is this Tentacle: by thumbprint and address together (user report U52)."""
    return machine.style == LISTENING and machine.thumbprint == wanted.thumbprint and machine.uri == wanted.uri


def taken_over(machine: Machine, recorded: Endpoint | None) -> bool:
    """Whether our target's id stands for another Tentacle by now."""
    if machine.style != LISTENING or address_of(machine.uri) is None:
        return True
    return recorded is not None and machine.uri != recorded.uri and machine.thumbprint != recorded.thumbprint


def faults(machine: Machine, expected_thumbprint: str | None, check_health: bool, allow_warnings: bool) -> list[str]:
    """What is wrong with a target beyond its properties. The same texts as long as the same is wrong."""
    found = []
    if expected_thumbprint is not None and machine.thumbprint != expected_thumbprint:
        found.append(
            f"Octopus expects a Tentacle with the thumbprint {machine.thumbprint} there; expectedThumbprint is "
            f"{expected_thumbprint}."
        )
    if check_health and not is_healthy(machine.health, allow_warnings):
        found.append(health_text(machine.health))
    return sorted(found)


def health_text(status: str) -> str:
    """A bad health status in words."""
    meaning = {
        "Unavailable": "Octopus Server cannot connect to the Tentacle",
        "Unhealthy": "Octopus Server reaches the Tentacle, but the health check script fails there",
        _WARNINGS: "the health check ends with warnings, which health.allowWarnings forbids",
        "Unknown": "Octopus Server has not checked its health yet",
    }
    return f"The deployment target is {status}: {meaning.get(status, 'see its page in Octopus')}."


def twin_warnings(wanted: Registration, twins: list[Machine]) -> list[str]:
    """Warnings about others with the same certificate (user report U04).

    The same Tentacle as a worker besides is nothing unusual.
    """
    warnings = []
    if elsewhere := [m for m in twins if m.uri != wanted.uri]:
        warnings.append(
            f"The Tentacle at {wanted.uri} has the same thumbprint {wanted.thumbprint} as {_names(elsewhere)}. If one is "
            "a clone of the other, Octopus cannot tell them apart: give each Tentacle a certificate of its own."
        )
    if same := [m for m in twins if m.uri == wanted.uri and m.id.startswith("Machines-")]:
        warnings.append(
            f"The Tentacle at {wanted.uri} is a deployment target already: {_names(same)}. Deployments to both run twice "
            "on the same machine; delete the one that is not needed."
        )
    return warnings


def _names(others: list[Machine]) -> str:
    return ", ".join(sorted(f"'{m.name}' ({m.id}, {m.uri or 'no address'})" for m in others))


def description(machine: Machine) -> str:
    """Which target, what kind of one and where: "'web' (Machines-1, Polling Tentacle) at no address"."""
    thumbprint = f" with the thumbprint {machine.thumbprint}" if machine.thumbprint else ""
    return f"'{machine.name}' ({machine.id}, {machine.kind}) at {machine.uri or 'no address'}{thumbprint}"


def _more(machine: Machine, facts: Facts) -> str:
    names = [facts.environments.get(id, id) for id in machine.environment_ids]
    where = f" in {', '.join(names)}" if names else ""
    return f"It is {machine.health}{where}."


def _fold(texts: tuple[str, ...]) -> set[str]:
    return {text.lower() for text in texts}
