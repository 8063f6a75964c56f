"""The cluster as `lab world` shows it: plain values, ready for JSON."""

from __future__ import annotations

from typing import Any

from pulumi_tentacle.lab.cluster.state import Cluster, Group, Resource


def to_json(cluster: Cluster) -> dict[str, Any]:
    return {
        "name": cluster.name,
        "nodes": [
            {
                "name": n.name,
                "state": n.state.name,
                "drainStatus": n.drain_status.name,
                "serves": cluster.serves(n.name),
            }
            for n in cluster.nodes
        ],
        "networks": [
            {"name": n.name, "network": str(n.network), "role": n.role.name, "dhcp": n.dhcp} for n in cluster.networks
        ],
        "groups": [_group(cluster, group) for group in cluster.groups],
        "resources": [_resource(cluster, resource) for resource in cluster.resources],
        "directory": [
            {"name": c.name, "container": c.container, "enabled": c.enabled}
            for c in sorted(cluster.directory.computers.values(), key=lambda c: c.name.lower())
        ],
    }


def _group(cluster: Cluster, group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "id": group.id,
        "type": group.type.name,
        "state": cluster.state_of(group).name,
        "owner": group.owner,
        "core": group.core,
        "preferredOwners": list(group.preferred_owners),
        "failovers": len(group.failovers),
        "properties": dict(group.common),
    }


def _resource(cluster: Cluster, resource: Resource) -> dict[str, Any]:
    return {
        "name": resource.name,
        "id": resource.id,
        "type": resource.type.name,
        "group": resource.group.name,
        "state": resource.state.name,
        "owner": resource.owner,
        "persistent": resource.persistent,
        "lastOperationStatusCode": resource.status_code,
        "dependencies": resource.dependency_text,
        "possibleOwners": cluster.possible_owners(resource),
        "parameters": dict(resource.private),
        "properties": dict(resource.common),
        "checkpoints": [c.key for c in resource.checkpoints],
        "disk": resource.lun.unique_id if resource.lun else None,
    }
