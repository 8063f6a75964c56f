"""Changes to the cluster's configuration: groups, resources, dependencies, owners, checkpoints.

Rules marked [MS-CMRP] are what Microsoft's open specification demands of the server's method of that name.
"""

from __future__ import annotations

from pulumi_tentacle.lab.cluster import dependencies, machine, win32
from pulumi_tentacle.lab.cluster.dependencies import BadExpression, Expression
from pulumi_tentacle.lab.cluster.enums import ClusterResourceState, GroupType
from pulumi_tentacle.lab.cluster.resource_types import RESOURCE_TYPES, UNMODELLED_TYPES, ResourceType
from pulumi_tentacle.lab.cluster.state import Checkpoint, Cluster, Group, Resource
from pulumi_tentacle.lab.cluster.win32 import NotModelled, Refusal


def add_group(cluster: Cluster, name: str, kind: GroupType, owner: str) -> Group:
    """An empty group, owned by the node that asked. Raises Refusal 5010 for a name that is there."""
    if cluster.find_group(name) is not None:
        raise Refusal(win32.OBJECT_ALREADY_EXISTS)
    group = Group(name, kind, owner)
    cluster.groups.append(group)
    return group


def resource_type(name: str) -> ResourceType:
    if name.lower() in UNMODELLED_TYPES:
        raise NotModelled(f"the resource type {name}")
    found = RESOURCE_TYPES.get(name.lower())
    if found is None:
        raise Refusal(win32.RESOURCE_TYPE_NOT_FOUND)
    return found


def add_resource(cluster: Cluster, name: str, kind: ResourceType, group: Group) -> Resource:
    """An offline resource that every node may own ([MS-CMRP] ApiCreateResource)."""
    if cluster.find_resource(name) is not None:
        raise Refusal(win32.OBJECT_ALREADY_EXISTS)
    resource = Resource(name, kind, group)
    cluster.resources.append(resource)
    return resource


def remove_resource(cluster: Cluster, resource: Resource) -> None:
    """Delete a resource with its checkpoints; it is taken offline first.

    A disk leaves the cluster offline on every node; the computer object of a name stays, disabled.
    """
    if resource.core:
        raise Refusal(win32.CORE_RESOURCE)
    if cluster.dependents_of(resource):
        raise Refusal(win32.DEPENDENT_RESOURCE_EXISTS)  # [MS-CMRP] ApiDeleteResource
    machine.take_offline(cluster, [resource])
    cluster.resources.remove(resource)
    cluster.directory.release(resource.id)
    if resource.lun is not None:
        resource.lun.clustered = False
        resource.lun.online_on.clear()


def remove_group(cluster: Cluster, group: Group, *, with_resources: bool) -> None:
    """Delete a group. Its disks leave the cluster with it: what else becomes of them is not established (§2.4)."""
    if group.core:
        raise Refusal(win32.CORE_RESOURCE)
    members = cluster.resources_of(group)
    if members and not with_resources:
        raise Refusal(win32.DIR_NOT_EMPTY)  # [MS-CMRP] ApiDeleteGroup
    machine.take_offline(cluster, members)
    for resource in reversed(machine.providers_first(members)):
        remove_resource(cluster, resource)
    cluster.groups.remove(group)


def change_group(cluster: Cluster, resource: Resource, group: Group) -> None:
    """Put a resource and its whole dependency tree into another group ([MS-CMRP] ApiChangeResourceGroup).

    Raises Refusal: in the group already (183); the group is on another node and part of the tree is online (5019),
    or may not be owned there (5015).
    """
    if resource.core:
        raise NotModelled("moving a core resource to another group")
    if resource.group is group:
        raise Refusal(win32.ALREADY_EXISTS)
    tree = _dependency_tree(cluster, resource)
    if group.owner != resource.owner:
        if any(r.state not in (ClusterResourceState.Offline, ClusterResourceState.Failed) for r in tree):
            raise Refusal(win32.RESOURCE_ONLINE)
        if not all(r.may_run_on(group.owner) for r in tree):
            raise Refusal(win32.NODE_NOT_RESOURCE_OWNER)
    for member in tree:
        member.group = group


def set_dependency(cluster: Cluster, resource: Resource, text: str) -> None:
    """Replace the dependency expression; the empty text clears it."""
    try:
        expression = dependencies.parse(text, lambda name: _resource(cluster, name))
    except BadExpression as bad:
        raise Refusal(win32.INVALID_PARAMETER) from bad
    _set_expression(resource, expression)


def add_dependency(resource: Resource, provider: Resource) -> None:
    """One more provider, by "and" ([MS-CMRP] ApiAddResourceDependency)."""
    if provider in resource.providers:
        raise Refusal(win32.DEPENDENCY_ALREADY_EXISTS)
    _set_expression(resource, (*resource.expression, (provider,)))


def remove_dependency(resource: Resource, provider: Resource) -> None:
    """[MS-CMRP] ApiRemoveResourceDependency."""
    if provider not in resource.providers:
        raise Refusal(win32.DEPENDENCY_NOT_FOUND)
    alternative = any(provider in clause and len(clause) > 1 for clause in resource.expression)
    if resource.online and provider.online and alternative:
        raise Refusal(win32.RESOURCE_ONLINE)
    resource.expression = dependencies.without(resource.expression, provider)


def set_preferred_owners(cluster: Cluster, group: Group, names: list[str]) -> None:
    """The ordered list for failovers; an empty one means no preference."""
    group.preferred_owners = _members(cluster, names)


def set_possible_owners(cluster: Cluster, resource: Resource, names: list[str]) -> None:
    """Raises Refusal 5023 when the resource is Online on a node that is taken away ([MS-CMRP] ApiRemoveResourceNode)."""
    owners = _members(cluster, names)
    if resource.online and resource.owner not in owners:
        raise Refusal(win32.INVALID_STATE)
    resource.possible_owners = owners


def add_checkpoint(cluster: Cluster, resource: Resource, key: str) -> Checkpoint:
    """Replicate a key below HKLM; the first tree is the owner's (windows-cluster.md §3).

    Raises Refusal: leading backslash (161, as RegOpenKeyEx answers), there already (183). A key that the owner lacks
    is refused (2), since a saved nothing would erase the key elsewhere; what Windows does there is not established.
    """
    if key.startswith("\\"):
        raise Refusal(win32.BAD_PATHNAME)
    if any(c.key.lower() == key.lower() for c in resource.checkpoints):
        raise Refusal(win32.ALREADY_EXISTS)
    registry = cluster.machine_of(resource.owner).registry
    if registry.get(key) is None:
        raise Refusal(win32.FILE_NOT_FOUND)
    checkpoint = Checkpoint(key, registry.subtree(key))
    resource.checkpoints.append(checkpoint)
    return checkpoint


def _set_expression(resource: Resource, expression: Expression[Resource]) -> None:
    for provider in dependencies.members(expression):
        if provider is resource or provider.group is not resource.group:
            raise Refusal(win32.INVALID_PARAMETER)
        if resource in machine.providers_first([provider]):
            raise Refusal(win32.CIRCULAR_DEPENDENCY)
    # Since Windows Server 2008 an online resource takes another dependency (AddClusterResourceDependency); one that
    # would not hold at this moment is refused as before.
    if resource.online and not dependencies.satisfied(expression, lambda provider: provider.online):
        raise Refusal(win32.RESOURCE_ONLINE)
    resource.expression = expression


def _dependency_tree(cluster: Cluster, resource: Resource) -> list[Resource]:
    """All resources that are connected with this one by dependencies, in either direction."""
    tree = [resource]
    for member in tree:
        tree.extend(r for r in [*member.providers, *cluster.dependents_of(member)] if r not in tree)
    return tree


def _resource(cluster: Cluster, name: str) -> Resource:
    found = cluster.find_resource(name)
    if found is None:
        raise Refusal(win32.RESOURCE_NOT_FOUND)
    return found


def _members(cluster: Cluster, names: list[str]) -> list[str]:
    members = [cluster.find_node(name) for name in names]
    if None in members:
        raise Refusal(win32.NODE_NOT_FOUND)
    return [m.name for m in members if m is not None]
