"""TentacleInstance: a Tentacle on one node, or the same one on all nodes of a failover cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial

from pulumi_tentacle.errors import (
    Conflict,
    HalfMade,
    InvalidInput,
    NotFound,
    NotImplementedYet,
    TentacleError,
    Unlooked,
)
from pulumi_tentacle.resources import fanout
from pulumi_tentacle.resources.documentation import documentation
from pulumi_tentacle.resources.resource import Found, Gone, Resource, Run, half_made
from pulumi_tentacle.resources.tentacle_instance import model, plan
from pulumi_tentacle.resources.tentacle_instance.apply import Applier
from pulumi_tentacle.resources.tentacle_instance.model import TentacleInstanceInputs, TentacleInstanceState
from pulumi_tentacle.resources.tentacle_instance.observe import NodeFacts, Question, firewall_rule_name, observe
from pulumi_tentacle.resources.values import UNKNOWN, known
from pulumi_tentacle.tentacle import certificates, names
from pulumi_tentacle.tentacle.certificates import Identity
from pulumi_tentacle.windows import firewall
from pulumi_tentacle.windows.computer import COMPUTER
from pulumi_tentacle.windows.queries import ask

_LEFT = "what is on it stays there"
_ROUNDS = 15  # stages of a plan, and some more for a file that somebody else changes meanwhile


class TentacleInstanceResource(Resource[TentacleInstanceInputs, TentacleInstanceState]):
    """The instance on its nodes."""

    token = "tentacle:index:TentacleInstance"
    inputs = TentacleInstanceInputs
    state = TentacleInstanceState
    documentation = documentation(__package__)
    updates = frozenset({"drain"})  # read when it is needed; nothing to change on a node

    def complete(self, inputs: TentacleInstanceInputs) -> TentacleInstanceInputs:
        """Fill in the paths."""
        return model.complete(inputs)

    def preview(self, inputs: TentacleInstanceInputs, old: TentacleInstanceState | None) -> TentacleInstanceState:
        """The reference and the service's name are known before anything is done."""
        state = super().preview(inputs, old)
        reference = model.reference(inputs)
        thumbprint = _given_thumbprint(inputs) or (old.thumbprint if old else UNKNOWN)
        return state.changed(reference=reference, service_name=reference.service_name, thumbprint=thumbprint)

    def check(self, run: Run, inputs: TentacleInstanceInputs) -> list[str]:
        """Refuse what this version cannot do, in the preview already."""
        if inputs.adopt is True:
            raise NotImplementedYet(
                "adopt: this version of the provider cannot take over an instance that is there already. Nothing was touched."
            )
        path = inputs.installer.node_path if inputs.installer and known(inputs.installer) else None
        if path is not None and known(path) and path.startswith("\\\\") and not run.delegates:
            return [
                f"installer.nodePath {path} is on a share. The node's logon over WinRM cannot go on to another machine (second "
                "hop), so the share will answer 'Access is denied'. Use installer.url, or installer.file (a file of this "
                "machine, which is sent), or the transport credssp."
            ]
        return []

    def create(self, run: Run, inputs: TentacleInstanceInputs) -> tuple[str, TentacleInstanceState]:
        """Make it on all nodes, or carry on where a run that died left off."""
        self.check(run, inputs)
        id = _id(inputs)
        with _locked(run, inputs):
            try:
                facts = _observe(run, inputs)
                for node in facts:
                    _refuse_foreign(run, inputs, node)
                return id, self._converge(run, inputs, facts)
            except TentacleError as error:
                if not run.touched:
                    raise
                raise half_made(error, id, self.preview(inputs, None)) from error

    def repair(
        self, run: Run, id: str, inputs: TentacleInstanceInputs, state: TentacleInstanceState
    ) -> TentacleInstanceState:
        """Finish or mend it."""
        with _locked(run, inputs):
            try:
                return self._converge(run, inputs, _observe(run, inputs))
            except TentacleError as error:
                raise half_made(error, id, state.changed(incomplete=[])) from error

    def _converge(self, run: Run, inputs: TentacleInstanceInputs, facts: list[NodeFacts]) -> TentacleInstanceState:
        wanted = _wanted(run.urn, inputs)
        for node in facts:
            _refuse_newer(wanted, node)
        password = inputs.service.password if inputs.service else None
        applier = Applier(run, password.get_secret_value() if password else None, cache(partial(_identity, inputs)))
        for _ in range(_ROUNDS):
            steps = plan.plan(wanted, facts)
            if not steps:
                return self._finished(run, inputs, facts, applier.reboots)
            run.carry_out(steps, applier.apply)
            facts = _observe(run, inputs)
        rest = "; ".join(step.words for step in plan.plan(wanted, facts))
        raise Conflict(
            f"The instance '{wanted.instance}' does not stay as it is made; after {_ROUNDS} rounds this is still to do: "
            f"{rest}. Something else seems to change it at the same time."
        )

    def _finished(
        self, run: Run, inputs: TentacleInstanceInputs, facts: list[NodeFacts], reboots: list[str]
    ) -> TentacleInstanceState:
        state = _state(inputs, facts)
        if not reboots:
            return state
        asked = f"the Tentacle MSI asks for a restart of {', '.join(reboots)}"
        if inputs.installer is not None and inputs.installer.allow_reboot:
            run.warn(f"{asked}. Restart at a time of your choice; this provider never does.")
            return state
        reason = f"{asked}. Restart the computer, then run `pulumi up` again (or accept it with installer.allowReboot)."
        raise HalfMade(_id(inputs), state.changed(incomplete=[reason]), [reason])

    def read(
        self, run: Run, id: str, inputs: TentacleInstanceInputs | None, state: TentacleInstanceState | None
    ) -> Found[TentacleInstanceInputs, TentacleInstanceState] | Gone:
        """Look at every node. Gone is only what no node has, all of them seen."""
        written = inputs or _inputs_from_id(id)
        facts = _observe(run, written)
        if all(f.registered_config is None and f.config is None and f.service is None for f in facts):
            if inputs is None:
                _refuse_import(written, facts)
            return Gone()
        found = inputs or _inputs_from_facts(written, facts)
        seen = _state(found, facts)
        wanted = _wanted(run.urn, found, urn_matters=False, facts=facts)
        reasons = [f"to do: {step.words}" for step in plan.plan(wanted, facts)] if inputs else []
        if reasons:
            raise HalfMade(_id(found), seen.changed(incomplete=sorted(reasons)), sorted(reasons), found)
        return Found(_id(found), found, seen)

    def delete(self, run: Run, id: str, state: TentacleInstanceState) -> None:
        """Take it from every node; folders with deployments and logs stay."""
        with _locked(run, state, deleting=True):
            facts = _observe_for_delete(run, state)
            for node in facts:
                _refuse_delete(node, state)
            uninstall = state.installer is not None and state.installer.uninstall_on_delete
            paths = (state.config_path or "", *_copies(state.config_path or ""))
            run.carry_out(plan.plan_delete(state.instance_name, paths, facts, uninstall), Applier(run).apply)


def _id(inputs: TentacleInstanceInputs) -> str:
    return f"{','.join(sorted(n.lower() for n in inputs.nodes))}/{inputs.instance_name}"


def _copies(config_path: str) -> tuple[str, ...]:
    return model.copy_path(config_path), model.certificate_path(config_path)


def _question(inputs: TentacleInstanceInputs) -> Question:
    folders = tuple(f for f in (inputs.home_directory, inputs.application_directory) if f)
    copies = _copies(inputs.config_path) if inputs.config_path else ()
    return Question(inputs.instance_name, inputs.config_path, folders, copies)


def _observe(run: Run, inputs: TentacleInstanceInputs) -> list[NodeFacts]:
    question = _question(inputs)
    found = fanout.each(inputs.nodes, lambda address: observe(run.nodes.node(address), question))
    seen: dict[str, str] = {}
    for address, facts in found.items():
        first = seen.setdefault(str(facts.computer), address)
        if first != address:
            raise InvalidInput(
                [
                    (
                        "nodes",
                        f"'{first}' and '{address}' are the same computer, {facts.computer.name}; give each node once",
                    )
                ]
            )
    return list(found.values())


def _observe_for_delete(run: Run, state: TentacleInstanceState) -> list[NodeFacts]:
    question, found = _question(state), []
    for address in state.nodes:
        try:
            found.append(observe(run.nodes.node(address), question))
        except Unlooked as error:
            run.skip_unreachable(address, error, _LEFT)
    return found


@contextmanager
def _locked(run: Run, inputs: TentacleInstanceInputs, *, deleting: bool = False) -> Iterator[None]:
    """Hold the computers of the instance: one operation at a time on each, whatever it is called."""

    def computer(address: str) -> str:
        try:
            return str(ask(run.nodes.node(address), COMPUTER))
        except Unlooked as error:
            if not deleting:
                raise
            run.skip_unreachable(address, error, _LEFT)
            return address

    with ExitStack() as stack:
        for name in sorted(set(fanout.each(inputs.nodes, computer).values())):
            stack.enter_context(run.lock(f"computer {name}"))
        yield


def _wanted(
    urn: str, inputs: TentacleInstanceInputs, *, urn_matters: bool = True, facts: list[NodeFacts] | None = None
) -> plan.Wanted:
    installer, rules = inputs.installer, inputs.firewall
    mark = urn if urn_matters or not facts else (facts[0].mark or urn)
    return plan.Wanted(
        urn=mark,
        instance=inputs.instance_name,
        config_path=inputs.config_path or "",
        home=inputs.home_directory or "",
        applications=inputs.application_directory or "",
        port=inputs.port,
        listen_address=inputs.listen_address,
        nodes=len(inputs.nodes),
        source=plan.Source(
            version=installer.version,
            url=installer.url,
            node_path=installer.node_path,
            file=installer.file,
            sha256=installer.sha256,
            allow_downgrade=installer.allow_downgrade,
        )
        if installer
        else None,
        drive=inputs.shared_disk.drive_letter if inputs.shared_disk else None,
        thumbprint=_given_thumbprint(inputs),
        trusts=tuple(inputs.trusted_thumbprints) if inputs.trusted_thumbprints is not None else None,
        account=inputs.service.account if inputs.service else None,
        firewall=firewall.Rule(
            name=firewall_rule_name(inputs.instance_name),
            display_name=rules.display_name or f"Octopus Deploy Tentacle: {inputs.port}",
            port=inputs.port,
            remote_addresses=tuple(sorted(rules.remote_addresses or [])),
        )
        if rules.enabled
        else None,
    )


def _given_thumbprint(inputs: TentacleInstanceInputs) -> str | None:
    given = inputs.certificate
    if given is None or given is UNKNOWN or inputs.certificate_password is UNKNOWN:
        return None
    return _load(inputs).thumbprint


def _load(inputs: TentacleInstanceInputs) -> Identity:
    assert inputs.certificate is not None
    password = inputs.certificate_password.get_secret_value() if inputs.certificate_password else None
    return certificates.load(inputs.certificate.get_secret_value(), password)


def _identity(inputs: TentacleInstanceInputs) -> Identity:
    """The certificate to import: the one given, or one made here for a single node and not kept."""
    return _load(inputs) if inputs.certificate is not None else certificates.make("Octopus Tentacle", 2048, 100)


def _state(inputs: TentacleInstanceInputs, facts: list[NodeFacts]) -> TentacleInstanceState:
    first = facts[0]
    return TentacleInstanceState.model_construct(
        **dict(inputs),
        computers=sorted(str(f.computer) for f in facts),
        thumbprint=(first.config.thumbprint if first.config else None) or UNKNOWN,
        version=first.tentacle.version if first.tentacle else UNKNOWN,
        service_name=names.service_name(inputs.instance_name),
        reference=model.reference(inputs),
        incomplete=[],
    )


def _refuse_foreign(run: Run, inputs: TentacleInstanceInputs, node: NodeFacts) -> None:
    """Never take over silently what this resource did not make."""
    if node.mark == run.urn:
        return
    name = inputs.instance_name
    if node.mark:
        raise Conflict(
            f"The Tentacle instance '{name}' on {node.name} belongs to another resource: {node.mark}. Give this one "
            "another instanceName, or delete the other resource first."
        )
    there = [
        f"it is registered, with the configuration {node.registered_config}" if node.registered_config else "",
        f"the configuration file {inputs.config_path} exists" if node.config else "",
        f"the service '{node.service.name}' exists ({node.service.state})" if node.service else "",
    ]
    if any(there):
        raise Conflict(
            f"There is a Tentacle instance '{name}' on {node.name} already, not made by this resource: "
            f"{'; '.join(t for t in there if t)}. Nothing was touched. Give another instanceName and configPath, or remove "
            "what is there."
        )
    if node.clustered:
        raise Conflict(
            f"The cluster role '{node.clustered.group}' runs a service of the instance '{name}' already. Nothing was touched."
        )


def _refuse_newer(wanted: plan.Wanted, node: NodeFacts) -> None:
    source = wanted.source
    if source is None or node.tentacle is None or plan.needs_msi(source, node):
        return
    if not source.version.startswith(">=") and plan.is_newer(source, node):
        raise Conflict(
            f"{node.name} has Tentacle {node.tentacle.version}, which is newer than installer.version {source.version}; "
            "perhaps Octopus upgraded it. It is not downgraded silently: raise the version, or set installer.allowDowngrade."
        )


def _refuse_delete(node: NodeFacts, state: TentacleInstanceState) -> None:
    if node.clustered:
        raise Conflict(
            f"The cluster role '{node.clustered.group}' still runs the service '{state.service_name}'. Delete the "
            "ClusterRole first; nothing was touched."
        )
    uninstall = state.installer is not None and state.installer.uninstall_on_delete
    if uninstall and node.other_instances:
        raise Conflict(
            f"Tentacle cannot be uninstalled from {node.name}: other instances use it ({', '.join(node.other_instances)}). "
            "Set installer.uninstallOnDelete to false; nothing was touched."
        )


def _inputs_from_id(id: str) -> TentacleInstanceInputs:
    nodes, _, name = id.partition("/")
    if not name:
        raise InvalidInput(
            [("", f"the id '{id}' is not of the form node[,node…]/instance, such as NODE1,NODE2/Tentacle")]
        )
    return TentacleInstanceInputs(nodes=nodes.split(","), instance_name=name)


def _refuse_import(written: TentacleInstanceInputs, facts: list[NodeFacts]) -> None:
    there = sorted({name for f in facts for name in f.other_instances})
    raise NotFound(
        f"There is no Tentacle instance '{written.instance_name}' on {', '.join(f.name for f in facts)}; "
        f"{'there are: ' + ', '.join(there) if there else 'there is none at all'}."
    )


def _inputs_from_facts(written: TentacleInstanceInputs, facts: list[NodeFacts]) -> TentacleInstanceInputs:
    """What a program would have to say to describe what is there."""
    first = facts[0]
    config, rule = first.config, first.firewall
    return written.changed(
        instance_name=first.registered_name or written.instance_name,
        config_path=first.registered_config,
        home_directory=config.home if config else None,
        application_directory=config.applications if config else None,
        port=config.port if config else names.DEFAULT_PORT,
        listen_address=config.listen_address if config else "any",
        trusted_thumbprints=sorted(t.upper() for t in config.trusts) if config else None,
        service=None
        if first.service is None or first.service.account.lower() == "localsystem"
        else model.ServiceAccount(account=first.service.account),
        firewall=model.Firewall(
            enabled=rule is not None and rule.enabled,
            remote_addresses=list(rule.remote_addresses) or None if rule else None,
            display_name=rule.display_name if rule else None,
        ),
    )
