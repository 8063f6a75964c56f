"""netsh.exe, as far as the guide needs it: `advfirewall firewall add|delete|show rule` (windows-cluster.md §6)."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_tentacle.lab.node import firewall
from pulumi_tentacle.lab.node.program import Completed, Invocation, program
from pulumi_tentacle.lab.node.unknown import not_known
from pulumi_tentacle.lab.world import FirewallRule, Node

_NO_MATCH = Completed(1, "\r\nNo rules match the specified criteria.\r\n\r\n")
_DIRECTIONS = {"in": "Inbound", "out": "Outbound"}
_ACTIONS = {"allow": "Allow", "block": "Block"}


@program("netsh.exe")
def netsh(invocation: Invocation) -> Completed:
    """The name is no key here: `add` makes a second rule of the same name, `delete` takes all of them."""
    words = [argument.lower() for argument in invocation.arguments[:4]]
    action = words[2] if len(words) == 4 else ""
    if words[:2] != ["advfirewall", "firewall"] or words[3:] != ["rule"] or action not in _COMMANDS:
        return not_known(invocation.node, f"netsh {' '.join(invocation.arguments)}")
    options: dict[str, str] = {}
    for argument in invocation.arguments[4:]:
        name, equals, value = argument.partition("=")
        if not equals:
            return not_known(invocation.node, f"netsh's argument {argument}")
        options[name.lower()] = value
    try:
        return _COMMANDS[action](invocation.node, options)
    except (firewall.NotWritten, KeyError) as error:
        return not_known(invocation.node, f"netsh {action} rule with {error}")


def _add(node: Node, options: dict[str, str]) -> Completed:
    """Defaults: enable=yes, profile=any, remoteip=any. A rule made here has a GUID for its internal name."""
    given = dict(options)
    rule = FirewallRule(
        firewall.generated_name(),
        given.pop("name"),
        direction=_DIRECTIONS[given.pop("dir").lower()],
        action=_ACTIONS[given.pop("action").lower()],
        protocol=given.pop("protocol", "any").upper().replace("ANY", "Any"),
        local_port=[firewall.write_port(port) for port in given.pop("localport", "any").split(",")],
        remote_address=[firewall.write_address(each) for each in given.pop("remoteip", "any").split(",")],
        profile=given.pop("profile", "any").capitalize(),
        enabled={"yes": True, "no": False}[given.pop("enable", "yes").lower()],
        description=given.pop("description", ""),
    )
    if given:
        raise KeyError(", ".join(given))
    firewall.add(node, rule)
    return Completed(0, "Ok.\r\n\r\n")


def _delete(node: Node, options: dict[str, str]) -> Completed:
    found = _named(node, options)
    for rule in found:
        firewall.remove(node, rule)
    return Completed(0, f"\r\nDeleted {len(found)} rule(s).\r\nOk.\r\n\r\n") if found else _NO_MATCH


def _show(node: Node, options: dict[str, str]) -> Completed:
    found = _named(node, options)
    return Completed(0, "".join(map(_text, found)) + "Ok.\r\n\r\n") if found else _NO_MATCH


def _named(node: Node, options: dict[str, str]) -> list[FirewallRule]:
    if set(options) != {"name"} or options["name"].lower() == "all":
        raise KeyError(" ".join(f"{name}={value}" for name, value in options.items()))
    name = options["name"].lower()
    return [rule for rule in node.firewall.values() if rule.display_name.lower() == name]


def _text(rule: FirewallRule) -> str:
    lines = {
        "Enabled": "Yes" if rule.enabled else "No",
        "Direction": "In" if rule.direction == "Inbound" else "Out",
        "Profiles": "Domain,Private,Public" if rule.profile == "Any" else rule.profile,
        "Grouping": "",
        "LocalIP": "Any",
        "RemoteIP": ",".join(rule.remote_address),
        "Protocol": rule.protocol,
        "LocalPort": ",".join(rule.local_port),
        "RemotePort": "Any",
        "Edge traversal": "No",
        "Action": rule.action,
    }
    body = "".join(f"{f'{name}:':<38}{value}\r\n" for name, value in lines.items())
    return f"\r\n{'Rule Name:':<38}{rule.display_name}\r\n{'-' * 70}\r\n{body}"


_COMMANDS: dict[str, Callable[[Node, dict[str, str]], Completed]] = {"add": _add, "delete": _delete, "show": _show}
