"""What exists when the lab starts: the topology file (resources.md, "Command line"), every key with a default."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

DEFAULT_NETWORK = "127.10.0.0/24"
TRANSPORTS = ("negotiate", "basic")
LATER_TRANSPORTS = ("credssp", "certificate", "kerberos", "ntlm")


class TopologyError(Exception):
    """The topology file is wrong; the text names each place and what is wrong there."""


def _problem(text: str) -> PydanticCustomError:
    return PydanticCustomError("topology", "{text}", {"text": text})


def _transport(value: str) -> str:
    if value in LATER_TRANSPORTS:
        raise _problem(f"'{value}' comes with a later version; there are: {', '.join(TRANSPORTS)}")
    if value not in TRANSPORTS:
        raise _problem(f"'{value}' is no transport; there are: {', '.join(TRANSPORTS)}")
    return value


def _latency(value: str) -> str:
    if value == "windows":
        raise _problem("'windows' comes with a later version; there is: none")
    return value


def _named(value: Any) -> Any:
    """A plain name stands for `{name: NAME}`."""
    return {"name": value} if isinstance(value, str) else value


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True)


Name = Annotated[str, Field(min_length=1)]
ComputerName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{0,13}[A-Za-z0-9])?$")]


class NodeTopology(_Model):
    """A Windows server. `address`: the next free one of the network."""

    name: ComputerName
    address: str | None = None


class DiskTopology(_Model):
    """A LUN. `nodes`: who sees it, all by default. `uniqueId`: made from the serial number by default."""

    serial_number: Name
    unique_id: str | None = None
    size_gb: int = Field(default=20, ge=1, le=65536)
    nodes: list[str] | None = None


class ClusterTopology(_Model):
    """A failover cluster of all nodes, formed already."""

    name: ComputerName = "LABCLU"
    address: str | None = None


class TenantTopology(_Model):
    name: Name
    tags: list[str] = []


class TagSetTopology(_Model):
    name: Name
    tags: list[str] = []
    scopes: list[str] = ["Tenant"]


class ProxyTopology(_Model):
    name: Name
    host: Name
    port: int = 80


class OctopusTopology(_Model):
    """An Octopus Server. The first space is the default one; all else lies in it."""

    address: str | None = None
    port: int = 8080
    spaces: list[Name] = Field(default=["Default"], min_length=1)
    environments: list[Name] = ["Production", "Test"]
    machine_policies: list[Name] = []
    tenants: list[Annotated[TenantTopology, BeforeValidator(_named)]] = []
    tag_sets: list[TagSetTopology] = []
    proxies: list[ProxyTopology] = []


class UserTopology(_Model):
    """An account besides the two that are always there. `password`: a random one."""

    name: Name
    password: str | None = None
    local: bool = False


class Topology(_Model):
    """The whole file. After reading, every address is set."""

    domain: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,15}(\.[A-Za-z0-9-]+)+$")] = "lab.test"
    network: str = DEFAULT_NETWORK
    nodes: list[NodeTopology] = Field(default=[NodeTopology(name="NODE1"), NodeTopology(name="NODE2")], min_length=1)
    disks: list[DiskTopology] = [DiskTopology(serial_number="LUN-0001")]
    cluster: ClusterTopology | None = ClusterTopology()
    octopus: OctopusTopology | None = OctopusTopology()
    users: list[UserTopology] = []
    transports: list[Annotated[str, AfterValidator(_transport)]] = list(TRANSPORTS)
    latency: Annotated[Literal["none"], BeforeValidator(_latency)] = "none"

    @field_validator("network")
    @classmethod
    def _loopback(cls, value: str) -> str:
        try:
            network = ipaddress.IPv4Network(value)
        except ValueError as error:
            raise _problem(f"'{value}' is no IPv4 network: {error}") from None
        if not network.is_loopback or network.num_addresses < 64:
            raise _problem(
                f"'{value}' must be a part of 127.0.0.0/8 with 64 addresses or more: the lab is loopback only"
            )
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Topology:
        names = [node.name.upper() for node in self.nodes]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise _problem(f"nodes[{number}].name: '{name}' is there twice")
        for number, disk in enumerate(self.disks):
            for seer in disk.nodes or []:
                if seer.upper() not in names:
                    raise _problem(f"disks[{number}].nodes: there is no node '{seer}'; there are: {', '.join(names)}")
        return self

    @property
    def services_address(self) -> str:
        """Where the lab's downloads and its control answer: the first address of the network."""
        return str(ipaddress.IPv4Network(self.network)[1])

    @property
    def free_role_address(self) -> str:
        """An address for a cluster role that nothing of the topology uses."""
        return _next_free(ipaddress.IPv4Network(self.network), 40, set(self.addresses().values()))

    def addresses(self) -> dict[str, str]:
        """Every address of the topology by the place that names it."""
        found = {f"nodes[{n}].address": node.address for n, node in enumerate(self.nodes)}
        found["cluster.address"] = self.cluster.address if self.cluster else None
        found["octopus.address"] = self.octopus.address if self.octopus else None
        return {place: address for place, address in found.items() if address}


def read_topology(file: Path | None = None, **overrides: Any) -> Topology:
    """The topology of a YAML file, or the default one: the clustered guide's. `overrides` are top-level keys.

    Raises:
        TopologyError: not readable, an unknown key, a wrong value, an address twice or outside of the network.
    """
    data: Any = {}
    if file is not None:
        try:
            data = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except OSError as error:
            raise TopologyError(f"cannot read the topology: {error}") from None
        except yaml.YAMLError as error:
            raise TopologyError(f"{file} is no YAML: {error}") from None
    if not isinstance(data, dict):
        raise TopologyError(f"{file}: a topology is a mapping of keys (domain, network, nodes, …)")
    try:
        topology = Topology.model_validate(data | overrides)
    except ValidationError as error:
        source = f"{file}: " if file else "topology: "
        raise TopologyError(source + "; ".join(_explain(e) for e in error.errors())) from None
    return _with_addresses(topology)


def _explain(error: Any) -> str:
    place = ""
    for part in error["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such key"
    if error["type"] == "missing":
        return f"{place}: missing"
    message = error["msg"][:1].lower() + error["msg"][1:] if error["type"] != "topology" else error["msg"]
    return f"{place}: {message}" if place else message


def _with_addresses(topology: Topology) -> Topology:
    network = ipaddress.IPv4Network(topology.network)
    used = {topology.services_address}
    for place, address in topology.addresses().items():
        try:
            inside = ipaddress.IPv4Address(address) in network
        except ValueError:
            raise TopologyError(f"{place}: '{address}' is no IPv4 address") from None
        if not inside:
            raise TopologyError(f"{place}: {address} is not in the network {topology.network}")
        if address in used:
            raise TopologyError(f"{place}: {address} is used twice")
        used.add(address)

    def assign(address: str | None, start: int) -> str:
        chosen = address or _next_free(network, start, used)
        used.add(chosen)
        return chosen

    nodes = [n.model_copy(update={"address": assign(n.address, 11)}) for n in topology.nodes]
    changes: dict[str, Any] = {"nodes": nodes}
    if topology.cluster:
        address = assign(topology.cluster.address, 20)
        changes["cluster"] = topology.cluster.model_copy(update={"address": address})
    if topology.octopus:
        address = assign(topology.octopus.address, 30)
        changes["octopus"] = topology.octopus.model_copy(update={"address": address})
    return topology.model_copy(update=changes)


def _next_free(network: ipaddress.IPv4Network, start: int, used: set[str]) -> str:
    for offset in range(start, network.num_addresses - 1):
        if str(network[offset]) not in used:
            return str(network[offset])
    raise TopologyError(f"network: {network} has no free address left")
