"""What a deployment target refers to: environments, machine policies, tenants, tenant tags, proxies.

Lists are asked once and kept; one more time when something is missing, as the program may just have made it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_tentacle.errors import AccessDenied, NotFound
from pulumi_tentacle.octopus.client import Octopus
from pulumi_tentacle.octopus.names import Item, choice, choice_of, item, match


@dataclass(frozen=True)
class Kind:
    """A kind of thing in a space: what it is called, and its part of the path."""

    noun: str
    plural: str
    segment: str


ENVIRONMENT = Kind("environment", "environments", "environments")
MACHINE_POLICY = Kind("machine policy", "machine policies", "machinepolicies")
TENANT = Kind("tenant", "tenants", "tenants")
PROXY = Kind("proxy", "proxies", "proxies")


@dataclass(frozen=True)
class Tag:
    """A tag of a tag set. `canonical` is "Set/Tag"; `scopes` say what the set is for."""

    canonical: str
    scopes: tuple[str, ...]

    @property
    def for_tenants(self) -> bool:
        """Old servers have tag sets for tenants only, and name no scope."""
        return not self.scopes or "tenant" in (s.lower() for s in self.scopes)


def items(octopus: Octopus, space: Item, kind: Kind, *, fresh: bool = False) -> list[Item]:
    """All things of that kind that the account may see."""
    path = f"/api/{space.id}/{kind.segment}/all"
    return [item(i) for i in octopus.kept(path, f"list the {kind.plural} of space '{space.name}'", fresh=fresh)]


def find(octopus: Octopus, space: Item, kind: Kind, text: str) -> Item:
    """The thing of that name, slug or id.

    Raises:
        NotFound: with near names.
    """
    found = match(items(octopus, space, kind), text) or match(items(octopus, space, kind, fresh=True), text)
    if found is None:
        known = items(octopus, space, kind)
        raise NotFound(f"Octopus has no {kind.noun} '{text}' in space '{space.name}'{choice(text, known)}")
    return found


def default_policy(octopus: Octopus, space: Item) -> Item | None:
    """The machine policy that Octopus takes when none is named; None if the account may not see it."""
    try:
        return next((i for i in items(octopus, space, MACHINE_POLICY) if i.default), None)
    except AccessDenied:
        return None


def tags(octopus: Octopus, space: Item, *, fresh: bool = False) -> list[Tag]:
    """All tags of all tag sets."""
    path = f"/api/{space.id}/tagsets/all"
    return [
        Tag(str(tag["CanonicalTagName"]), tuple(tag_set.get("Scopes") or ()))
        for tag_set in octopus.kept(path, f"list the tag sets of space '{space.name}'", fresh=fresh)
        for tag in tag_set.get("Tags") or ()
    ]


def tenant_tag(octopus: Octopus, space: Item, text: str) -> str:
    """A tenant tag ("Set/Tag") as Octopus spells it.

    Raises:
        NotFound: there is none, with near names; or its tag set is not for tenants: Octopus accepts it, and its page
            of targets breaks (user report U58).
    """
    found = _tag(tags(octopus, space), text) or _tag(tags(octopus, space, fresh=True), text)
    suitable = [t.canonical for t in tags(octopus, space) if t.for_tenants]
    if found is None:
        raise NotFound(f"Octopus has no tenant tag '{text}' in space '{space.name}'{choice_of(text, suitable)}")
    if not found.for_tenants:
        raise NotFound(
            f"'{found.canonical}' is no tenant tag: its tag set in Octopus is for {' and '.join(found.scopes)}"
            f"{choice_of(text, suitable)}"
        )
    return found.canonical


def _tag(known: list[Tag], text: str) -> Tag | None:
    return next((t for t in known if t.canonical.lower() == text.strip().lower()), None)
