"""Dependencies, owners and registry checkpoints of resources (windows-cluster.md §1.5, §3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_tentacle.lab.cluster import configuration, dependencies, win32
from pulumi_tentacle.lab.cluster.cmdlets.common import (
    GROUP,
    ON_PIPE,
    QUIET,
    RESOURCE,
    cluster_cmdlet,
    confirm,
    each,
    given,
    names_in,
    no_object,
    piped,
)
from pulumi_tentacle.lab.cluster.objects import (
    checkpoint_object,
    dependency_object,
    group_object,
    owners_object,
    resource_object,
)
from pulumi_tentacle.lab.cluster.state import Checkpoint, Cluster, Group, Resource
from pulumi_tentacle.lab.cluster.win32 import NotModelled, Refusal
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, Parameter, switch, texts
from pulumi_tentacle.lab.powershell.values import like


@cluster_cmdlet(
    "Get-ClusterResourceDependency",
    "GetClusterResourceDependencyCommand",
    Resource=Parameter(texts, position=0),
    Guid=Parameter(switch),
    **ON_PIPE,
)
def get_cluster_resource_dependency(call: Call, cluster: Cluster) -> Iterator[Live]:
    """One object for each resource; its expression is empty when there is no dependency."""
    for resource in _resources(call, cluster, "Resource"):
        by_id = call.parameters.get("Guid")
        text = dependencies.render(resource.expression, lambda r: r.id) if by_id else resource.dependency_text
        yield dependency_object(cluster, resource, text)


@cluster_cmdlet(
    "Set-ClusterResourceDependency",
    "SetClusterResourceDependencyCommand",
    Resource=Parameter(position=0),
    Dependency=Parameter(position=1),
    **ON_PIPE,
)
def set_cluster_resource_dependency(call: Call, cluster: Cluster) -> Iterator[Live]:
    def change(resource: Resource) -> None:
        configuration.set_dependency(cluster, resource, call.parameters.get("Dependency") or "")

    yield from each(call, given(call, cluster, RESOURCE, "Resource"), change)


@cluster_cmdlet(
    "Add-ClusterResourceDependency",
    "AddClusterResourceDependencyCommand",
    Resource=Parameter(position=0),
    Provider=Parameter(position=1),
    **ON_PIPE,
    **QUIET,
)
def add_cluster_resource_dependency(call: Call, cluster: Cluster) -> Iterator[Live]:
    def add(resource: Resource) -> Live:
        configuration.add_dependency(resource, _provider(call, cluster))
        return resource_object(cluster, resource)

    yield from each(call, given(call, cluster, RESOURCE, "Resource"), add)


@cluster_cmdlet(
    "Remove-ClusterResourceDependency",
    "RemoveClusterResourceDependencyCommand",
    Resource=Parameter(position=0),
    Provider=Parameter(position=1),
    **ON_PIPE,
    **QUIET,
)
def remove_cluster_resource_dependency(call: Call, cluster: Cluster) -> Iterator[Live]:
    def remove(resource: Resource) -> Live:
        configuration.remove_dependency(resource, _provider(call, cluster))
        return resource_object(cluster, resource)

    yield from each(call, given(call, cluster, RESOURCE, "Resource"), remove)


@cluster_cmdlet(
    "Get-ClusterOwnerNode",
    "GetClusterOwnerNodeCommand",
    Resource=Parameter(aliases=("Res",)),
    Group=Parameter(),
    **ON_PIPE,
)
def get_cluster_owner_node(call: Call, cluster: Cluster) -> Iterator[Live]:
    """Preferred owners of a group (empty: none), possible owners of a resource."""
    for owned in _owned(call, cluster):
        if isinstance(owned, Group):
            yield owners_object(cluster, group_object(cluster, owned), owned.preferred_owners)
        else:
            yield owners_object(cluster, resource_object(cluster, owned), cluster.possible_owners(owned))


@cluster_cmdlet(
    "Set-ClusterOwnerNode",
    "SetClusterOwnerNodeCommand",
    Resource=Parameter(),
    Group=Parameter(),
    Owners=Parameter(texts, mandatory=True),
    **ON_PIPE,
)
def set_cluster_owner_node(call: Call, cluster: Cluster) -> Iterator[Live]:
    owners = call.parameters["Owners"]

    def change(owned: Group | Resource) -> None:
        if isinstance(owned, Group):
            configuration.set_preferred_owners(cluster, owned, owners)
        else:
            configuration.set_possible_owners(cluster, owned, owners)

    yield from each(call, _owned(call, cluster), change)


@cluster_cmdlet(
    "Get-ClusterCheckpoint",
    "GetClusterCheckpointCommand",
    ResourceName=Parameter(texts, position=0),
    CheckpointName=Parameter(),
    RegistryCheckpoint=Parameter(switch),
    CryptoCheckpoint=Parameter(switch),
    **ON_PIPE,
)
def get_cluster_checkpoint(call: Call, cluster: Cluster) -> Iterator[Live]:
    """-CheckpointName is a wildcard pattern. The lab has no cryptographic checkpoints."""
    if call.parameters.get("CryptoCheckpoint") and not call.parameters.get("RegistryCheckpoint"):
        return
    for resource in _resources(call, cluster, "ResourceName"):
        for checkpoint in resource.checkpoints:
            if like(checkpoint.key, call.parameters.get("CheckpointName") or "*"):
                yield checkpoint_object(cluster, resource, checkpoint)


@cluster_cmdlet(
    "Add-ClusterCheckpoint",
    "AddClusterCheckpointCommand",
    ResourceName=Parameter(position=0),
    RegistryCheckpoint=Parameter(),
    **ON_PIPE,
)
def add_cluster_checkpoint(call: Call, cluster: Cluster) -> Iterator[Live]:
    def add(resource: Resource) -> Live:
        key = call.parameters.get("RegistryCheckpoint")
        if not key:
            raise NotModelled("Add-ClusterCheckpoint without -RegistryCheckpoint")
        return checkpoint_object(cluster, resource, configuration.add_checkpoint(cluster, resource, key))

    yield from each(call, given(call, cluster, RESOURCE, "ResourceName"), add)


@cluster_cmdlet(
    "Remove-ClusterCheckpoint",
    "RemoveClusterCheckpointCommand",
    ResourceName=Parameter(position=0),
    CheckpointName=Parameter(),
    RegistryCheckpoint=Parameter(switch),
    Force=Parameter(switch),
    **ON_PIPE,
)
def remove_cluster_checkpoint(call: Call, cluster: Cluster) -> Iterator[Live]:
    """Piped checkpoints, or those whose name fits -CheckpointName: a regular expression here (§3)."""
    for resource, checkpoint in _checkpoints(call, cluster):
        confirm(call, f"Are you sure that you want to remove the checkpoint '{checkpoint.key}'?")
        resource.checkpoints.remove(checkpoint)
    yield from ()


def _resources(call: Call, cluster: Cluster, key: str) -> Iterator[Resource]:
    """Those that are named or piped; all of them without either."""
    if names_in(call, key) or call.input is not None or "InputObject" in call.parameters:
        return given(call, cluster, RESOURCE, key)
    return iter(cluster.resources)


def _provider(call: Call, cluster: Cluster) -> Resource:
    found = cluster.find_resource(call.parameters.get("Provider") or "")
    if found is None:
        raise Refusal(win32.RESOURCE_NOT_FOUND)
    return found


def _owned(call: Call, cluster: Cluster) -> Iterator[Group | Resource]:
    if names_in(call, "Group"):
        yield from given(call, cluster, GROUP, "Group")
    elif names_in(call, "Resource"):
        yield from given(call, cluster, RESOURCE, "Resource")
    else:
        values = piped(call)
        if values is None:
            no_object(call)
        for value in values:
            entity = getattr(value, "entity", None)
            if not isinstance(entity, Group | Resource):
                raise NotModelled(f"owners of '{value}'")
            yield entity


def _checkpoints(call: Call, cluster: Cluster) -> list[tuple[Resource, Checkpoint]]:
    if not names_in(call, "ResourceName"):
        entities = [getattr(value, "entity", None) for value in piped(call) or []]
        return [e for e in entities if isinstance(e, tuple) and isinstance(e[1], Checkpoint)]
    try:
        pattern = re.compile(call.parameters.get("CheckpointName") or "", re.IGNORECASE)
    except re.error as error:
        raise Refusal(win32.INVALID_PARAMETER) from error
    resources = list(given(call, cluster, RESOURCE, "ResourceName"))
    found = [(r, c) for r in resources for c in r.checkpoints if pattern.search(c.key)]
    if resources and not found:
        raise Refusal(win32.FILE_NOT_FOUND)
    return found
