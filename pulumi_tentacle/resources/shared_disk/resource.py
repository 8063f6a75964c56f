"""SharedDisk: a disk that all nodes see, formatted, with its letter, in the cluster's storage."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_tentacle.errors import Conflict, HalfMade, InvalidInput, TentacleError, Unlooked
from pulumi_tentacle.resources import fanout
from pulumi_tentacle.resources.changes import Change
from pulumi_tentacle.resources.documentation import documentation
from pulumi_tentacle.resources.references import DiskReference
from pulumi_tentacle.resources.resource import Found, Gone, Resource, Run, half_made
from pulumi_tentacle.resources.shared_disk import plan
from pulumi_tentacle.resources.shared_disk.apply import Applier
from pulumi_tentacle.resources.shared_disk.model import SharedDiskInputs, SharedDiskState
from pulumi_tentacle.resources.shared_disk.observe import ClusterDisk, Name, NodeFacts, observe
from pulumi_tentacle.resources.values import UNKNOWN, known
from pulumi_tentacle.windows.cluster_queries import AVAILABLE_STORAGE

_ROUNDS = 15


class SharedDiskResource(Resource[SharedDiskInputs, SharedDiskState]):
    """The disk on all its nodes."""

    token = "tentacle:index:SharedDisk"
    inputs = SharedDiskInputs
    state = SharedDiskState
    documentation = documentation(__package__)

    def diff(self, old: SharedDiskInputs, new: SharedDiskInputs) -> list[Change]:
        """A change of the file system is refused: it would format the disk.

        Raises:
            InvalidInput: fileSystem changed.
        """
        changes = super().diff(old, new)
        if any(c.property == "file_system" for c in changes):
            raise InvalidInput(
                [("fileSystem", f"a change from {old.file_system} would format the disk and is refused; set it back")]
            )
        return changes

    def preview(self, inputs: SharedDiskInputs, old: SharedDiskState | None) -> SharedDiskState:
        """The path is known before anything is done; the reference as soon as the unique id is."""
        letter = inputs.drive_letter
        unique_id = old.reference.unique_id if old is not None and known(old.reference) else inputs.unique_id or UNKNOWN
        return (
            super()
            .preview(inputs, old)
            .changed(
                unique_id=inputs.unique_id or unique_id,
                path=f"{letter}:\\" if known(letter) else UNKNOWN,
                reference=DiskReference.model_construct(unique_id=unique_id, drive_letter=letter, nodes=inputs.nodes),
            )
        )

    def create(self, run: Run, inputs: SharedDiskInputs) -> tuple[str, SharedDiskState]:
        """Initialise it if that is allowed, give it its letter, add it to the cluster."""
        id = _id(inputs)
        with run.lock(f"disk {_name(inputs).key}"):
            try:
                return id, _converge(run, inputs)
            except TentacleError as error:
                if not run.touched:
                    raise
                raise half_made(error, id, self.preview(inputs, None)) from error

    def repair(self, run: Run, id: str, inputs: SharedDiskInputs, state: SharedDiskState) -> SharedDiskState:
        """Finish or mend it."""
        with run.lock(f"disk {_name(inputs).key}"):
            try:
                return _converge(run, inputs)
            except TentacleError as error:
                raise half_made(error, id, state.changed(incomplete=[])) from error

    def read(
        self, run: Run, id: str, inputs: SharedDiskInputs | None, state: SharedDiskState | None
    ) -> Found[SharedDiskInputs, SharedDiskState] | Gone:
        """Look at it. It is never gone: a disk that no node sees is half-made, for we do not make LUNs."""
        written = inputs or _inputs_from_id(id)
        facts = _observe(run, written, rescan=False)
        unseen = [f.name for f in facts if not f.matches and f.cluster_disk is None]
        if inputs is None:
            if unseen:
                raise InvalidInput([("", f"no disk {_name(written).key} is seen by {', '.join(unseen)}")])
            found = _inputs_from_facts(written, facts)
            return Found(_id(found), found, _state(found, facts))
        wanted = _wanted(run.urn, inputs, facts)
        reasons = [f"{name} does not see the disk {wanted.name.key}" for name in unseen if not _clustered(facts)]
        if not reasons:
            reasons = [f"to do: {step.words}" for step in plan.plan(wanted, facts)]
        seen = _state(inputs, facts) if not unseen or _clustered(facts) else self.preview(inputs, state)
        if reasons:
            raise HalfMade(_id(inputs), seen.changed(incomplete=sorted(reasons)), sorted(reasons), inputs)
        return Found(_id(inputs), inputs, seen)

    def delete(self, run: Run, id: str, state: SharedDiskState) -> None:
        """Leave the cluster, offline on every node; the data stays."""
        name = _name(state)
        with run.lock(f"disk {name.key}"):
            applier = Applier(run, name.key)
            for _ in range(_ROUNDS):
                facts = list(_reachable(run, state))
                disk = _clustered(facts)
                if disk is not None and disk.group.lower() != AVAILABLE_STORAGE.lower():
                    raise Conflict(
                        f"The cluster role '{disk.group}' uses the disk ('{disk.resource}'). Delete the role first; nothing "
                        "was touched."
                    )
                steps = plan.plan_delete(name, facts)
                if not steps:
                    return
                run.carry_out(steps, applier.apply)


def _name(inputs: SharedDiskInputs) -> Name:
    """Its serial number, if that is given: a state has the unique id that was found too."""
    return Name(inputs.serial_number, None if inputs.serial_number else inputs.unique_id)


def _id(inputs: SharedDiskInputs) -> str:
    return f"{','.join(sorted(n.lower() for n in inputs.nodes))}/{_name(inputs).key}"


def _observe(run: Run, inputs: SharedDiskInputs, *, rescan: bool) -> list[NodeFacts]:
    name = _name(inputs)
    found = fanout.each(inputs.nodes, lambda address: observe(run.nodes.node(address), name, rescan=rescan))
    seen: dict[str, str] = {}
    for address, facts in found.items():
        if (first := seen.setdefault(str(facts.computer), address)) != address:
            raise InvalidInput(
                [("nodes", f"'{first}' and '{address}' are the same computer, {facts.name}; give each node once")]
            )
    return list(found.values())


def _reachable(run: Run, state: SharedDiskState) -> Iterator[NodeFacts]:
    for address in state.nodes:
        try:
            yield observe(run.nodes.node(address), _name(state), rescan=False)
        except Unlooked as error:
            run.skip_unreachable(address, error, "the disk is left there as it is")


def _converge(run: Run, inputs: SharedDiskInputs) -> SharedDiskState:
    facts = _observe(run, inputs, rescan=True)
    wanted = _wanted(run.urn, inputs)
    _refuse_foreign(run, facts)
    plan.refuse(wanted, facts)
    applier = Applier(run, wanted.name.key)
    for _ in range(_ROUNDS):
        steps = plan.plan(wanted, facts)
        if not steps:
            return _state(inputs, facts)
        run.carry_out(steps, applier.apply)
        facts = _observe(run, inputs, rescan=False)
        plan.refuse(wanted, facts)
    raise Conflict(
        f"The disk {wanted.name.key} does not stay as it is made; still to do: "
        f"{'; '.join(s.words for s in plan.plan(wanted, facts))}. Something else seems to change it at the same time."
    )


def _refuse_foreign(run: Run, facts: list[NodeFacts]) -> None:
    for node in facts:
        if node.mark is not None and node.mark != run.urn:
            raise Conflict(
                f"This disk belongs to another resource, by its mark on {node.name}: {node.mark}. Delete that resource "
                "first, or use its reference; nothing was touched."
            )


def _wanted(urn: str, inputs: SharedDiskInputs, looked_at: list[NodeFacts] | None = None) -> plan.Wanted:
    """`looked_at`: for Read, to which a mark is no fact."""
    mark = next((f.mark for f in looked_at or [] if f.mark), None)
    return plan.Wanted(
        urn=mark or urn,
        name=_name(inputs),
        letter=inputs.drive_letter,
        label=inputs.label,
        file_system=inputs.file_system,
        initialize=inputs.initialize,
    )


def _clustered(facts: list[NodeFacts]) -> ClusterDisk | None:
    return next((f.cluster_disk for f in facts if f.cluster_disk), None)


def _state(inputs: SharedDiskInputs, facts: list[NodeFacts]) -> SharedDiskState:
    disk = next((f.disk for f in facts if f.disk), None)
    cluster = _clustered(facts)
    unique_id = disk.unique_id if disk else UNKNOWN
    return SharedDiskState.model_construct(
        **{**dict(inputs), "unique_id": unique_id},
        size_bytes=disk.size if disk else UNKNOWN,
        path=f"{inputs.drive_letter}:\\",
        cluster_resource=cluster.resource if cluster else None,
        reference=DiskReference.model_construct(
            unique_id=unique_id, drive_letter=inputs.drive_letter, nodes=inputs.nodes
        ),
        incomplete=[],
    )


def _inputs_from_id(id: str) -> SharedDiskInputs:
    nodes, _, key = id.partition("/")
    if not key:
        raise InvalidInput(
            [("", f"the id '{id}' is not of the form node[,node…]/serial number, such as NODE1,NODE2/LUN-0001")]
        )
    return SharedDiskInputs.model_construct(
        nodes=nodes.split(","),
        serial_number=key,
        unique_id=None,
        drive_letter=UNKNOWN,
        label="Octopus",
        file_system="NTFS",
        initialize=False,
        cluster=None,
    )


def _inputs_from_facts(written: SharedDiskInputs, facts: list[NodeFacts]) -> SharedDiskInputs:
    partition = next((p for f in facts for p in f.partitions), None)
    if partition is None or partition.letter is None:
        raise InvalidInput(
            [("", f"the disk {_name(written).key} has no volume with a drive letter, so it cannot be imported")]
        )
    return written.changed(
        drive_letter=partition.letter, label=partition.label, file_system=partition.file_system or "NTFS"
    )
