"""ClusterRole: the Generic Service role that runs a clustered Tentacle."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_tentacle.errors import Conflict, HalfMade, InvalidInput, NotImplementedYet, Refused, TentacleError, Unlooked
from pulumi_tentacle.resources.changes import Change
from pulumi_tentacle.resources.cluster_role import plan
from pulumi_tentacle.resources.cluster_role.apply import Applier
from pulumi_tentacle.resources.cluster_role.model import DEFAULT_CHECKPOINT, ClusterRoleInputs, ClusterRoleState
from pulumi_tentacle.resources.cluster_role.observe import RoleFacts, Survey, look, survey
from pulumi_tentacle.resources.cluster_role.steps import WriteMark
from pulumi_tentacle.resources.documentation import documentation
from pulumi_tentacle.resources.references import InstanceReference
from pulumi_tentacle.resources.resource import Found, Gone, Resource, Run, half_made
from pulumi_tentacle.resources.tentacle_instance.model import Drain
from pulumi_tentacle.resources.values import UNKNOWN, known
from pulumi_tentacle.resources.waiting import wait_until
from pulumi_tentacle.tentacle import configuration, listener, names
from pulumi_tentacle.windows import files
from pulumi_tentacle.windows.cluster_queries import GENERIC_SERVICE

_ROUNDS = 20
_ANSWER_SECONDS = 120.0


class ClusterRoleResource(Resource[ClusterRoleInputs, ClusterRoleState]):
    """The role in its cluster."""

    token = "tentacle:index:ClusterRole"
    inputs = ClusterRoleInputs
    state = ClusterRoleState
    documentation = documentation(__package__)
    updates = frozenset({"drain"})

    def complete(self, inputs: ClusterRoleInputs) -> ClusterRoleInputs:
        """The guide's registry key, unless the program says otherwise."""
        return inputs if inputs.checkpoint_keys is not None else inputs.changed(checkpoint_keys=[DEFAULT_CHECKPOINT])

    def diff(self, old: ClusterRoleInputs, new: ClusterRoleInputs) -> list[Change]:
        """Another instance or disk replaces; so does one that is unknown as a whole: it is about to be replaced."""
        replacing = {
            "instance": ("instance.instanceName", "instance.serviceName", "instance.configPath"),
            "disk": ("disk", "disk.uniqueId"),
        }
        changes = []
        for change in super().diff(old, new):
            paths = replacing.get(change.property, ())
            whole = change.property in replacing and not known(getattr(new, change.property))
            replaces = change.replaces or whole or change.path in paths
            changes.append(Change(change.path, change.property, change.kind, replaces))
        return changes

    def preview(self, inputs: ClusterRoleInputs, old: ClusterRoleState | None) -> ClusterRoleState:
        """Host and addresses are known when they are static."""
        addresses = inputs.static_addresses
        host = inputs.name if addresses is None else addresses[0] if known(addresses) and addresses else UNKNOWN
        if addresses == []:
            host = inputs.name
        return (
            super()
            .preview(inputs, old)
            .changed(
                host=host,
                addresses=addresses if addresses else (old.addresses if old else UNKNOWN),
                group_state="Online",
            )
        )

    def check(self, run: Run, inputs: ClusterRoleInputs) -> list[str]:
        """Refuse what this version cannot do, in the preview already."""
        for alias, value in (("adopt", inputs.adopt), ("failoverTest", inputs.failover_test)):
            if value is True:
                raise NotImplementedYet(
                    f"{alias}: this version of the provider cannot do that yet. Nothing was touched."
                )
        return []

    def create(self, run: Run, inputs: ClusterRoleInputs) -> tuple[str, ClusterRoleState]:
        """Build the role and bring it online, or carry on where a run that died left off."""
        self.check(run, inputs)
        id = _id(inputs)
        try:
            return id, _converge(run, inputs)
        except TentacleError as error:
            if not run.touched:
                raise
            raise half_made(error, id, self.preview(inputs, None).changed(group_state=UNKNOWN)) from error

    def repair(self, run: Run, id: str, inputs: ClusterRoleInputs, state: ClusterRoleState) -> ClusterRoleState:
        """Finish or mend it."""
        try:
            return _converge(run, inputs)
        except TentacleError as error:
            raise half_made(error, id, state.changed(incomplete=[])) from error

    def read(
        self, run: Run, id: str, inputs: ClusterRoleInputs | None, state: ClusterRoleState | None
    ) -> Found[ClusterRoleInputs, ClusterRoleState] | Gone:
        """Look at the role. Gone is only what the cluster itself does not know."""
        written = inputs or _inputs_from_id(id)
        facts = look(_survey(run, written), written.name)
        if facts.group is None:
            return Gone()
        if inputs is None:
            written = _inputs_from_facts(run, written, facts)
        seen = _state(written, facts)
        wanted = _wanted(next((u for u in facts.marks.values() if u), run.urn), written)
        reasons = plan.missing_parts(wanted, facts) if inputs is not None else []
        if not reasons and inputs is not None and not _answers(run, written, facts):
            reasons = [f"the role is online, but no Tentacle answers at {seen.host}"]
        if reasons:
            raise HalfMade(_id(written), seen.changed(incomplete=reasons), reasons, written)
        return Found(_id(written), written, seen)

    def delete(self, run: Run, id: str, state: ClusterRoleState) -> None:
        """Role offline, disk back to the available storage, group gone."""
        skipped: list[str] = []

        def skip(address: str, error: Unlooked) -> None:
            run.skip_unreachable(address, error, "the role's mark stays there")
            skipped.append(address)
            if len(skipped) == len(state.instance.nodes):
                raise error

        surveyed = _survey(run, state, skip)
        with run.lock(_lock_key(surveyed)):
            facts = look(surveyed, state.name)
            run.carry_out(plan.plan_delete(state.name, facts), Applier(run, facts).apply)


def _id(inputs: ClusterRoleInputs) -> str:
    return f"{','.join(sorted(n.lower() for n in inputs.instance.nodes))}/{inputs.name}"


def _survey(run: Run, inputs: ClusterRoleInputs, skip: Callable[[str, Unlooked], None] | None = None) -> Survey:
    return survey(run, inputs.instance.nodes, inputs.name, inputs.disk.unique_id if inputs.disk else None, skip)


def _lock_key(surveyed: Survey) -> str:
    return f"cluster {surveyed.cluster.name}.{surveyed.cluster.domain}"


def _converge(run: Run, inputs: ClusterRoleInputs) -> ClusterRoleState:
    wanted, surveyed = _wanted(run.urn, inputs), _survey(run, inputs)
    with run.lock(_lock_key(surveyed)):
        for _ in range(_ROUNDS):
            facts = look(surveyed, wanted.name)
            plan.refuse(wanted, facts)
            steps = plan.plan(wanted, facts)
            if not steps:
                _await_answer(run, inputs, facts)
                return _state(inputs, facts)
            run.carry_out(steps, Applier(run, facts).apply)
            if any(isinstance(step, WriteMark) for step in steps):
                surveyed = _survey(run, inputs)
    raise Conflict(
        f"The role '{wanted.name}' does not stay as it is made; still to do: "
        f"{'; '.join(s.words for s in plan.plan(wanted, facts))}. Something else seems to change it at the same time."
    )


def _await_answer(run: Run, inputs: ClusterRoleInputs, facts: RoleFacts) -> None:
    """An online service is no proof: wait until a Tentacle answers at the role's own address."""
    run.progress(f"waiting for the Tentacle to answer at {_host(inputs)}")
    what = f"the Tentacle to answer at {_host(inputs)}"
    if not wait_until(lambda: _answers(run, inputs, facts), _ANSWER_SECONDS, run.cancelled, what):
        raise Refused(
            f"The role '{inputs.name}' is online, but no Tentacle answers at {_host(inputs)} on {_owner(facts)}. Look into the "
            "Tentacle's log (Logs below its home directory) and at its port on that node."
        )


def _owner(facts: RoleFacts) -> str:
    return facts.group.owner if facts.group else ""


def _answers(run: Run, inputs: ClusterRoleInputs, facts: RoleFacts) -> bool:
    address = facts.nodes.get(_owner(facts))
    if address is None:
        return False
    node = run.nodes.node(address)
    found = files.read(node, [inputs.instance.config_path])
    if not found:
        return False
    port = configuration.parse(found[0].content).port
    return listener.probe(node, _host(inputs), port).page


def _host(inputs: ClusterRoleInputs) -> str:
    return inputs.static_addresses[0] if inputs.static_addresses else inputs.name


def _wanted(urn: str, inputs: ClusterRoleInputs) -> plan.Wanted:
    group = {
        "AutoFailbackType": int(inputs.allow_failback),
        "FailoverThreshold": inputs.failover_threshold,
        "FailoverPeriod": inputs.failover_period,
    }
    service = {"RestartDelay": inputs.restart_delay, "RestartThreshold": inputs.restart_threshold}
    return plan.Wanted(
        urn=urn,
        name=inputs.name,
        service=inputs.instance.service_name,
        disk=inputs.disk.unique_id if inputs.disk else None,
        addresses=tuple(inputs.static_addresses or ()),
        ignored=tuple(inputs.ignore_networks or ()),
        subnet_mask=inputs.subnet_mask,
        probe_port=inputs.probe_port,
        checkpoints=tuple(inputs.checkpoint_keys or ()),
        preferred=tuple(n.upper() for n in inputs.preferred_owners or ()),
        group_properties=tuple((k, v) for k, v in group.items() if v is not None),
        service_properties=tuple((k, v) for k, v in service.items() if v is not None),
    )


def _state(inputs: ClusterRoleInputs, facts: RoleFacts) -> ClusterRoleState:
    return ClusterRoleState.model_construct(
        **dict(inputs),
        host=_host(inputs),
        addresses=sorted(a for a in facts.addresses if a),
        group_state=facts.group.state if facts.group else UNKNOWN,
        incomplete=[],
    )


def _inputs_from_id(id: str) -> ClusterRoleInputs:
    nodes, _, name = id.partition("/")
    if not name:
        raise InvalidInput([("", f"the id '{id}' is not of the form node[,node…]/role, such as NODE1,NODE2/OCTOPUS")])
    reference = InstanceReference.model_construct(
        nodes=nodes.split(","),
        instance_name=names.DEFAULT_INSTANCE,
        service_name=names.service_name(names.DEFAULT_INSTANCE),
        config_path=names.default_config_path(names.DEFAULT_INSTANCE),
        shared_disk=None,
        exclusive_trust=False,
    )
    return ClusterRoleInputs(instance=reference, name=name, drain=Drain())


def _inputs_from_facts(run: Run, written: ClusterRoleInputs, facts: RoleFacts) -> ClusterRoleInputs:
    """What a program would have to say to describe the role."""
    services = facts.of_type(GENERIC_SERVICE)
    name = str(services[0].details.parameters.get("ServiceName") or "") if services else ""
    instance = name.partition(": ")[2] or names.DEFAULT_INSTANCE
    return written.changed(
        instance=written.instance.changed(
            instance_name=instance, service_name=name, config_path=names.default_config_path(instance)
        ),
        static_addresses=sorted(a for a in facts.addresses if a) or None,
        checkpoint_keys=list(services[0].details.checkpoints) if services else [],
        preferred_owners=list(facts.preferred) or None,
        allow_failback=bool(facts.common.get("AutoFailbackType")),
    )
