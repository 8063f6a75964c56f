"""TrustedServer: one Octopus Server that an instance trusts, on all its nodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pulumi_tentacle.errors import Conflict, HalfMade, InvalidInput, NotFound, TentacleError, Unlooked
from pulumi_tentacle.resources import fanout
from pulumi_tentacle.resources.changes import Change
from pulumi_tentacle.resources.documentation import documentation
from pulumi_tentacle.resources.references import InstanceReference
from pulumi_tentacle.resources.resource import Found, Gone, Resource, Run, half_made
from pulumi_tentacle.resources.tentacle_instance.apply import Applier
from pulumi_tentacle.resources.tentacle_instance.model import Drain, certificate_path, copy_path
from pulumi_tentacle.resources.tentacle_instance.observe import NodeFacts, Question, observe
from pulumi_tentacle.resources.trusted_server import plan
from pulumi_tentacle.resources.trusted_server.model import TrustedServerInputs, TrustedServerState
from pulumi_tentacle.resources.values import known, normalise_thumbprint
from pulumi_tentacle.tentacle import names
from pulumi_tentacle.windows.computer import COMPUTER
from pulumi_tentacle.windows.queries import ask

_ROUNDS = 8


class TrustedServerResource(Resource[TrustedServerInputs, TrustedServerState]):
    """The trust of one instance in one server."""

    token = "tentacle:index:TrustedServer"
    inputs = TrustedServerInputs
    state = TrustedServerState
    documentation = documentation(__package__)
    updates = frozenset({"instance", "drain"})

    def diff(self, old: TrustedServerInputs, new: TrustedServerInputs) -> list[Change]:
        """Another instance replaces; so does one that is unknown as a whole: it is about to be deleted or replaced."""
        changes = []
        for change in super().diff(old, new):
            if change.property != "instance":
                changes.append(change)
            elif not known(new.instance) or change.path in ("instance.instanceName", "instance.configPath"):
                changes.append(Change(change.path, change.property, change.kind, replaces=True))
            else:
                changes.append(change)
        return changes

    def create(self, run: Run, inputs: TrustedServerInputs) -> tuple[str, TrustedServerState]:
        """Add the thumbprint on every node; one that is trusted already is no error."""
        id = _id(inputs)
        state = self.preview(inputs, None)
        try:
            _converge(run, inputs.instance, _wanted(inputs))
        except TentacleError as error:
            if not run.touched:
                raise
            raise half_made(error, id, state) from error
        return id, state

    def repair(self, run: Run, id: str, inputs: TrustedServerInputs, state: TrustedServerState) -> TrustedServerState:
        """Add it where it is missing."""
        wanted = self.preview(inputs, state)
        try:
            _converge(run, inputs.instance, _wanted(inputs))
        except TentacleError as error:
            raise half_made(error, id, wanted) from error
        return wanted

    def read(
        self, run: Run, id: str, inputs: TrustedServerInputs | None, state: TrustedServerState | None
    ) -> Found[TrustedServerInputs, TrustedServerState] | Gone:
        """Look at every node's configuration. Gone is only what no node trusts, all of them seen."""
        written = inputs or _inputs_from_id(run, id)
        facts = _observe(run, written.instance)
        wanted = _wanted(written)
        missing = [f.name for f in facts if wanted.thumbprint not in _trusts(f)]
        if len(missing) == len(facts):
            return Gone()
        seen = self.preview(written, state)
        reasons = [f"{name} does not trust {wanted.thumbprint}" for name in missing]
        reasons += [f"to do: {step.words}" for step in plan.plan(wanted, facts)] if not missing else []
        if reasons:
            raise HalfMade(_id(written), seen.changed(incomplete=sorted(reasons)), sorted(reasons), written)
        return Found(_id(written), written, seen)

    def delete(self, run: Run, id: str, state: TrustedServerState) -> None:
        """Take the thumbprint away on every node that still has the instance."""
        _converge(run, state.instance, _wanted(state, trusted=False), deleting=True)


def _id(inputs: TrustedServerInputs) -> str:
    nodes = ",".join(sorted(n.lower() for n in inputs.instance.nodes))
    return f"{nodes}/{inputs.instance.instance_name}/{inputs.thumbprint}"


def _wanted(inputs: TrustedServerInputs, *, trusted: bool = True) -> plan.Wanted:
    instance = inputs.instance
    return plan.Wanted(instance.service_name, instance.config_path, inputs.thumbprint, trusted)


def _trusts(node: NodeFacts) -> list[str]:
    return [t.upper() for t in node.config.trusts] if node.config else []


def _observe(run: Run, instance: InstanceReference) -> list[NodeFacts]:
    return list(
        fanout.each(instance.nodes, lambda address: observe(run.nodes.node(address), _question(instance))).values()
    )


def _question(instance: InstanceReference) -> Question:
    copies = (copy_path(instance.config_path), certificate_path(instance.config_path))
    return Question(instance.instance_name, instance.config_path, copies=copies)


def _converge(run: Run, instance: InstanceReference, wanted: plan.Wanted, *, deleting: bool = False) -> None:
    applier = Applier(run)
    with _locked(run, instance, deleting=deleting) as addresses:
        for _ in range(_ROUNDS):
            facts = [observe(run.nodes.node(address), _question(instance)) for address in addresses]
            present = [f for f in facts if f.config is not None]
            if absent := [f.name for f in facts if f.config is None and not deleting]:
                raise NotFound(
                    f"There is no Tentacle instance '{instance.instance_name}' (configuration {wanted.config_path}) on "
                    f"{', '.join(absent)}. Refresh the TentacleInstance and run `pulumi up` again; nothing was touched there."
                )
            steps = plan.plan(wanted, present)
            if not steps:
                return
            run.carry_out(steps, applier.apply)
    raise Conflict(
        f"The trust list of instance '{instance.instance_name}' does not stay as it is made; something else seems to change "
        "it at the same time."
    )


@contextmanager
def _locked(run: Run, instance: InstanceReference, *, deleting: bool) -> Iterator[list[str]]:
    """Hold the computers of the instance; answers the addresses that can be reached."""
    computers: dict[str, str] = {}
    for address in instance.nodes:
        try:
            computers[address] = str(ask(run.nodes.node(address), COMPUTER))
        except Unlooked as error:
            if not deleting:
                raise
            run.skip_unreachable(address, error, "its trust stays as it is")
    with ExitStack() as stack:
        for name in sorted(set(computers.values())):
            stack.enter_context(run.lock(f"computer {name}"))
        yield list(computers)


def _inputs_from_id(run: Run, id: str) -> TrustedServerInputs:
    parts = id.split("/")
    if len(parts) != 3:
        raise InvalidInput([("", f"the id '{id}' is not of the form node[,node…]/instance/thumbprint")])
    nodes, name = parts[0].split(","), parts[1]
    first = observe(run.nodes.node(nodes[0]), Question(name))
    if first.registered_config is None:
        raise NotFound(
            f"There is no Tentacle instance '{name}' on {first.name}; there are: {', '.join(first.other_instances) or 'none'}."
        )
    reference = InstanceReference.model_construct(
        nodes=nodes,
        instance_name=first.registered_name or name,
        service_name=names.service_name(first.registered_name or name),
        config_path=first.registered_config,
        shared_disk=None,
        exclusive_trust=False,
    )
    return TrustedServerInputs.model_construct(
        instance=reference, thumbprint=normalise_thumbprint(parts[2]), drain=Drain()
    )
