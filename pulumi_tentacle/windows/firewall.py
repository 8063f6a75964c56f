"""Rules of Windows Defender Firewall, found by their internal name: the display name is no key (user report U70)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_tentacle.errors import CmdletFailed
from pulumi_tentacle.remoting.commands import command
from pulumi_tentacle.remoting.node import Answer, Node
from pulumi_tentacle.windows.queries import Query


@dataclass(frozen=True)
class Rule:
    """An inbound rule that allows TCP to one port. No remote address stands for "from anywhere"."""

    name: str
    display_name: str
    port: int
    remote_addresses: tuple[str, ...] = ()
    enabled: bool = True


def rule(name: str) -> Query[Rule | None]:
    """The rule of this internal name, or None."""
    found = command("Get-NetFirewallRule", Name=name)
    return Query(
        (
            found | command("Select-Object", Property=["Name", "DisplayName", "Enabled", "Direction", "Action"]),
            found | command("Get-NetFirewallPortFilter") | command("Select-Object", Property=["Protocol", "LocalPort"]),
            found | command("Get-NetFirewallAddressFilter") | command("Select-Object", Property=["RemoteAddress"]),
        ),
        lambda answers: _parse(name, answers),
    )


def _parse(name: str, answers: Sequence[Answer]) -> Rule | None:
    rules, ports, addresses = answers
    if _missing(rules.error):
        return None
    (basic,), (port,), (address,) = rules.objects, ports.objects, addresses.objects
    allows = (str(basic["Direction"]), str(basic["Action"]), str(port["Protocol"])) == ("Inbound", "Allow", "TCP")
    numbers = _texts(port["LocalPort"])
    remote = tuple(sorted(a for a in _texts(address["RemoteAddress"]) if a != "Any"))
    return Rule(
        name=name,
        display_name=str(basic["DisplayName"]),
        port=int(numbers[0]) if len(numbers) == 1 and numbers[0].isdigit() and allows else 0,
        remote_addresses=remote,
        enabled=str(basic["Enabled"]) == "True",
    )


def _missing(error: CmdletFailed | None) -> bool:
    return error is not None and error.error_id == "CmdletizationQuery_NotFound_InstanceID"


def _texts(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def add(node: Node, wanted: Rule) -> None:
    """Make the rule."""
    addresses = {"RemoteAddress": list(wanted.remote_addresses)} if wanted.remote_addresses else {}
    node.call(
        command(
            "New-NetFirewallRule",
            Name=wanted.name,
            DisplayName=wanted.display_name,
            Direction="Inbound",
            Action="Allow",
            Protocol="TCP",
            LocalPort=[str(wanted.port)],
            Profile="Any",
            Enabled="True",
            **addresses,
        )
        | command("Out-Null")
    )


def remove(node: Node, name: str) -> None:
    """Take the rule away; one that is not there is no error."""
    try:
        node.call(command("Remove-NetFirewallRule", Name=name))
    except CmdletFailed as error:
        if not _missing(error):
            raise
