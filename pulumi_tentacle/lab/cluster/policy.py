"""What the Cluster service does about a failed resource, as pure functions (windows-cluster.md §9.1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum, auto

from pulumi_tentacle.lab.cluster.state import NODES_MINUS_ONE, Group, Resource

NEVER_RESTART, RESTART_ONLY, RESTART_THEN_FAIL_OVER = 0, 1, 2  # RestartAction

MANY = 100
"""More attempts than this in a row are not played: a real cluster would go on for ever, with pauses."""


class Reaction(Enum):
    STAY_FAILED = auto()
    RESTART = auto()
    FAIL_OVER = auto()


def reaction(resource: Resource, group: Group, *, now: datetime, nodes: int, standby: bool) -> Reaction:
    """The answer to one more failure of `resource`. `standby`: another node could take the group.

    The counters are those before this failure. The group's limit counts failovers, the resource's restarts.
    """
    action = resource.common["RestartAction"]
    period = timedelta(milliseconds=resource.common["RestartPeriod"])
    restarts = _since(resource.restarts, now - period)
    if action != NEVER_RESTART and restarts < min(resource.common["RestartThreshold"], MANY):
        return Reaction.RESTART
    if action == RESTART_THEN_FAIL_OVER and standby and failovers_left(group, now=now, nodes=nodes):
        return Reaction.FAIL_OVER
    return Reaction.STAY_FAILED


def failovers_left(group: Group, *, now: datetime, nodes: int) -> bool:
    threshold = group.common["FailoverThreshold"]
    limit = nodes - 1 if threshold == NODES_MINUS_ONE else min(threshold, MANY)
    return _since(group.failovers, now - timedelta(hours=group.common["FailoverPeriod"])) < limit


def _since(moments: Iterable[datetime], start: datetime) -> int:
    return sum(moment > start for moment in moments)
