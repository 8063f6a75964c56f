"""The state machine of groups and resources: online, offline, moves, failures (windows-cluster.md §9.1).

Everything happens at once: pending states are passed through within one call. The retry of a failed resource after
RetryPeriodOnFailure (an hour) is not played.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from pulumi_tentacle.lab.cluster import effects, policy, win32
from pulumi_tentacle.lab.cluster.dependencies import satisfied
from pulumi_tentacle.lab.cluster.enums import ClusterNodeState, ClusterResourceState
from pulumi_tentacle.lab.cluster.policy import Reaction
from pulumi_tentacle.lab.cluster.state import Cluster, Group, Resource
from pulumi_tentacle.lab.cluster.win32 import Refusal


def providers_first(resources: Iterable[Resource]) -> list[Resource]:
    """The resources and all that they need, each after what it needs."""
    ordered: dict[Resource, None] = {}

    def visit(resource: Resource) -> None:
        for provider in resource.providers:
            visit(provider)
        ordered.setdefault(resource)

    for resource in resources:
        visit(resource)
    return list(ordered)


def start_resource(cluster: Cluster, resource: Resource) -> None:
    """Start-ClusterResource: its persistent state is Online from now on, whatever becomes of the attempt.

    Raises Refusal: the owner is paused (70), may not run it (5071), or the resource did not come online (5018).
    """
    _refuse_paused(cluster, resource.group)
    if not resource.may_run_on(resource.owner):
        raise Refusal(win32.OWNER_CANNOT_RUN_RESOURCE)
    resource.persistent = True
    settle(cluster, resource.group, [resource])
    if not resource.online:
        raise Refusal(win32.RESMON_ONLINE_FAILED)


def stop_resource(cluster: Cluster, resource: Resource) -> None:
    """Stop-ClusterResource: what depends on it goes offline before it. A Failed one stays Failed (5038, [MS-CMRP])."""
    resource.persistent = False
    if resource.state is ClusterResourceState.Failed:
        raise Refusal(win32.RESOURCE_FAILED)
    if resource.online:
        take_offline(cluster, [resource, *_cut_off(cluster, resource)])


def start_group(cluster: Cluster, group: Group) -> None:
    """Start-ClusterGroup: all resources, each as by `start_resource`."""
    _refuse_paused(cluster, group)
    group.persistent = True
    members = cluster.resources_of(group)
    for resource in members:
        resource.persistent = True
    settle(cluster, group, members)
    if any(r.state is ClusterResourceState.Failed for r in members):
        raise Refusal(win32.RESMON_ONLINE_FAILED)


def stop_group(cluster: Cluster, group: Group) -> None:
    group.persistent = False
    for resource in cluster.resources_of(group):
        resource.persistent = False
    take_offline(cluster, cluster.resources_of(group))


def move_group(cluster: Cluster, group: Group, target: str | None = None) -> None:
    """A planned move: all offline, transfer, each resource to its persistent state. It counts as no failure.

    Raises Refusal: target down (5050) or paused (70), or no possible owner of every resource (5016).
    """
    chosen = target or next(iter(standby_nodes(cluster, group)), None)
    if chosen is None:
        _no_owner(group)
    if chosen == group.owner:
        return
    member = cluster.find_node(chosen)
    if member is None or not cluster.serves(chosen):
        raise Refusal(win32.NODE_DOWN)
    if member.state is ClusterNodeState.Paused:
        raise Refusal(win32.SHARING_PAUSED)
    if not _may_own(cluster, group, chosen):
        _no_owner(group)
    transfer(cluster, group, chosen)


def transfer(cluster: Cluster, group: Group, target: str) -> None:
    """The steps of every move, planned or not."""
    wanted = _hand_over(cluster, group, target)
    settle(cluster, group, wanted)


def _hand_over(cluster: Cluster, group: Group, target: str) -> list[Resource]:
    """Give the group to the target, all of it offline; returns the resources to bring online there."""
    members = cluster.resources_of(group)
    take_offline(cluster, members)
    group.owner = target
    for resource in members:
        resource.state = ClusterResourceState.Offline
    return [r for r in members if r.persistent]


def standby_nodes(cluster: Cluster, group: Group) -> list[str]:
    """The nodes that could take the group now, best first: preferred owners, then the others."""
    candidates = [n.name for n in cluster.nodes if n.state is ClusterNodeState.Up and cluster.serves(n.name)]
    candidates = [n for n in candidates if n != group.owner and _may_own(cluster, group, n)]
    rank = {name: place for place, name in enumerate(group.preferred_owners)}
    return sorted(candidates, key=lambda name: rank.get(name, len(rank)))


def fail_resource(cluster: Cluster, resource: Resource) -> None:
    """An Online resource failed its health check: dependents go offline, then the failure policy acts."""
    cut_off = _cut_off(cluster, resource)
    take_offline(cluster, [resource, *cut_off])
    resource.state = ClusterResourceState.Failed
    resource.status_code = win32.RESOURCE_FAILED
    settle(cluster, resource.group, [resource, *cut_off], resource)


def settle(cluster: Cluster, group: Group, wanted: list[Resource], failed: Resource | None = None) -> None:
    """Bring the wanted resources online, with all that they need, and act on failures until nothing is left to do.

    `failed`: a failure to act on first.
    """
    given_up: set[Resource] = set()
    failed = failed or _bring_online(cluster, group, wanted, given_up)
    while failed is not None:
        wanted, given_up = _react(cluster, failed, wanted, given_up)
        failed = _bring_online(cluster, group, wanted, given_up)


def _react(
    cluster: Cluster, failed: Resource, wanted: list[Resource], given_up: set[Resource]
) -> tuple[list[Resource], set[Resource]]:
    """Act on one failure; returns what to bring online next, and what not to try again on this node.

    The restart delay takes no time here: a waiting clock would forget the restarts of the period.
    """
    group, now = failed.group, cluster.estate.clock.now()
    standby = standby_nodes(cluster, group)
    match policy.reaction(failed, group, now=now, nodes=len(cluster.nodes), standby=bool(standby)):
        case Reaction.RESTART:
            failed.restarts.append(now)
            return wanted, given_up
        case Reaction.FAIL_OVER:
            group.failovers.append(now)
            return _hand_over(cluster, group, standby[0]), set()
        case Reaction.STAY_FAILED:
            return wanted, given_up | {failed}


def _bring_online(cluster: Cluster, group: Group, wanted: list[Resource], given_up: set[Resource]) -> Resource | None:
    """Try all that is wanted, providers first; returns the first one that fails."""
    if not cluster.serves(group.owner):
        return None
    for resource in providers_first(wanted):
        ready = satisfied(resource.expression, lambda provider: provider.online)
        if resource.online or resource in given_up or not ready or not resource.may_run_on(group.owner):
            continue
        resource.state = ClusterResourceState.OnlinePending
        try:
            effects.bring_online(cluster, resource, cluster.machine_of(group.owner))
        except Refusal as refusal:
            resource.held = ""
            resource.state, resource.status_code = ClusterResourceState.Failed, refusal.code
            return resource
        resource.state, resource.status_code = ClusterResourceState.Online, 0
    return None


def take_offline(cluster: Cluster, resources: Iterable[Resource]) -> None:
    """Those of them that are Online, dependents first. Persistent states stay."""
    chosen = set(resources)
    for resource in reversed(providers_first(r for r in cluster.resources if r in chosen)):
        if resource in chosen and resource.online:
            machine = cluster.machine_of(resource.owner)
            effects.save_checkpoints(resource, machine)
            resource.state = ClusterResourceState.OfflinePending
            effects.take_offline(cluster, resource, machine)
            resource.state = ClusterResourceState.Offline


def _cut_off(cluster: Cluster, resource: Resource) -> list[Resource]:
    """The online resources that cannot stay online without `resource`, directly or through others."""
    gone = {resource}
    while True:
        lost = [
            r
            for r in cluster.resources
            if r.online and r not in gone and not satisfied(r.expression, lambda p: p.online and p not in gone)
        ]
        if not lost:
            return [r for r in cluster.resources if r in gone and r is not resource]
        gone.update(lost)


def _may_own(cluster: Cluster, group: Group, node: str) -> bool:
    """Every resource may run there, but for those that another one of an "or" can replace (one address a subnet)."""
    members = cluster.resources_of(group)
    able = {r for r in members if r.may_run_on(node)}
    clauses = [clause for r in members for clause in r.expression]
    replaced = {r for clause in clauses if able & set(clause) for r in clause}
    return all(r in able or r in replaced for r in members)


def _refuse_paused(cluster: Cluster, group: Group) -> None:
    member = cluster.find_node(group.owner)
    if member is not None and member.state is ClusterNodeState.Paused:
        raise Refusal(win32.SHARING_PAUSED)


def _no_owner(group: Group) -> NoReturn:
    raise Refusal(win32.NODE_NOT_GROUP_OWNER, f"An error occurred while moving the clustered role '{group.name}'.")
