"""Windows Defender Firewall of a node: its rules, how it writes addresses, and what it lets in."""

from __future__ import annotations

import ipaddress
import uuid

from pulumi_tentacle.lab.world import FirewallRule, Node

KEYWORDS = ("Any", "LocalSubnet", "DNS", "DHCP", "WINS", "DefaultGateway", "Internet", "Intranet")
PORT_KEYWORDS = ("Any", "RPC", "RPCEPMap", "IPHTTPS", "Teredo")


class NotWritten(ValueError):
    """An address or port for which the references do not say how the firewall keeps it, or that it refuses."""


def add(node: Node, rule: FirewallRule) -> None:
    """Store a rule; its name must be new."""
    node.firewall[rule.name.lower()] = rule


def find(node: Node, name: str) -> FirewallRule | None:
    return node.firewall.get(name.lower())


def remove(node: Node, rule: FirewallRule) -> None:
    node.firewall.pop(rule.name.lower(), None)


def generated_name() -> str:
    """The name of a rule that was given none."""
    return f"{{{str(uuid.uuid4()).upper()}}}"


def write_address(address: str) -> str:
    """A remote address as the firewall stores it: a subnet gets its mask in dots (windows-cluster.md §6)."""
    for keyword in KEYWORDS:
        if address.lower() == keyword.lower():
            return keyword
    try:
        if "-" in address:
            first, last = (ipaddress.ip_address(part.strip()) for part in address.split("-"))
            return f"{first}-{last}"
        if "/" not in address:
            return str(ipaddress.ip_address(address))
        network = ipaddress.ip_network(address)
    except ValueError as error:
        raise NotWritten(f"the address {address} in a firewall rule") from error
    return f"{network.network_address}/{network.netmask}" if network.version == 4 else str(network)


def write_port(port: str) -> str:
    """A local port as the firewall stores it: a number, a range, or a keyword."""
    for keyword in PORT_KEYWORDS:
        if port.lower() == keyword.lower():
            return keyword
    numbers = port.split("-")
    if len(numbers) > 2 or not all(number.isdigit() and int(number) <= 65535 for number in numbers):
        raise NotWritten(f"the port {port} in a firewall rule")
    return port


def admits(node: Node, port: int, source: str) -> bool:
    """Whether TCP from that address to that port gets in: some rule allows it and none blocks it.

    Inbound connections that no rule allows are blocked, as Windows does by default.
    """
    actions = {
        rule.action
        for rule in node.firewall.values()
        if rule.enabled
        and rule.direction == "Inbound"
        and rule.protocol in ("TCP", "Any")
        and any(_covers_port(each, port) for each in rule.local_port)
        and any(_covers_address(each, source) for each in rule.remote_address)
    }
    return "Allow" in actions and "Block" not in actions


def _covers_port(written: str, port: int) -> bool:
    first, _, last = written.partition("-")
    return written == "Any" or (first.isdigit() and int(first) <= port <= int(last or first))


def _covers_address(written: str, address: str) -> bool:
    """`LocalSubnet` covers all: the lab's nodes share one network."""
    if written in ("Any", "LocalSubnet"):
        return True
    if written in KEYWORDS:
        return False
    wanted = ipaddress.ip_address(address)
    if "-" in written:
        first, last = (ipaddress.ip_address(part) for part in written.split("-"))
        return first.version == wanted.version and int(first) <= int(wanted) <= int(last)
    return wanted in ipaddress.ip_network(written)
