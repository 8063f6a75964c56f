"""DeploymentTarget: a Listening Tentacle registered in Octopus."""

from __future__ import annotations

from typing import Any

from pulumi_tentacle.errors import (
    AccessDenied,
    Conflict,
    HalfMade,
    InvalidInput,
    NotFound,
    RequestFailed,
    TentacleError,
    Unlooked,
)
from pulumi_tentacle.octopus import machines
from pulumi_tentacle.octopus.machines import Machine, Registration, listening_uri
from pulumi_tentacle.resources.changes import Change, compare
from pulumi_tentacle.resources.deployment_target import evidence, model, names, observe, plan
from pulumi_tentacle.resources.deployment_target.apply import NotHealthy, Work
from pulumi_tentacle.resources.deployment_target.model import (
    DeploymentTargetInputs,
    DeploymentTargetState,
    parse_id,
    target_id,
)
from pulumi_tentacle.resources.deployment_target.observe import Place
from pulumi_tentacle.resources.deployment_target.plan import Wanted
from pulumi_tentacle.resources.documentation import documentation
from pulumi_tentacle.resources.resource import Found, Gone, Resource, Run, half_made
from pulumi_tentacle.resources.values import UNKNOWN, known

_SETS = ("environments", "roles", "tenants", "tenant_tags")


class DeploymentTargetResource(Resource[DeploymentTargetInputs, DeploymentTargetState]):
    """One deployment target."""

    token = "tentacle:index:DeploymentTarget"
    inputs = DeploymentTargetInputs
    state = DeploymentTargetState
    documentation = documentation(__package__)
    updates = frozenset(DeploymentTargetInputs.model_fields) - {"space"}

    def complete(self, inputs: DeploymentTargetInputs) -> DeploymentTargetInputs:
        """Fill in what follows from other properties."""
        return model.complete(inputs)

    def diff(self, old: DeploymentTargetInputs, new: DeploymentTargetInputs) -> list[Change]:
        """The changes; another order or case of names and roles is none."""
        return compare(_folded(old), _folded(new))

    def preview(self, inputs: DeploymentTargetInputs, old: DeploymentTargetState | None) -> DeploymentTargetState:
        """Address and thumbprint are known before: the target is made with these or not at all."""
        state = super().preview(inputs, old)
        uri: Any = UNKNOWN
        if known(inputs.host) and known(inputs.port):
            uri = listening_uri(inputs.host, inputs.port)
        thumbprint: Any = inputs.expected_thumbprint
        if thumbprint is None:
            thumbprint = old.thumbprint if old is not None and old.uri == uri else UNKNOWN
        health = old.health_status if old is not None and not old.incomplete else UNKNOWN
        return state.changed(uri=uri, thumbprint=thumbprint, health_status=health)

    def check(self, run: Run, inputs: DeploymentTargetInputs) -> list[str]:
        """What Octopus does not know (yet): the same program may be about to make it."""
        if not known(inputs.space):
            return []
        try:
            place = observe.place_of(run.octopus(), inputs.space)
            missing = names.resolve(place.octopus, place.space, inputs).missing
        except InvalidInput:  # no Octopus Server is configured: an error at `up`, not in a preview
            return []
        except NotFound as error:
            missing = (str(error),)
        except TentacleError as error:
            return [f"Whether Octopus knows the names in this target could not be checked. {error}"]
        return [f"{text} If it is not made before this target, `pulumi up` will fail here." for text in missing]

    def create(self, run: Run, inputs: DeploymentTargetInputs) -> tuple[str, DeploymentTargetState]:
        """Register the target and wait until it is healthy; one that an earlier run of ours made is carried on."""
        place = observe.place_of(run.octopus(), inputs.space)
        return self._converge(run, place, inputs, None, None)

    def repair(
        self, run: Run, id: str, inputs: DeploymentTargetInputs, state: DeploymentTargetState
    ) -> DeploymentTargetState:
        """The same as Create, for the target of that id."""
        space_id, machine_id = parse_id(id)
        place = observe.place_by_id(run.octopus(), space_id, state)
        return self._converge(run, place, inputs, machine_id, state)[1]

    def read(
        self, run: Run, id: str, inputs: DeploymentTargetInputs | None, state: DeploymentTargetState | None
    ) -> Found[DeploymentTargetInputs, DeploymentTargetState] | Gone:
        """What Octopus has; gone only when the server of the state says so, for a space that it shows."""
        space_id, machine_id = parse_id(id)
        octopus = run.octopus()
        try:
            place = observe.place_by_id(octopus, space_id, state)
            try:
                machine = machines.by_id(octopus, space_id, machine_id)
            except NotFound:
                return Gone()
            return self._found(place, machine, inputs, state)
        except (AccessDenied, RequestFailed) as error:
            raise Unlooked(str(error)) from error

    def delete(self, run: Run, id: str, state: DeploymentTargetState) -> None:
        """Delete it by its id; one that stands for another Tentacle by now is left alone."""
        space_id, machine_id = parse_id(id)
        place = observe.place_by_id(run.octopus(), space_id, state)
        try:
            machine = machines.by_id(place.octopus, space_id, machine_id)
        except NotFound:
            return
        if plan.taken_over(machine, observe.recorded(state)):
            run.warn(
                f"The deployment target {plan.description(machine)} was left in Octopus: it is not the Tentacle that was "
                "registered here."
            )
            return
        run.progress(f"deleting the deployment target '{machine.name}' from Octopus")
        machines.delete(place.octopus, space_id, machine_id)

    def _converge(
        self,
        run: Run,
        place: Place,
        inputs: DeploymentTargetInputs,
        machine_id: str | None,
        state: DeploymentTargetState | None,
    ) -> tuple[str, DeploymentTargetState]:
        """Look, decide, act, look again. Nothing is changed before all names and the certificate are known."""
        wanted = _wanted(run, place, inputs)
        assert inputs.name is not None
        facts = observe.facts_of(place, inputs.name, machine_id, state)
        steps = plan.plan(wanted, facts)
        work = Work(run, place, inputs, wanted, plan.own(wanted.registration, facts))
        for warning in plan.twin_warnings(wanted.registration, observe.twins(place, wanted.registration, work.machine)):
            run.warn(warning)
        try:
            run.carry_out(steps, work.apply)
            # A server that has not met the Tentacle before may not have kept the upgrade lock.
            run.carry_out(plan.plan(wanted, plan.Facts(machine=work.look())), work.apply)
        except TentacleError as error:
            if work.machine is None or not (run.touched or machine_id is None):
                raise
            raise _unfinished(error, place, inputs, work.machine) from error
        machine = work.made()
        return target_id(place.space.id, machine.id), observe.state_of(place, inputs, machine)

    def _found(
        self,
        place: Place,
        machine: Machine,
        inputs: DeploymentTargetInputs | None,
        state: DeploymentTargetState | None,
    ) -> Found[DeploymentTargetInputs, DeploymentTargetState]:
        id = target_id(place.space.id, machine.id)
        if plan.taken_over(machine, observe.recorded(state)):
            raise _lost_to_another(id, machine, inputs, state)
        found = observe.inputs_of(place, machine, inputs)
        now = observe.state_of(place, found, machine)
        reasons = plan.faults(machine, found.expected_thumbprint, _checks_health(found), found.health.allow_warnings)
        if reasons:
            raise HalfMade(id, now.changed(incomplete=reasons), reasons, found)
        return Found(id, found, now)


def _wanted(run: Run, place: Place, inputs: DeploymentTargetInputs) -> Wanted:
    """What is to be registered: names resolved, and the certificate as Octopus Server itself meets it.

    Raises:
        NotFound: names that Octopus does not know.
        Conflict: another certificate than the expected one.
    """
    resolved = observe.resolved(place, inputs)
    assert inputs.name is not None
    uri = listening_uri(inputs.host, inputs.port)
    proxy = (resolved.proxy.id, resolved.proxy.name) if resolved.proxy else None
    run.progress(f"Octopus Server looks for the Tentacle at {uri}")
    try:
        thumbprint = machines.discover(place.octopus, place.space.id, inputs.host, inputs.port, proxy)
    except RequestFailed as error:
        reasons = [str(error), *evidence.distrust(run, place.octopus, inputs.instance)]
        raise RequestFailed(" ".join(reasons), status=error.status) from error
    if inputs.expected_thumbprint not in (None, thumbprint):
        raise Conflict(evidence.mismatch(run, inputs, uri, thumbprint))
    return Wanted(
        Registration(
            name=inputs.name,
            uri=uri,
            thumbprint=thumbprint,
            environment_ids=resolved.environment_ids,
            roles=tuple(inputs.roles),
            proxy_id=resolved.proxy.id if resolved.proxy else None,
            participation=inputs.tenanted_deployment or "Untenanted",
            tenant_ids=resolved.tenant_ids,
            tenant_tags=resolved.tenant_tags,
            policy_id=resolved.policy_id,
            disabled=inputs.disabled,
            upgrade_locked=bool(inputs.upgrade_locked),
        ),
        check_health=_checks_health(inputs),
        allow_warnings=inputs.health.allow_warnings,
    )


def _checks_health(inputs: DeploymentTargetInputs) -> bool:
    """Octopus does not check the health of a disabled target."""
    return inputs.health.wait and not inputs.disabled


def _unfinished(error: TentacleError, place: Place, inputs: DeploymentTargetInputs, machine: Machine) -> HalfMade:
    """The error for a target that is there, but not as it should be."""
    id, state = target_id(place.space.id, machine.id), observe.state_of(place, inputs, machine)
    if isinstance(error, NotHealthy):
        return HalfMade(id, state.changed(incomplete=error.reasons), error.reasons)
    return half_made(error, id, state)


def _lost_to_another(
    id: str, machine: Machine, inputs: DeploymentTargetInputs | None, state: DeploymentTargetState | None
) -> TentacleError:
    """The error for an id that stands for something else: never our properties, or Delete would take it away."""
    what = f"The deployment target {plan.description(machine)}"
    if inputs is None or state is None:
        return NotFound(f"{what} is not a Listening Tentacle, so it cannot be imported.")
    reasons = [f"{what} is by now another one than the Tentacle that was registered here."]
    return HalfMade(id, state.changed(incomplete=reasons), reasons, inputs)


def _folded(inputs: DeploymentTargetInputs) -> DeploymentTargetInputs:
    """A copy for comparison: sets without regard to case."""
    sets = {name: getattr(inputs, name) for name in _SETS}
    return inputs.changed(
        **{
            name: sorted({item.lower() for item in items})
            for name, items in sets.items()
            if isinstance(items, list) and all(isinstance(item, str) for item in items)
        }
    )
