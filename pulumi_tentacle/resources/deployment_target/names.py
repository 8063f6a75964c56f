"""Names of Octopus to ids, and ids back to names as the user wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_tentacle.errors import NotFound
from pulumi_tentacle.octopus import lookups
from pulumi_tentacle.octopus.client import Octopus
from pulumi_tentacle.octopus.lookups import ENVIRONMENT, MACHINE_POLICY, PROXY, TENANT, Kind
from pulumi_tentacle.octopus.machines import Machine
from pulumi_tentacle.octopus.names import Item, match
from pulumi_tentacle.resources.deployment_target.model import DeploymentTargetInputs
from pulumi_tentacle.resources.values import known, same_set


@dataclass(frozen=True)
class Resolved:
    """What the names in the inputs stand for. `missing` says in words what Octopus does not know."""

    environment_ids: tuple[str, ...] = ()
    tenant_ids: tuple[str, ...] = ()
    tenant_tags: tuple[str, ...] = ()
    policy_id: str | None = None
    proxy: Item | None = None
    missing: tuple[str, ...] = ()


@dataclass
class _Search:
    octopus: Octopus
    space: Item
    missing: list[str] = field(default_factory=list)

    def ids(self, kind: Kind, texts: Any) -> tuple[str, ...]:
        found = (self.one(kind, text) for text in _known_items(texts))
        return tuple(dict.fromkeys(item.id for item in found if item is not None))

    def one(self, kind: Kind, text: str) -> Item | None:
        try:
            return lookups.find(self.octopus, self.space, kind, text)
        except NotFound as error:
            self.missing.append(str(error))
            return None

    def tag(self, text: str) -> str | None:
        try:
            return lookups.tenant_tag(self.octopus, self.space, text)
        except NotFound as error:
            self.missing.append(str(error))
            return None


def resolve(octopus: Octopus, space: Item, inputs: DeploymentTargetInputs) -> Resolved:
    """Look up every name that is known."""
    search = _Search(octopus, space)
    environment_ids = search.ids(ENVIRONMENT, inputs.environments)
    tenant_ids = search.ids(TENANT, inputs.tenants)
    tags = [search.tag(t) for t in _known_items(inputs.tenant_tags)]
    policy = (
        search.one(MACHINE_POLICY, inputs.machine_policy)
        if inputs.machine_policy is not None and known(inputs.machine_policy)
        else lookups.default_policy(octopus, space)
    )
    proxy = search.one(PROXY, inputs.proxy) if inputs.proxy is not None and known(inputs.proxy) else None
    return Resolved(
        environment_ids,
        tenant_ids,
        tuple(t for t in tags if t is not None),
        policy.id if policy else None,
        proxy,
        tuple(search.missing),
    )


def spelled(octopus: Octopus, space: Item, machine: Machine, written: DeploymentTargetInputs | None) -> dict[str, Any]:
    """What `machine` refers to, by snake_case property name, in the user's spelling where it means the same."""

    def names(kind: Kind, ids: Sequence[str], texts: Iterable[str]) -> list[str]:
        if not ids:
            return []
        items = lookups.items(octopus, space, kind)
        return _names(items, ids, list(texts))

    def name(kind: Kind, id: str | None, text: str | None) -> str | None:
        return names(kind, [id] if id else [], [text] if text else [])[0] if id else None

    policy = name(MACHINE_POLICY, machine.policy_id, written.machine_policy if written else None)
    default = lookups.default_policy(octopus, space)
    if default and default.id == machine.policy_id and (written is None or written.machine_policy is None):
        policy = None
    return {
        "environments": names(ENVIRONMENT, machine.environment_ids, written.environments if written else ()),
        "tenants": names(TENANT, machine.tenant_ids, written.tenants if written else ()),
        "roles": same_texts(machine.roles, written.roles if written else ()),
        "tenant_tags": same_texts(machine.tenant_tags, written.tenant_tags if written else ()),
        "machine_policy": policy,
        "proxy": name(PROXY, machine.proxy_id, written.proxy if written else None),
    }


def same_texts(actual: Iterable[str], written: Iterable[str]) -> list[str]:
    """A set of texts as Octopus has it, in the user's spelling where only case differs."""
    spelling = {text.lower(): text for text in written}
    return same_set([spelling.get(text.lower(), text) for text in actual])


def _names(items: Sequence[Item], ids: Sequence[str], written: list[str]) -> list[str]:
    """Things by id as the user wrote them (name, slug or id); by name if they did not; by id if it is not visible."""
    meant = [(text, found.id) for text in written if (found := match(items, text))]
    kept = [text for text, id in meant if id in ids]
    covered = {id for _, id in meant}
    by_id = {item.id: item.name for item in items}
    return same_set(kept + [by_id.get(id, id) for id in ids if id not in covered])


def _known_items(texts: Any) -> list[str]:
    return [text for text in texts if known(text)] if known(texts) else []
