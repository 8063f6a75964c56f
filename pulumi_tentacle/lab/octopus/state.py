"""The state of the simulated Octopus Server: plain dataclasses, guarded by the estate's lock."""

from __future__ import annotations

import secrets
import string
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from pulumi_tentacle.lab.octopus.certificate import ServerCertificate, make_certificate

NEW_MACHINE = "This machine was recently added. Please perform a health check."
FINISHED = frozenset({"Success", "Failed", "Canceled", "TimedOut"})


@dataclass
class Account:
    """Who a key or token belongs to. `permissions` None: all of them."""

    id: str
    user_name: str
    permissions: frozenset[str] | None = None
    active: bool = True

    def may(self, permission: str) -> bool:
        return self.permissions is None or permission in self.permissions


@dataclass
class Space:
    id: str
    name: str
    is_default: bool = False
    task_queue_stopped: bool = False


@dataclass
class Environment:
    id: str
    space_id: str
    name: str
    sort_order: int = 0


@dataclass
class MachinePolicy:
    """`expected_online`: an unavailable machine fails the health check task."""

    id: str
    space_id: str
    name: str
    is_default: bool = False
    health_check_type: str = "RunScript"
    expected_online: bool = True


@dataclass
class Proxy:
    id: str
    space_id: str
    name: str
    host: str
    port: int = 80


@dataclass
class Tenant:
    id: str
    space_id: str
    name: str
    tags: list[str] = field(default_factory=list)


@dataclass
class TagSet:
    """`tags` are plain names; canonical is "Set/Tag"."""

    id: str
    space_id: str
    name: str
    scopes: list[str] = field(default_factory=lambda: ["Tenant"])
    tags: list[str] = field(default_factory=list)


@dataclass
class VersionDetails:
    """TentacleVersionDetails; `version` None until first contact."""

    version: str | None = None
    upgrade_locked: bool = False


@dataclass
class Endpoint:
    """How Octopus reaches a Tentacle. `proxy_id` None: directly."""

    style: str
    uri: str
    thumbprint: str
    proxy_id: str | None = None
    version: VersionDetails | None = None
    signature_algorithm: str | None = None


@dataclass
class Machine:
    """A deployment target; a worker when `worker_pool_ids` is not None."""

    id: str
    space_id: str
    name: str
    endpoint: Endpoint
    environment_ids: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    participation: str = "Untenanted"
    tenant_ids: list[str] = field(default_factory=list)
    tenant_tags: list[str] = field(default_factory=list)
    policy_id: str = ""
    is_disabled: bool = False
    health: str = "Unknown"
    summary: str = NEW_MACHINE
    has_latest_calamari: bool = False
    operating_system: str = "Unknown"
    shell_name: str = "Unknown"
    shell_version: str = "Unknown"
    last_checked: datetime | None = None
    last_modified: datetime | None = None
    worker_pool_ids: list[str] | None = None


@dataclass
class LogLine:
    category: str  # Info, Warning, Error, Verbose …
    text: str
    at: datetime


@dataclass
class Activity:
    """One node of a task's log: the task itself, or the check of one machine."""

    name: str
    status: str = "Pending"
    lines: list[LogLine] = field(default_factory=list)
    children: list[Activity] = field(default_factory=list)


@dataclass
class ServerTask:
    id: str
    space_id: str
    name: str
    description: str
    arguments: dict[str, object]
    queued: datetime
    log: Activity
    state: str = "Queued"
    started: datetime | None = None
    completed: datetime | None = None
    error: str = ""
    has_warnings: bool = False

    @property
    def finished(self) -> bool:
        return self.state in FINISHED


@dataclass
class PlannedAnswer:
    """A fault: answer the next `times` requests that match with this error instead.

    `path` is a part of the request's path. `after_effect`: the request is carried out, only its answer is lost
    (what a proxy's 502 hides).
    """

    status: int
    message: str = "There was a problem with your request."
    method: str | None = None
    path: str = ""
    retry_after: int | None = None
    times: int = 1
    after_effect: bool = False


class _InSpace(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def space_id(self) -> str: ...


InSpace = TypeVar("InSpace", bound=_InSpace)


class Octopus:
    """One Octopus Server."""

    version = "2026.3.1024"

    def __init__(self, certificate: ServerCertificate | None = None) -> None:
        self.installation_id = str(uuid.uuid4())
        self.certificate = certificate or make_certificate()
        self.api_keys: dict[str, Account] = {}
        self.access_tokens: dict[str, Account] = {}
        self.spaces: list[Space] = []
        self.environments: list[Environment] = []
        self.policies: list[MachinePolicy] = []
        self.proxies: list[Proxy] = []
        self.tenants: list[Tenant] = []
        self.tag_sets: list[TagSet] = []
        self.machines: list[Machine] = []
        self.workers: list[Machine] = []
        self.tasks: list[ServerTask] = []
        self.planned: list[PlannedAnswer] = []
        self.null_lists_crash = True  # some versions answer 500 to null TenantIds or TenantTags (TFI 162)
        self.requests: list[str] = []  # "GET /api/…" in the order of arrival
        self.unknown: dict[str, int] = {}  # what the lab does not know and was asked for -> how often
        self._counters: Counter[str] = Counter()

    def next_id(self, prefix: str) -> str:
        """`Machines-1`, `Machines-2` …; ids are never used again."""
        self._counters[prefix] += 1
        return f"{prefix}-{self._counters[prefix]}"

    def add_account(self, user_name: str, permissions: Iterable[str] | None = None) -> str:
        """A user with a new API key, which is returned."""
        key = "API-" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(26))
        granted = None if permissions is None else frozenset(permissions)
        self.api_keys[key] = Account(self.next_id("Users"), user_name, granted)
        return key

    def add_space(self, name: str) -> Space:
        """A space with its default machine policy. The first one is the default space."""
        space = Space(self.next_id("Spaces"), name, is_default=not self.spaces)
        self.spaces.append(space)
        self.policies.append(
            MachinePolicy(self.next_id("MachinePolicies"), space.id, "Default Machine Policy", is_default=True)
        )
        return space

    def add_environment(self, name: str, space: Space | None = None) -> Environment:
        owner = space or self.default_space
        environment = Environment(self.next_id("Environments"), owner.id, name, len(self.environments))
        self.environments.append(environment)
        return environment

    def add_tenant(self, name: str, tags: Iterable[str] = (), space: Space | None = None) -> Tenant:
        tenant = Tenant(self.next_id("Tenants"), (space or self.default_space).id, name, list(tags))
        self.tenants.append(tenant)
        return tenant

    def add_tag_set(
        self, name: str, tags: Iterable[str], scopes: Iterable[str] = ("Tenant",), space: Space | None = None
    ) -> TagSet:
        tag_set = TagSet(self.next_id("TagSets"), (space or self.default_space).id, name, list(scopes), list(tags))
        self.tag_sets.append(tag_set)
        return tag_set

    def add_policy(self, name: str, space: Space | None = None) -> MachinePolicy:
        policy = MachinePolicy(self.next_id("MachinePolicies"), (space or self.default_space).id, name)
        self.policies.append(policy)
        return policy

    def add_proxy(self, name: str, host: str, port: int = 80, space: Space | None = None) -> Proxy:
        proxy = Proxy(self.next_id("Proxies"), (space or self.default_space).id, name, host, port)
        self.proxies.append(proxy)
        return proxy

    @property
    def default_space(self) -> Space:
        return next(s for s in self.spaces if s.is_default)

    def default_policy(self, space_id: str) -> MachinePolicy:
        return next(p for p in self.policies if p.space_id == space_id and p.is_default)

    def count_unknown(self, what: str) -> None:
        self.unknown[what] = self.unknown.get(what, 0) + 1


def by_id(items: Iterable[InSpace], space_id: str, identifier: str) -> InSpace | None:
    """The item of that space with that id."""
    return next((i for i in items if i.space_id == space_id and i.id == identifier), None)
