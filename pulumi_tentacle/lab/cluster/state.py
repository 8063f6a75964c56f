"""The cluster database: plain dataclasses, shared by all nodes. What happens to them is in machine.py."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from pulumi_tentacle.lab.cluster import dependencies
from pulumi_tentacle.lab.cluster.dependencies import Expression
from pulumi_tentacle.lab.cluster.directory import Directory
from pulumi_tentacle.lab.cluster.enums import (
    ClusterGroupState,
    ClusterNetworkRole,
    ClusterNodeDrainStatus,
    ClusterNodeState,
    ClusterQuorumType,
    ClusterResourceState,
    GroupType,
)
from pulumi_tentacle.lab.cluster.resource_types import GENERIC_SERVICE, ResourceType, Value
from pulumi_tentacle.lab.node.registry import Tree
from pulumi_tentacle.lab.world import Lun

if TYPE_CHECKING:
    from pulumi_tentacle.lab.world import Estate, Node

AVAILABLE_STORAGE = "Available Storage"
CLUSTER_GROUP = "Cluster Group"

USE_TYPE_VALUE = 0xFFFFFFFF  # a poll interval of the resource type instead of its own
NODES_MINUS_ONE = 0xFFFFFFFF  # FailoverThreshold's default

RESOURCE_DEFAULTS = {  # windows-cluster.md §1.4 (a never-tuned resource); times in milliseconds
    "DeadlockTimeout": 300000,
    "EmbeddedFailureAction": 2,
    "IsAlivePollInterval": USE_TYPE_VALUE,
    "LooksAlivePollInterval": USE_TYPE_VALUE,
    "PendingTimeout": 180000,
    "RestartAction": 2,
    "RestartDelay": 500,
    "RestartPeriod": 900000,
    "RestartThreshold": 1,
    "RetryPeriodOnFailure": 3600000,
}
GROUP_DEFAULTS = {  # §9.1; FailoverPeriod in hours
    "AutoFailbackType": 0,
    "FailbackWindowEnd": 0xFFFFFFFF,
    "FailbackWindowStart": 0xFFFFFFFF,
    "FailoverPeriod": 6,
    "FailoverThreshold": NODES_MINUS_ONE,
}


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass
class Checkpoint:
    """A registry checkpoint: a key below HKLM, and the tree last saved from the owner."""

    key: str
    tree: Tree = field(default_factory=dict)


@dataclass
class Network:
    """A cluster network. `dhcp`: its interfaces got their addresses from DHCP."""

    name: str
    network: IPv4Network
    role: ClusterNetworkRole = ClusterNetworkRole.ClusterAndClient
    dhcp: bool = False
    id: str = field(default_factory=new_id)

    @property
    def for_clients(self) -> bool:
        return self.role in (ClusterNetworkRole.Client, ClusterNetworkRole.ClusterAndClient)


@dataclass
class NetworkInterface:
    """A node's adapter in a cluster network."""

    node: str
    network: Network
    address: str
    adapter: str = "Ethernet"
    id: str = field(default_factory=new_id)

    @property
    def name(self) -> str:
        return f"{self.node} - {self.adapter}"


@dataclass
class ClusterNode:
    """A member. `drained` are the groups that a drain moved away, for Resume to bring back."""

    name: str
    id: str
    state: ClusterNodeState = ClusterNodeState.Up
    drain_status: ClusterNodeDrainStatus = ClusterNodeDrainStatus.NotInitiated
    drain_error: int = 0
    drained: list[str] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Is its Cluster service there? A paused node keeps what it owns."""
        return self.state is not ClusterNodeState.Down


@dataclass(eq=False)
class Group:
    """A clustered role. `persistent`: an administrator wants it online. `failovers`: when it failed over."""

    name: str
    type: GroupType
    owner: str
    core: bool = False
    persistent: bool = False
    preferred_owners: list[str] = field(default_factory=list)
    common: dict[str, int] = field(default_factory=GROUP_DEFAULTS.copy)
    failovers: list[datetime] = field(default_factory=list)
    id: str = field(default_factory=new_id)


@dataclass(eq=False)
class Resource:
    """A resource of a group.

    `persistent`: an administrator wants it online. `status_code` is the Win32 error of its last operation.
    `possible_owners` None means every node. `held` is what it took when it came online (address or service): its
    private properties may be changed meanwhile.
    """

    name: str
    type: ResourceType
    group: Group
    core: bool = False
    state: ClusterResourceState = ClusterResourceState.Offline
    persistent: bool = False
    status_code: int = 0
    expression: Expression[Resource] = ()
    possible_owners: list[str] | None = None
    private: dict[str, Value] = field(default_factory=dict)
    common: dict[str, int] = field(default_factory=RESOURCE_DEFAULTS.copy)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    restarts: list[datetime] = field(default_factory=list)
    lun: Lun | None = None
    held: str = ""
    id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        self.private = {name: p.default for name, p in self.type.properties.items()} | self.private

    @property
    def owner(self) -> str:
        return self.group.owner

    @property
    def online(self) -> bool:
        return self.state is ClusterResourceState.Online

    @property
    def providers(self) -> list[Resource]:
        return list(dependencies.members(self.expression))

    @property
    def dependency_text(self) -> str:
        return dependencies.render(self.expression, lambda resource: resource.name)

    def text(self, name: str) -> str:
        return str(self.private[name])

    def may_run_on(self, node: str) -> bool:
        return self.possible_owners is None or node in self.possible_owners


def group_state(states: Iterable[ClusterResourceState]) -> ClusterGroupState:
    """A group's state follows from its resources'; the first rule that fits wins (windows-cluster.md §9.1)."""
    present = set(states)
    if ClusterResourceState.Failed in present:
        return ClusterGroupState.Failed
    if present & {ClusterResourceState.OnlinePending, ClusterResourceState.OfflinePending}:
        return ClusterGroupState.Pending
    if ClusterResourceState.Online not in present:
        return ClusterGroupState.Offline
    return ClusterGroupState.Online if len(present) == 1 else ClusterGroupState.PartialOnline


@dataclass
class Cluster:
    """A formed cluster.

    What a test or `lab fault` sets: `denied_users` have no rights on the cluster (user report U38),
    `foreign_addresses` are taken by machines that the lab does not simulate, `letter_changes_on_join` is the letter
    that the next disk gets when it becomes a cluster disk (user report U29).
    """

    estate: Estate
    name: str
    directory: Directory
    container: str
    nodes: list[ClusterNode] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    interfaces: list[NetworkInterface] = field(default_factory=list)
    quorum_type: ClusterQuorumType = ClusterQuorumType.Majority
    quorum_resource: Resource | None = None
    denied_users: set[str] = field(default_factory=set)
    foreign_addresses: set[str] = field(default_factory=set)
    letter_changes_on_join: str | None = None
    id: str = field(default_factory=new_id)

    @property
    def account(self) -> str:
        """The account of the cluster's computer object."""
        return f"{self.name}$"

    def find_node(self, name: str) -> ClusterNode | None:
        """By host name or fully qualified name, without case."""
        wanted = name.lower().removesuffix(f".{self.estate.domain.lower()}")
        return next((n for n in self.nodes if n.name.lower() == wanted), None)

    def find_group(self, name: str) -> Group | None:
        return next((g for g in self.groups if name.lower() in (g.name.lower(), g.id)), None)

    def find_resource(self, name: str) -> Resource | None:
        return next((r for r in self.resources if name.lower() in (r.name.lower(), r.id)), None)

    def find_network(self, name: str) -> Network | None:
        return next((n for n in self.networks if name.lower() in (n.name.lower(), n.id)), None)

    def machine_of(self, node: str) -> Node:
        """The simulated server behind a member."""
        return self.estate.nodes[node.upper()]

    def serves(self, node: str) -> bool:
        """Does a Cluster service of this cluster run on the node?"""
        member = self.find_node(node)
        return member is not None and member.running and self.machine_of(member.name).up

    def resources_of(self, group: Group) -> list[Resource]:
        return [r for r in self.resources if r.group is group]

    def state_of(self, group: Group) -> ClusterGroupState:
        return group_state(r.state for r in self.resources_of(group))

    def dependents_of(self, resource: Resource) -> list[Resource]:
        return [r for r in self.resources if resource in r.providers]

    def possible_owners(self, resource: Resource) -> list[str]:
        return [n.name for n in self.nodes if resource.may_run_on(n.name)]

    def manages_service(self, service_name: str) -> bool:
        """Is this service started and stopped by the cluster alone?"""
        return any(
            r.type is GENERIC_SERVICE and r.text("ServiceName").lower() == service_name.lower() for r in self.resources
        )

    def on_service_stopped(self, node: Node, service_name: str) -> None:
        """The service control manager saw a service end. While its resource is Online that is a failure.

        A stop by the cluster itself is none: the resource has left Online before the service is stopped. The caller
        holds the estate's lock.
        """
        from pulumi_tentacle.lab.cluster import machine  # it works on this module's state

        for resource in list(self.resources):
            held = resource.type is GENERIC_SERVICE and resource.held.lower() == service_name.lower()
            if held and resource.online and resource.owner == node.name:
                machine.fail_resource(self, resource)
