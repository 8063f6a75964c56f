"""What Octopus knows of a deployment target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pulumi_tentacle.errors import AccessDenied, NotFound, OtherEstate, RequestFailed, Unlooked
from pulumi_tentacle.octopus import lookups, machines, server
from pulumi_tentacle.octopus.client import Octopus
from pulumi_tentacle.octopus.machines import Machine, Registration, address_of
from pulumi_tentacle.octopus.names import Item
from pulumi_tentacle.octopus.server import Installation
from pulumi_tentacle.resources.deployment_target import names
from pulumi_tentacle.resources.deployment_target.model import (
    DeploymentTargetInputs,
    DeploymentTargetState,
    TargetHealth,
)
from pulumi_tentacle.resources.deployment_target.names import Resolved
from pulumi_tentacle.resources.deployment_target.plan import Endpoint, Facts
from pulumi_tentacle.resources.model import properties_of
from pulumi_tentacle.resources.values import known


@dataclass(frozen=True)
class Place:
    """Where the target is: the server that answers, and the space."""

    octopus: Octopus
    installation: Installation
    space: Item


def place_of(octopus: Octopus, space: str | None) -> Place:
    """The place that the inputs name. Raises NotFound for a space that is not there."""
    installation = server.installation(octopus)
    return Place(octopus, installation, server.space(octopus, space))


def place_by_id(octopus: Octopus, space_id: str, state: DeploymentTargetState | None) -> Place:
    """The place that an id names.

    Raises:
        OtherEstate: another Octopus Server answers than the one that the state records (user report U89).
        Unlooked: the account may not see the space, or it is gone.
    """
    installation = server.installation(octopus)
    if state is not None and known(state.installation_id) and state.installation_id != installation.id:
        recorded = state.server_url if known(state.server_url) else "another address"
        raise OtherEstate(
            f"This deployment target belongs to the Octopus Server {recorded} (installation {state.installation_id}), "
            f"but {octopus.url} is the installation {installation.id}. Nothing was touched. Set octopusUrl back; to move "
            "the target to the other server, first take it off the old one (pulumi destroy --target URN), or, if the "
            "old server is gone for good, out of the state (pulumi state delete URN)."
        )
    try:
        return Place(octopus, installation, server.space(octopus, space_id))
    except NotFound as error:
        raise Unlooked(
            f"{error} So this deployment target cannot be looked at: the space was deleted, or the account of the API "
            "key may not see it. If it was deleted, take the target out of the state with `pulumi state delete URN`."
        ) from error


def resolved(place: Place, inputs: DeploymentTargetInputs) -> Resolved:
    """The ids of what the inputs name. Raises NotFound that names all that is missing, with near names."""
    found = names.resolve(place.octopus, place.space, inputs)
    if found.missing:
        raise NotFound("\n".join([*found.missing, "Nothing was registered or changed."]))
    return found


def facts_of(place: Place, name: str, machine_id: str | None, state: DeploymentTargetState | None) -> Facts:
    """What Octopus has by the id of the state, and by the wanted name. Raises NotFound for an id that is gone."""
    octopus, space = place.octopus, place.space
    machine = _existing(octopus, space, machine_id) if machine_id is not None else None
    environments = lookups.items(octopus, space, lookups.ENVIRONMENT)
    return Facts(
        machine=machine,
        namesake=machines.by_name(octopus, space.id, name),
        recorded=recorded(state),
        space=space.name,
        environments={e.id: e.name for e in environments},
    )


def _existing(octopus: Octopus, space: Item, machine_id: str) -> Machine:
    try:
        return machines.by_id(octopus, space.id, machine_id)
    except NotFound as error:
        raise NotFound(
            f"{error} It was deleted in Octopus. Run `pulumi refresh`; then `pulumi up` registers the Tentacle again."
        ) from error


def recorded(state: DeploymentTargetState | None) -> Endpoint | None:
    """Address and thumbprint in the state; None if it does not hold them."""
    if state is None or not known(state.uri) or not known(state.thumbprint):
        return None
    return Endpoint(state.uri, state.thumbprint)


def twins(place: Place, wanted: Registration, own: Machine | None) -> list[Machine]:
    """Other targets and workers with this certificate; none if the account may not look. Only for a warning."""
    try:
        found = machines.with_thumbprint(place.octopus, place.space.id, wanted.thumbprint)
    except (AccessDenied, NotFound, RequestFailed):
        return []
    return [m for m in found if own is None or m.id != own.id]


def inputs_of(place: Place, machine: Machine, written: DeploymentTargetInputs | None) -> DeploymentTargetInputs:
    """The inputs as Octopus has them; what Octopus does not hold as written, for an import its default."""
    address = address_of(machine.uri)
    assert address is not None, machine.uri
    lock = machine.upgrade_locked
    if lock is None:
        lock = bool(written.upgrade_locked) if written else False
    values: dict[str, Any] = {
        "host": address[0],
        "port": address[1],
        "instance": written.instance if written else None,
        "name": machine.name,
        "space": written.space if written else _space_name(place),
        "tenanted_deployment": machine.participation,
        "expected_thumbprint": written.expected_thumbprint if written else None,
        "upgrade_locked": lock,
        "disabled": machine.disabled,
        "health": written.health if written else TargetHealth(),
        **names.spelled(place.octopus, place.space, machine, written),
    }
    return DeploymentTargetInputs.model_construct(**values)


def state_of(place: Place, inputs: DeploymentTargetInputs, machine: Machine) -> DeploymentTargetState:
    """The outputs of a target that has these inputs."""
    values = {p.name: getattr(inputs, p.name) for p in properties_of(DeploymentTargetInputs)}
    return DeploymentTargetState.model_construct(
        **values,
        machine_id=machine.id,
        uri=machine.uri,
        thumbprint=machine.thumbprint,
        health_status=machine.health,
        server_url=place.octopus.url,
        installation_id=place.installation.id,
        incomplete=[],
    )


def _space_name(place: Place) -> str | None:
    """What an imported target's `space` must say: nothing where the provider works anyway."""
    try:
        usual = server.space(place.octopus, None)
    except NotFound:
        return place.space.name
    return None if usual.id == place.space.id else place.space.name
