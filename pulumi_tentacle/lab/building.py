"""From a topology to an estate: nodes, disks, accounts, installers and the Octopus Server as they are at the start."""

from __future__ import annotations

import hashlib
import secrets

from pulumi_tentacle.lab.octopus.state import Octopus
from pulumi_tentacle.lab.topology import DiskTopology, OctopusTopology, Topology
from pulumi_tentacle.lab.world import Estate, Installer, Lun, User

TENTACLE_VERSIONS = ("8.3.3594", "9.2.4285")
INSTALLER_BYTES = 4096
COMPOUND_FILE = bytes.fromhex("D0CF11E0A1B11AE1")  # how every MSI begins
DOMAIN_ADMINISTRATOR, LOCAL_ADMINISTRATOR = "Administrator", "labadmin"


def build(topology: Topology) -> Estate:
    """The estate of a topology; nothing listens yet."""
    estate = Estate(topology.domain)
    for node in topology.nodes:
        assert node.address is not None
        estate.add_node(node.name.upper(), node.address)
    estate.users = _users(topology)
    estate.luns = [_lun(topology, number, disk) for number, disk in enumerate(topology.disks)]
    estate.installers = [make_installer(version) for version in TENTACLE_VERSIONS]
    estate.octopus = _octopus(topology.octopus) if topology.octopus else None
    estate.secrets |= {user.password for user in estate.users}
    if estate.octopus:
        estate.secrets |= set(estate.octopus.api_keys)
    return estate


def make_installer(version: str) -> Installer:
    """A stand-in for the 64-bit MSI of that version, named as the real one (tentacle.md §10); always the same bytes."""
    data, block = COMPOUND_FILE, hashlib.sha256(version.encode()).digest()
    while len(data) < INSTALLER_BYTES:
        data += block
        block = hashlib.sha256(block).digest()
    return Installer(version, f"Octopus.Tentacle.{version}-x64.msi", data[:INSTALLER_BYTES])


def netbios_name(domain: str) -> str:
    return domain.split(".")[0].upper()


def _users(topology: Topology) -> list[User]:
    domain = netbios_name(topology.domain)
    users = [
        User(f"{domain}\\{DOMAIN_ADMINISTRATOR}", _password()),
        User(LOCAL_ADMINISTRATOR, _password(), local=True),
    ]
    for user in topology.users:
        name = user.name if user.local or "\\" in user.name else f"{domain}\\{user.name}"
        users.append(User(name, user.password or _password(), user.local))
    return users


def _password() -> str:
    """Random, and of the four kinds of characters that Windows asks for."""
    return f"Lab-{secrets.token_urlsafe(15)}-1a"


def _lun(topology: Topology, number: int, disk: DiskTopology) -> Lun:
    names = [node.name.upper() for node in topology.nodes]
    seers = [name.upper() for name in disk.nodes] if disk.nodes else names
    digest = hashlib.sha256(disk.serial_number.encode()).hexdigest().upper()
    return Lun(
        serial_number=disk.serial_number,
        unique_id=disk.unique_id or f"6002248{digest[:25]}",  # an NAA identifier: 32 hex digits that begin with 6
        size=disk.size_gb * 2**30,
        # Disk 0 is the boot disk. The numbers differ between nodes, as they do in the field.
        seen_by={seer: 1 + number + names.index(seer) for seer in seers},
    )


def _octopus(wanted: OctopusTopology) -> Octopus:
    octopus = Octopus()
    for space in wanted.spaces:
        octopus.add_space(space)
    octopus.add_account("admin")
    for environment in wanted.environments:
        octopus.add_environment(environment)
    for policy in wanted.machine_policies:
        octopus.add_policy(policy)
    for tag_set in wanted.tag_sets:
        octopus.add_tag_set(tag_set.name, tag_set.tags, tag_set.scopes)
    for tenant in wanted.tenants:
        octopus.add_tenant(tenant.name, tenant.tags)
    for proxy in wanted.proxies:
        octopus.add_proxy(proxy.name, proxy.host, proxy.port)
    return octopus
