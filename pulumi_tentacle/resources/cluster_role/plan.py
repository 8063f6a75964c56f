"""What to do for a role: every decision, as pure functions.

The role is built in the order address, name, disk, service, each online before the next, so that a failure shows
at its cause (windows-cluster.md §2.5). The steps of a plan are those of the first stage that is not done.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulumi_tentacle.errors import Conflict, NotFound
from pulumi_tentacle.resources.cluster_role.observe import Part, RoleFacts
from pulumi_tentacle.resources.cluster_role.steps import (
    AddCheckpoint,
    AddGroup,
    AddResource,
    MoveDisk,
    MoveGroup,
    RemoveGroup,
    RemoveMark,
    SetCommonProperty,
    SetDependency,
    SetOwners,
    SetParameters,
    StartResource,
    Step,
    StopGroup,
    WriteMark,
)
from pulumi_tentacle.windows.cluster_queries import (
    AVAILABLE_STORAGE,
    GENERIC_SERVICE,
    IP_ADDRESS,
    NETWORK_NAME,
    Network,
)


@dataclass(frozen=True)
class Wanted:
    """What the role should be, by plain values. `common` are the common properties that the user gave."""

    urn: str
    name: str
    service: str
    disk: str | None
    addresses: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    subnet_mask: str | None = None
    probe_port: int | None = None
    checkpoints: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()
    group_properties: tuple[tuple[str, int], ...] = ()
    service_properties: tuple[tuple[str, int], ...] = ()


def refuse(wanted: Wanted, facts: RoleFacts) -> None:
    """Say what cannot be, before anything is touched.

    Raises:
        Conflict: a role, name or service of that name is there and is not ours.
        NotFound: the disk is no cluster disk, or an address lies on no client network.
    """
    _refuse_foreign(wanted, facts)
    if wanted.disk is not None and facts.disk is None:
        raise NotFound(
            f"The disk {wanted.disk} is no disk of the cluster {facts.cluster.name}. Refresh the SharedDisk, then run "
            "`pulumi up` again; nothing was touched."
        )
    if facts.disk is not None and facts.disk.group.lower() not in (AVAILABLE_STORAGE.lower(), wanted.name.lower()):
        raise Conflict(
            f"The cluster disk '{facts.disk.name}' belongs to the role '{facts.disk.group}'. Nothing was touched."
        )
    _refuse_networks(wanted, facts)


def _refuse_foreign(wanted: Wanted, facts: RoleFacts) -> None:
    foreign = next((urn for urn in facts.marks.values() if urn is not None and urn != wanted.urn), None)
    if foreign is not None:
        raise Conflict(
            f"The role '{wanted.name}' belongs to another resource: {foreign}. Give this one another name, or delete the "
            "other resource first; nothing was touched."
        )
    ours = any(urn == wanted.urn for urn in facts.marks.values())
    if facts.group is not None and not ours:
        raise Conflict(
            f"There is a role '{facts.group.name}' in the cluster {facts.cluster.name} already ({facts.group.state} on "
            f"{facts.group.owner}), not made by this resource. Give another name, or remove the role; nothing was touched."
        )
    taken = facts.cluster.resource(wanted.name)
    if taken is not None and taken.group.lower() != wanted.name.lower():
        raise Conflict(
            f"The name '{wanted.name}' is used by a resource of the role '{taken.group}' already. Give another name; nothing "
            "was touched."
        )
    if facts.cluster.name.lower() == wanted.name.lower():
        raise Conflict(f"'{wanted.name}' is the name of the cluster itself. Give another name; nothing was touched.")
    for part in facts.services_elsewhere:
        if str(part.details.parameters.get("ServiceName", "")).lower() == wanted.service.lower():
            raise Conflict(
                f"The service '{wanted.service}' is run by the role '{part.resource.group}' already. Nothing was touched."
            )


def _refuse_networks(wanted: Wanted, facts: RoleFacts) -> None:
    clients = [n for n in facts.networks if n.client]
    told = ", ".join(f"{n.name} ({_cidr(n)}, {'DHCP' if n.dhcp else 'static'})" for n in clients) or "none"
    for address in wanted.addresses:
        if network_of(address, clients) is None:
            raise NotFound(
                f"The address {address} lies on no client network of the cluster {facts.cluster.name}. Its client networks: "
                f"{told}. Nothing was touched."
            )
    covered = {network.name for a in wanted.addresses if (network := network_of(a, clients))}
    for network in clients:
        if _ignored(network, wanted.ignored):
            if network.dhcp:
                raise Conflict(
                    f"The network {network.name} ({_cidr(network)}) uses DHCP and cannot be ignored: the cluster gives the role "
                    "an address there. Take it out of ignoreNetworks, or change the network's role. Nothing was touched."
                )
        elif not network.dhcp and network.name not in covered:
            raise Conflict(
                f"The static network {network.name} ({_cidr(network)}) needs an address for the role, or a failover to a node "
                f"on it would fail. Add one to staticAddresses, or {_cidr(network)} to ignoreNetworks. Nothing was touched."
            )


def _cidr(network: Network) -> str:
    return str(ipaddress.ip_network(f"{network.address}/{network.mask}", strict=False))


def _ignored(network: Network, ignored: Sequence[str]) -> bool:
    return _cidr(network) in {str(ipaddress.ip_network(i, strict=False)) for i in ignored}


def network_of(address: str, networks: Sequence[Network]) -> Network | None:
    """The network that an address lies on."""
    return next((n for n in networks if ipaddress.ip_address(address) in ipaddress.ip_network(_cidr(n))), None)


def plan(wanted: Wanted, facts: RoleFacts) -> list[Step]:
    """The steps of the first stage that is not done; [] when all is as wanted."""
    for stage in (_marks, _group, _addresses, _name, _disk, _service, _properties, _online):
        if steps := list(stage(wanted, facts)):
            return steps
    return []


def _marks(wanted: Wanted, facts: RoleFacts) -> Iterator[Step]:
    for name, urn in facts.marks.items():
        if urn != wanted.urn:
            yield WriteMark(facts.nodes[name], name, wanted.name)


def _group(wanted: Wanted, facts: RoleFacts) -> Iterator[Step]:
    if facts.group is None:
        yield AddGroup(wanted.name)
    elif (
        facts.disk is not None
        and facts.disk.group.lower() != wanted.name.lower()
        and facts.disk.owner != facts.group.owner
    ):
        yield MoveGroup(wanted.name, facts.disk.owner)


def _wanted_addresses(wanted: Wanted, facts: RoleFacts) -> Iterator[tuple[str, Mapping[str, str | int]]]:
    """(resource name, private properties) of each IP Address resource."""
    clients = [n for n in facts.networks if n.client]
    for address in wanted.addresses:
        network = network_of(address, clients)
        if network is None:
            continue
        values: dict[str, str | int] = {
            "Address": address,
            "SubnetMask": wanted.subnet_mask or network.mask,
            "Network": network.name,
            "EnableDhcp": 0,
        }
        if wanted.probe_port is not None:
            values["ProbePort"] = wanted.probe_port
        yield f"IP Address {address}", values
    for network in clients:
        if network.dhcp:
            yield f"IP Address {network.address}", {"Network": network.name, "EnableDhcp": 1}


def _addresses(wanted: Wanted, facts: RoleFacts) -> Iterator[Step]:
    for name, values in _wanted_addresses(wanted, facts):
        part = _part(facts, name)
        yield from _made(wanted, part, name, IP_ADDRESS, values)
        if part is None or not part.resource.online:
            yield StartResource(name, wanted.name)


def _part(facts: RoleFacts, name: str) -> Part | None:
    return next((p for p in facts.parts if p.name.lower() == name.lower()), None)


def _made(wanted: Wanted, part: Part | None, name: str, kind: str, values: Mapping[str, str | int]) -> Iterator[Step]:
    if part is None:
        yield AddResource(name, kind, wanted.name)
    if part is None or any(_differs(part.details.parameters.get(k), v) for k, v in values.items()):
        yield SetParameters(name, dict(values))


def _differs(found: object, wanted: str | int) -> bool:
    return str(found if found is not None else "").lower() != str(wanted).lower()


def _name(wanted: Wanted, facts: RoleFacts) -> Iterator[Step]:
    part = _part(facts, wanted.name)
    yield from _made(wanted, part, wanted.name, NETWORK_NAME, {"Name": wanted.name, "DnsName": wanted.name})
    expression = " or ".join(f"([{name}])" for name, _ in _wanted_addresses(wanted, facts))
    if part is None or not same_dependency(part.details.dependency, expression):
        yield SetDependency(wanted.name, expression)
    if part is None or not part.resource.online:
        yield StartResource(wanted.name, wanted.name)


def dependency_items(expression: str) -> list[str]:
    """The names in a dependency expression, in their order."""
    return re.findall(r"\[([^\]]+)\]", expression)


def same_dependency(one: str, other: str) -> bool:
    """True if two dependency expressions mean the same, brackets and order aside; names here join only one way."""

    def parts(text: str) -> tuple[str, frozenset[str]]:
        plain = text.replace("(", "").replace(")", "").lower()
        operator = " or " if " or " in plain else " and "
        items = frozenset(p.strip() for p in plain.split(operator) if p.strip())
        return (operator if len(items) > 1 else "", items)

    return parts(one) == parts(other)


def _disk(wanted: Wanted, facts: RoleFacts) -> Iterator[Step]:
    if facts.disk is None:
        return
    if facts.disk.group.lower() != wanted.name.lower():
        yield MoveDisk(facts.disk.name, wanted.name)
    if not facts.disk.online:
        yield StartResource(facts.disk.name, wanted.name)


def _service(wanted: Wanted, facts: RoleFacts) -> Iterator[Step]:
    part = facts.service(wanted.service)
    name = part.name if part else wanted.service
    if part is None:
        same_name = _part(facts, name)
        if same_name is None:
            yield AddResource(name, GENERIC_SERVICE, wanted.name)
    values: Mapping[str, str | int] = {"ServiceName": wanted.service, "UseNetworkName": 0}
    found = part.details.parameters if part else {}
    if any(_differs(found.get(k), v) for k, v in values.items()):
        yield SetParameters(name, dict(values))
    expression = f"([{wanted.name}])" + (f" and ([{facts.disk.name}])" if facts.disk else "")
    if part is None or not same_dependency(part.details.dependency, expression):
        yield SetDependency(name, expression)
    owners = tuple(sorted(facts.nodes))
    if part is None or tuple(sorted(part.details.owners)) != owners:
        yield SetOwners(name, owners, possible=True)
    there = {c.lower() for c in part.details.checkpoints} if part else set()
    for key in wanted.checkpoints:
        if key.lower() not in there:
            yield AddCheckpoint(name, key)


def _properties(wanted: Wanted, facts: RoleFacts) -> Iterator[Step]:
    part = facts.service(wanted.service)
    for name, value in wanted.group_properties:
        if _differs(facts.common.get(name), value):
            yield SetCommonProperty(wanted.name, name, value, of_group=True)
    for name, value in wanted.service_properties:
        if part is not None and _differs(facts.common.get(name), value):
            yield SetCommonProperty(part.name, name, value, of_group=False)
    if wanted.preferred and facts.preferred != wanted.preferred:
        yield SetOwners(wanted.name, wanted.preferred, possible=False)


def _online(wanted: Wanted, facts: RoleFacts) -> Iterator[Step]:
    part = facts.service(wanted.service)
    if part is not None and not part.resource.online:
        yield StartResource(part.name, wanted.name)


def plan_delete(name: str, facts: RoleFacts) -> list[Step]:
    """Role offline, disk back to the available storage, group gone, marks away."""
    steps: list[Step] = []
    if facts.group is not None:
        if facts.group.state != "Offline" and facts.parts:
            steps.append(StopGroup(name))
        if facts.disk is not None and facts.disk.group.lower() == name.lower():
            steps.extend(_free(facts, facts.disk.name))
            steps.append(MoveDisk(facts.disk.name, AVAILABLE_STORAGE))
        steps.append(RemoveGroup(name))
    return [*steps, *(RemoveMark(facts.nodes[n], n, name) for n, urn in facts.marks.items() if urn is not None)]


def _free(facts: RoleFacts, disk: str) -> Iterator[Step]:
    """A resource that moves takes along what depends on it: so nothing may depend on the disk any more."""
    for part in facts.parts:
        wanted = f"[{disk}]".lower()
        if wanted in part.details.dependency.lower():
            others = [p for p in dependency_items(part.details.dependency) if p.lower() != disk.lower()]
            yield SetDependency(part.name, " and ".join(f"([{p}])" for p in others))


def missing_parts(wanted: Wanted, facts: RoleFacts) -> list[str]:
    """What is wrong with a role, in words that stay the same from look to look."""
    if facts.group is None:
        return []
    reasons = [f"the role's resource '{p.name}' is {p.resource.state}" for p in facts.parts if not p.resource.online]
    return sorted(reasons or [f"to do: {step.words}" for step in plan(wanted, facts)])
