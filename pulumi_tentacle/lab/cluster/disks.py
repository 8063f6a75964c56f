"""Disks that join the cluster (windows-cluster.md §1.5, §4.4)."""

from __future__ import annotations

from pulumi_tentacle.lab.cluster import configuration, machine
from pulumi_tentacle.lab.cluster.resource_types import PHYSICAL_DISK
from pulumi_tentacle.lab.cluster.state import AVAILABLE_STORAGE, Cluster, Group, Resource
from pulumi_tentacle.lab.world import Lun

GPT = 1  # DiskIdType


def available_disks(cluster: Cluster, *, everywhere: bool = True) -> list[Lun]:
    """Disks that could be added: not clustered, initialised, and seen by every node (`everywhere`) or by any."""
    members = {n.name for n in cluster.nodes}
    return [
        lun
        for lun in cluster.estate.luns
        if not lun.clustered and lun.style == "GPT" and (members <= set(lun.seen_by) if everywhere else lun.seen_by)
    ]


def available_storage(cluster: Cluster) -> Group:
    return next(g for g in cluster.groups if g.name == AVAILABLE_STORAGE)


def add_disk(cluster: Cluster, lun: Lun) -> Resource:
    """Make a cluster disk of a LUN: it comes online on the owner of Available Storage and leaves every other node."""
    resource = configuration.add_resource(cluster, _free_name(cluster), PHYSICAL_DISK, available_storage(cluster))
    resource.lun = lun
    if not {n.name for n in cluster.nodes} <= set(lun.seen_by):
        resource.possible_owners = [n.name for n in cluster.nodes if n.name in lun.seen_by]
    resource.private |= {"DiskIdType": GPT, "DiskIdGuid": lun.guid}
    resource.persistent = True
    lun.clustered = True
    lun.online_on.clear()
    _change_letter(cluster, lun)
    machine.settle(cluster, resource.group, [resource])
    return resource


def _change_letter(cluster: Cluster, lun: Lun) -> None:
    """User report U29: a disk came up in the cluster with another letter than before."""
    lettered = [p for p in lun.partitions if p.letter]
    if cluster.letter_changes_on_join and lettered:
        lettered[0].letter = cluster.letter_changes_on_join
        cluster.letter_changes_on_join = None


def _free_name(cluster: Cluster) -> str:
    number = 1
    while cluster.find_resource(f"Cluster Disk {number}"):
        number += 1
    return f"Cluster Disk {number}"
