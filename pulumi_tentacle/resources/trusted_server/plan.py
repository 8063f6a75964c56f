"""What to do for a trust: pure decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pulumi_tentacle.resources.tentacle_instance.observe import NodeFacts
from pulumi_tentacle.resources.tentacle_instance.plan import restart_where_pending
from pulumi_tentacle.resources.tentacle_instance.steps import (
    ClearLeftovers,
    ConfigureCopy,
    FinishCopy,
    PrepareCopy,
    Step,
    SwapConfiguration,
)
from pulumi_tentacle.tentacle import configuration as keys


@dataclass(frozen=True)
class Wanted:
    """One thumbprint that is trusted, or not."""

    service: str
    config_path: str
    thumbprint: str
    trusted: bool = True


def plan(wanted: Wanted, facts: Sequence[NodeFacts]) -> list[Step]:
    """The steps of the first stage that is not done: leftovers, configuration, restart; [] when all is as wanted."""
    for stage in (_leftovers, _configurations, _restarts):
        if steps := list(stage(wanted, facts)):
            return steps
    return []


def _leftovers(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    for node in facts:
        if node.leftovers:
            yield ClearLeftovers(node.address, node.name, node.leftovers)


def _configurations(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    changed = [(node, options) for node in facts if (options := _options(wanted, node))]
    for node, options in changed:
        where = (node.address, node.name, wanted.config_path)
        yield PrepareCopy(*where)
        yield ConfigureCopy(*where, tuple(options))
        yield FinishCopy(*where, _folder_keys(node))
    for node, _ in changed:
        yield SwapConfiguration(node.address, node.name, wanted.config_path, node.config_sha256 or "")


def _options(wanted: Wanted, node: NodeFacts) -> list[str]:
    spelled = [t for t in (node.config.trusts if node.config else []) if t.upper() == wanted.thumbprint]
    if wanted.trusted:
        return [] if spelled else ["--trust", wanted.thumbprint]
    return [option for t in spelled for option in ("--remove-trust", t)]


def _folder_keys(node: NodeFacts) -> dict[str, str]:
    values = node.config.values if node.config else {}
    return {k: values[k] for k in (keys.HOME, keys.APPLICATIONS) if k in values}


def _restarts(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    port = next((n.config.port for n in facts if n.config), 0)
    yield from restart_where_pending(wanted.service, port, facts)
