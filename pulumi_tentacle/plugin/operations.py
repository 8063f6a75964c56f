"""The operations on a resource, from trees to trees: what stands between the protocol and a resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.proto import provider_pb2 as pb

from pulumi_tentacle.errors import HalfMade, InvalidInput, Unlooked
from pulumi_tentacle.functions.function import AnyFunction
from pulumi_tentacle.plugin.properties import plain
from pulumi_tentacle.resources.changes import Change
from pulumi_tentacle.resources.model import Inputs, State, load_state, parse, properties_of, to_tree
from pulumi_tentacle.resources.resource import AnyResource, Gone, Run

Tree = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """What Read answers."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


def check(resource: AnyResource, news: Tree) -> dict[str, Any]:
    """The user's inputs as written, with defaults added. Raises InvalidInput."""
    complete = to_tree(_inputs(resource, news))
    added = {alias: value for alias, value in complete.items() if news.get(alias) is None}
    return {**{k: v for k, v in news.items() if v is not None}, **added}


def diff(resource: AnyResource, olds: Tree, news: Tree) -> pb.DiffResponse:
    """What a change of inputs means."""
    new = _inputs(resource, news)
    try:
        changes = resource.diff(_inputs(resource, olds), new)
    except InvalidInput:  # stored by a version with other rules: compare what was written
        raw = resource.inputs.model_construct(**_by_name(resource.inputs, plain(olds)))
        changes = resource.diff(raw, new)
    return _diff_response(resource, changes)


_KINDS = {
    ("add", False): pb.PropertyDiff.ADD,
    ("add", True): pb.PropertyDiff.ADD_REPLACE,
    ("delete", False): pb.PropertyDiff.DELETE,
    ("delete", True): pb.PropertyDiff.DELETE_REPLACE,
    ("update", False): pb.PropertyDiff.UPDATE,
    ("update", True): pb.PropertyDiff.UPDATE_REPLACE,
}


def _diff_response(resource: AnyResource, changes: list[Change]) -> pb.DiffResponse:
    if not changes:
        return pb.DiffResponse(changes=pb.DiffResponse.DIFF_NONE)
    return pb.DiffResponse(
        changes=pb.DiffResponse.DIFF_SOME,
        diffs=list(dict.fromkeys(_top(c) for c in changes)),
        replaces=list(dict.fromkeys(_top(c) for c in changes if c.replaces)),
        detailedDiff={c.path: pb.PropertyDiff(kind=_KINDS[c.kind, c.replaces], inputDiff=True) for c in changes},
        hasDetailedDiff=True,
        deleteBeforeReplace=resource.delete_before_replace,
    )


def _top(change: Change) -> str:
    return change.path.partition(".")[0].partition("[")[0]


def preview(resource: AnyResource, run: Run, inputs: Tree, state: State | None) -> dict[str, Any]:
    """Outputs as far as they are known before anything is done."""
    wanted = _inputs(resource, inputs)
    for warning in resource.check(run, wanted):
        run.warn(warning)
    return _outputs(resource.preview(wanted, state))


def create(resource: AnyResource, run: Run, inputs: Tree) -> tuple[str, dict[str, Any]]:
    """Make it: its id and outputs."""
    id, state = resource.create(run, _inputs(resource, inputs))
    return id, _outputs(state)


def read(resource: AnyResource, run: Run, id: str, inputs: Tree, stored: Tree) -> Seen | None:
    """Look at it; None when it is certainly gone.

    Raises:
        Unlooked: an import, and a machine could not be looked at. In a refresh the stored state is the answer
            then, with a warning: a Read that fails would stop preview and up altogether.
        HalfMade: it is there, but not as it should be.
    """
    known = load_state(resource.state, plain(stored)) if stored else None
    written = _inputs(resource, inputs) if inputs else None
    try:
        seen = resource.read(run, id, written, known)
    except Unlooked as error:
        if known is None:
            raise
        run.warn(f"Could not look at this, so its state stays as it is stored. {error}")
        if known.incomplete:
            raise HalfMade(id, known, known.incomplete, written) from error
        return Seen(id, dict(inputs), _outputs(known))
    if isinstance(seen, Gone):
        return None
    return Seen(seen.id, _as_written(resource, to_tree(seen.inputs), inputs), _outputs(seen.state))


def half_made_inputs(error: HalfMade, stored: Tree) -> dict[str, Any]:
    """The inputs to answer with a half-made resource in Read."""
    return to_tree(error.inputs) if isinstance(error.inputs, Inputs) else dict(stored)


def update(resource: AnyResource, run: Run, id: str, old_inputs: Tree, news: Tree, olds: Tree) -> dict[str, Any]:
    """Change it in place: its new outputs."""
    old, new = _inputs(resource, old_inputs), _inputs(resource, news)
    return _outputs(resource.update(run, id, old, new, load_state(resource.state, plain(olds))))


def preview_update(
    resource: AnyResource, run: Run, id: str, old_inputs: Tree, news: Tree, olds: Tree
) -> dict[str, Any]:
    """What is known of its outputs before an update. Raises NotImplementedYet as the update itself would."""
    resource.refuse_changes(run, _inputs(resource, old_inputs), _inputs(resource, news))
    return preview(resource, run, news, load_state(resource.state, plain(olds)))


def delete(resource: AnyResource, run: Run, id: str, stored: Tree) -> None:
    """Take it away."""
    resource.delete(run, id, load_state(resource.state, plain(stored)))


def call(function: AnyFunction, run: Run, arguments: Tree) -> dict[str, Any]:
    """The answer of a function."""
    return _outputs(function.call(run, parse(function.arguments, plain(arguments))))


def _inputs(resource: AnyResource, tree: Tree) -> Inputs:
    completed: Inputs = resource.complete(
        parse(resource.inputs, {k: v for k, v in plain(tree).items() if v is not None})
    )
    return completed


def _outputs(model: Any) -> dict[str, Any]:
    tree: dict[str, Any] = to_tree(model)
    return tree


def _by_name(model: type[Inputs], tree: Tree) -> dict[str, Any]:
    return {p.name: tree.get(p.alias, p.default) for p in properties_of(model)}


def _as_written(resource: AnyResource, found: dict[str, Any], written: Tree) -> dict[str, Any]:
    """Inputs that were found, in the user's own spelling where it means the same."""
    if not written:
        return found
    before = to_tree(_inputs(resource, written))
    return {k: written[k] if k in written and before.get(k) == v else v for k, v in found.items()}
