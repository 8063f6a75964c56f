"""Properties of ClusterRole."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from pulumi_tentacle.resources.model import REPLACES, Inputs, State
from pulumi_tentacle.resources.references import DiskReference, InstanceReference
from pulumi_tentacle.resources.tentacle_instance.model import Drain
from pulumi_tentacle.resources.values import ClusterName, IPv4, NodeName, Port, Text, numbered

DEFAULT_CHECKPOINT = "Software\\Octopus"


class ClusterRoleInputs(Inputs):
    """What the user wrote."""

    instance: Annotated[
        InstanceReference,
        Field(description="What the role runs: `reference` of a TentacleInstance, or `instance` of a TrustedServer."),
    ]
    disk: Annotated[
        DiskReference | None, Field(description="`reference` of the SharedDisk that moves with the role.")
    ] = None
    name: Annotated[
        ClusterName,
        Field(description="Name of the role and its network name, 1 to 15 characters, unique in the domain."),
        REPLACES,
    ]
    static_addresses: Annotated[
        list[IPv4] | None,
        Field(
            description="Address of the role, one for each static client network of the cluster; none on DHCP networks."
        ),
    ] = None
    ignore_networks: Annotated[
        list[Text] | None,
        Field(description="Static networks on which the role gets no address, such as 10.2.0.0/24."),
    ] = None
    subnet_mask: Annotated[
        IPv4 | None, Field(description="Subnet mask of the addresses. Default: that of the network.")
    ] = None
    probe_port: Annotated[
        Port | None,
        Field(description="Port for the health probe of Azure's load balancer; with the subnet mask 255.255.255.255."),
    ] = None
    checkpoint_keys: Annotated[
        list[Text] | None,
        Field(
            description="Registry keys below HKEY_LOCAL_MACHINE that are replicated with the role; [] for none. "
            "Default: `Software\\Octopus`."
        ),
    ] = None
    preferred_owners: Annotated[
        list[NodeName] | None, Field(description="Computer names in the order in which they should run the role.")
    ] = None
    allow_failback: Annotated[
        bool, Field(description="Move the role back to its preferred owner when that is up again.")
    ] = False
    failover_threshold: Annotated[
        int | None, Field(ge=0, description="How many failures in `failoverPeriod` the role may have.")
    ] = None
    failover_period: Annotated[int | None, Field(ge=1, description="Hours over which failures are counted.")] = None
    restart_delay: Annotated[
        int | None, Field(ge=0, description="Milliseconds between a failure of the service and its restart.")
    ] = None
    restart_threshold: Annotated[
        int | None, Field(ge=0, description="How often the service is restarted on its node before the role moves.")
    ] = None
    drain: Annotated[Drain, Field(description="What happens to deployments before an interruption.")] = Drain()
    failover_test: Annotated[
        bool, Field(description="Move the role to every node and back after changes. Not in this version yet.")
    ] = False
    adopt: Annotated[
        bool, Field(description="Take over a role of this name that is there already. Not in this version yet.")
    ] = False

    def rules(self) -> Iterator[tuple[str, str]]:
        """What cannot be right together."""
        for n, network in numbered(self.ignore_networks):
            if not _is_network(network):
                yield (
                    f"ignoreNetworks[{n}]",
                    f"'{network}' is no network; give address and prefix length, such as 10.2.0.0/24",
                )
        for n, key in numbered(self.checkpoint_keys):
            if key.startswith("\\") or key.upper().startswith(("HKLM", "HKEY_")):
                yield (
                    f"checkpointKeys[{n}]",
                    f"'{key}' must be relative to HKEY_LOCAL_MACHINE, such as {DEFAULT_CHECKPOINT}",
                )
        seen: dict[str, int] = {}
        for n, address in numbered(self.static_addresses):
            if (first := seen.setdefault(address, n)) != n:
                yield f"staticAddresses[{n}]", f"{address} stands at staticAddresses[{first}] already"


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return "/" in text


class ClusterRoleState(ClusterRoleInputs, State):
    """The role as it is."""

    host: Annotated[str, Field(description="What Octopus connects to: the first static address, else the role's name.")]
    addresses: Annotated[list[str], Field(description="Addresses of the role.")]
    group_state: Annotated[
        str, Field(description="State of the role: Online, PartialOnline, Offline, Failed or Pending.")
    ]
