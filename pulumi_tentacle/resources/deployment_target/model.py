"""Properties of DeploymentTarget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from pulumi_tentacle.errors import InvalidInput
from pulumi_tentacle.resources.model import REPLACES, Inputs, Model, State
from pulumi_tentacle.resources.references import InstanceReference
from pulumi_tentacle.resources.values import (
    UNKNOWN,
    MaybeUnknown,
    Port,
    TargetHost,
    Text,
    Thumbprint,
    holds_unknown,
    known,
    same_set,
)

DEFAULT_PORT = 10933
Participation = Literal["Untenanted", "TenantedOrUntenanted", "Tenanted"]


def _set(items: list[Any]) -> list[Any]:
    """Without repetitions, in a stable order: order has no meaning, and Octopus ignores case (user report U61)."""
    return items if holds_unknown(items) else same_set(items)


def _not_empty(items: list[Any]) -> list[Any]:
    if not items:
        raise ValueError("Octopus needs at least one")
    return _set(items)


def _tenant_tag(tag: str) -> str:
    if not re.fullmatch(r"[^/]+/[^/]+", tag):
        raise ValueError(f"'{tag}' is no tenant tag; write tag set and tag, as in 'Ring/{tag.strip('/')}'")
    return tag


TenantTag = Annotated[Text, AfterValidator(_tenant_tag), MaybeUnknown]
Names = Annotated[list[Text], AfterValidator(_set), MaybeUnknown]
TenantTags = Annotated[list[TenantTag], AfterValidator(_set), MaybeUnknown]
NamesNeeded = Annotated[list[Text], AfterValidator(_not_empty), MaybeUnknown]


class TargetHealth(Model):
    """Whether the target must be healthy before it counts as made."""

    wait: Annotated[
        bool, Field(description="Have Octopus check the target's health, and wait until it is healthy.")
    ] = True
    timeout: Annotated[int, Field(ge=1, le=86399, description="Seconds to wait for the end of the health check.")] = 600
    allow_warnings: Annotated[bool, Field(description="Accept a health check that ends with warnings.")] = True


class DeploymentTargetInputs(Inputs):
    """What the user wrote."""

    host: Annotated[
        TargetHost,
        Field(
            description="Host name or address under which Octopus Server reaches the Tentacle; a ClusterRole's `host`."
        ),
    ]
    port: Annotated[Port, Field(description="TCP port of the Tentacle.")] = DEFAULT_PORT
    instance: Annotated[
        InstanceReference | None,
        Field(
            description="The Tentacle: the `instance` of TrustedServer or the `reference` of TentacleInstance. So it "
            "trusts the server before Octopus connects, and errors can say which node is at fault."
        ),
    ] = None
    name: Annotated[Text | None, Field(description="Name in Octopus. Default: `host`.")] = None
    space: Annotated[
        Text | None,
        Field(description="Space of Octopus, by name or id. Default: the provider's, or the default space."),
        REPLACES,
    ] = None
    environments: Annotated[NamesNeeded, Field(description="Environments, by name, slug or id.")]
    roles: Annotated[NamesNeeded, Field(description="Target roles (tags); Octopus makes new ones as needed.")]
    tenants: Annotated[Names, Field(default_factory=list, description="Tenants, by name, slug or id.")]
    tenant_tags: Annotated[TenantTags, Field(default_factory=list, description="Tenant tags in the form `Set/Tag`.")]
    tenanted_deployment: Annotated[
        Participation | None,
        MaybeUnknown,
        Field(
            description="Which deployments the target takes part in: Untenanted, TenantedOrUntenanted or Tenanted. "
            "Default: Tenanted with tenants or tenant tags, else Untenanted."
        ),
    ] = None
    machine_policy: Annotated[
        Text | None, Field(description="Machine policy, by name or id. Default: the space's default policy.")
    ] = None
    proxy: Annotated[
        Text | None,
        Field(description="Proxy through which Octopus Server connects, by name or id. Default: a direct connection."),
    ] = None
    expected_thumbprint: Annotated[
        Thumbprint | None,
        Field(
            description="Thumbprint that Octopus Server must meet at the address (TentacleInstance's `thumbprint`); if "
            "it meets another, nothing is registered."
        ),
    ] = None
    upgrade_locked: Annotated[
        bool | None,
        MaybeUnknown,
        Field(
            description="Keep Octopus from upgrading the Tentacle. Default: true for an instance on more than one node, "
            "of which Octopus would upgrade the active one only."
        ),
    ] = None
    disabled: Annotated[
        bool, MaybeUnknown, Field(description="Keep the target out of deployments and health checks.")
    ] = False
    health: Annotated[TargetHealth, Field(description="What is awaited before the target counts as made.")] = (
        TargetHealth()
    )

    def rules(self) -> Iterator[tuple[str, str]]:
        """What cannot be right together."""
        if not known(self.tenants) or not known(self.tenant_tags) or not known(self.tenanted_deployment):
            return
        given = bool(self.tenants or self.tenant_tags)
        if self.tenanted_deployment == "Untenanted" and given:
            yield "tenantedDeployment", "Untenanted does not go together with tenants or tenantTags"
        if self.tenanted_deployment == "Tenanted" and not given:
            yield "tenantedDeployment", "Tenanted needs tenants or tenantTags"


def complete(inputs: DeploymentTargetInputs) -> DeploymentTargetInputs:
    """Fill in what follows from other properties."""
    return inputs.changed(
        name=inputs.name if inputs.name is not None else inputs.host,
        tenanted_deployment=inputs.tenanted_deployment or _participation(inputs),
        upgrade_locked=inputs.upgrade_locked if inputs.upgrade_locked is not None else _clustered(inputs.instance),
    )


def _participation(inputs: DeploymentTargetInputs) -> Any:
    if not known(inputs.tenants) or not known(inputs.tenant_tags):
        return UNKNOWN
    return "Tenanted" if inputs.tenants or inputs.tenant_tags else "Untenanted"


def _clustered(instance: InstanceReference | None) -> Any:
    if instance is None:
        return False
    if not known(instance) or not known(instance.nodes):
        return UNKNOWN
    return len(instance.nodes) > 1


class DeploymentTargetState(DeploymentTargetInputs, State):
    """The target as Octopus has it."""

    machine_id: Annotated[str, Field(description="Id in Octopus, such as Machines-1.")]
    uri: Annotated[str, Field(description="Address to which Octopus Server connects.")]
    thumbprint: Annotated[str, Field(description="Thumbprint that Octopus Server expects there.")]
    health_status: Annotated[
        str, Field(description="Healthy, HasWarnings, Unhealthy, Unavailable or Unknown, when it was last looked at.")
    ]
    server_url: Annotated[str, Field(description="Address of the Octopus Server.")]
    installation_id: Annotated[
        str, Field(description="Which Octopus Server it is, by an id of its own that stays when its address changes.")
    ]


def target_id(space_id: str, machine_id: str) -> str:
    """The id of the resource, `Spaces-1/Machines-1`."""
    return f"{space_id}/{machine_id}"


def parse_id(id: str) -> tuple[str, str]:
    """Space id and machine id, as Octopus spells them; the case of `id` does not matter (user report U97).

    Raises:
        InvalidInput: it is no id of a deployment target.
    """
    found = re.fullmatch(r"spaces-(\d+)/machines-(\d+)", id.strip(), flags=re.IGNORECASE)
    if not found:
        raise InvalidInput(
            [("", f"'{id}' is no id of a DeploymentTarget; it has the form Spaces-1/Machines-1, as in Octopus's URLs")]
        )
    return f"Spaces-{found.group(1)}", f"Machines-{found.group(2)}"
