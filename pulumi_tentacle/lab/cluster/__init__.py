"""A simulated Windows failover cluster. Importing this package registers its cmdlets."""

from pulumi_tentacle.lab.cluster.cmdlets import (
    clusters,
    disks,
    groups,
    members,
    parameters,
    relations,
    resources,
    roles,
)

__all__ = ["clusters", "disks", "groups", "members", "parameters", "relations", "resources", "roles"]
