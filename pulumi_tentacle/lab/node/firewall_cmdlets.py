"""The cmdlets of the module NetSecurity (windows-cluster.md §6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.node import firewall, win32
from pulumi_tentacle.lab.node.cdxml import (
    CIM_EXCEPTION,
    CIM_HRESULT,
    CimEnum,
    Criterion,
    instance,
    query,
    text_criterion,
)
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import Call, Failure, Live, Parameter, cmdlet, switch, text, texts
from pulumi_tentacle.lab.world import FirewallRule

_RULE, _NAMESPACE = "MSFT_NetFirewallRule", "root/standardcimv2"

# The numbers of Action and Enabled are documented for MSFT_NetFirewallRule, the others are practitioners' (§6).
ACTION = CimEnum("NetSecurity.Action", {"NotConfigured": 0, "Allow": 2, "Block": 4})
DIRECTION = CimEnum("NetSecurity.Direction", {"Inbound": 1, "Outbound": 2})
ENABLED = CimEnum("NetSecurity.Enabled", {"True": 1, "False": 2})
PROFILE = CimEnum("NetSecurity.Profile", {"Any": 0, "Domain": 1, "Private": 2, "Public": 4})
PRIMARY_STATUS = CimEnum("NetSecurity.PrimaryStatus", {"Unknown": 0, "OK": 1, "Inactive": 2, "Error": 3})

_SETTINGS = {
    "Direction": Parameter(DIRECTION.parse),
    "Action": Parameter(ACTION.parse),
    "Protocol": Parameter(text),
    "LocalPort": Parameter(texts),
    "RemoteAddress": Parameter(texts),
    "Profile": Parameter(PROFILE.parse),
    "Enabled": Parameter(ENABLED.parse),
    "Description": Parameter(text),
}


@cmdlet(
    "New-NetFirewallRule",
    None,
    Name=Parameter(text, aliases=("ID",)),
    DisplayName=Parameter(text, mandatory=True),
    **_SETTINGS,
)
def new_net_firewall_rule(call: Call) -> Iterator[Live]:
    """Identical rules are no error as long as their names differ (user report U70)."""
    name = call.parameters.get("Name") or firewall.generated_name()
    if firewall.find(call.node, name):
        call.error(
            Failure(
                win32.message(win32.ALREADY_EXISTS),
                f"Windows System Error {win32.ALREADY_EXISTS}",
                ErrorCategory.NotSpecified,
                f"{_RULE}:{_NAMESPACE}/{_RULE}",
                CIM_EXCEPTION,
                CIM_HRESULT,
            )
        )
        return
    rule = FirewallRule(name, call.parameters["DisplayName"])
    _apply(call, rule)
    firewall.add(call.node, rule)
    yield _shown(rule)


@cmdlet(
    "Get-NetFirewallRule",
    Name=Parameter(texts, position=0, aliases=("ID",)),
    DisplayName=Parameter(texts),
    All=Parameter(switch),
)
def get_net_firewall_rule(call: Call) -> Iterator[Live]:
    """All rules without a parameter; from the pipeline, the rules of filters."""
    if call.input is not None:
        for piped in call.input:
            yield _shown(_rule_of(call, piped))
        return
    for rule in _wanted(call):
        yield _shown(rule)


@cmdlet(
    "Set-NetFirewallRule",
    None,
    Name=Parameter(texts, position=0, aliases=("ID",)),
    DisplayName=Parameter(texts),
    NewDisplayName=Parameter(text),
    PassThru=Parameter(switch),
    **_SETTINGS,
)
def set_net_firewall_rule(call: Call) -> Iterator[Live]:
    for rule in _chosen(call):
        rule.display_name = call.parameters.get("NewDisplayName") or rule.display_name
        _apply(call, rule)
        if call.parameters.get("PassThru"):
            yield _shown(rule)


@cmdlet(
    "Remove-NetFirewallRule",
    Name=Parameter(texts, position=0, aliases=("ID",)),
    DisplayName=Parameter(texts),
)
def remove_net_firewall_rule(call: Call) -> None:
    for rule in _chosen(call):
        firewall.remove(call.node, rule)


@cmdlet("Get-NetFirewallPortFilter", All=Parameter(switch))
def get_net_firewall_port_filter(call: Call) -> Iterator[Live]:
    return _filters(call, "MSFT_NetProtocolPortFilter", _port_filter)


@cmdlet("Get-NetFirewallAddressFilter", All=Parameter(switch))
def get_net_firewall_address_filter(call: Call) -> Iterator[Live]:
    return _filters(call, "MSFT_NetAddressFilter", _address_filter)


def _filters(call: Call, class_name: str, properties: Callable[[FirewallRule], dict[str, Any]]) -> Iterator[Live]:
    """One filter for each rule, with the rule's InstanceID; those of all rules when nothing is piped in."""
    all_rules = call.node.firewall.values()
    for rule in list(all_rules) if call.input is None else [_rule_of(call, piped) for piped in call.input]:
        shown = {"InstanceID": rule.name, **properties(rule)}
        yield instance(f"{_NAMESPACE}/{class_name}", f'InstanceID = "{rule.name}"', shown, rule)


def _port_filter(rule: FirewallRule) -> dict[str, Any]:
    return {
        "Protocol": rule.protocol,
        "LocalPort": _one_or_list(rule.local_port),
        "RemotePort": "Any",
        "IcmpType": "Any",
    }


def _address_filter(rule: FirewallRule) -> dict[str, Any]:
    return {"LocalAddress": "Any", "RemoteAddress": _one_or_list(rule.remote_address)}


def _one_or_list(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _shown(rule: FirewallRule) -> Live:
    properties = {
        "Name": rule.name,
        "InstanceID": rule.name,
        "DisplayName": rule.display_name,
        "Description": rule.description or None,
        "Enabled": ENABLED[str(rule.enabled)],
        "Profile": PROFILE[rule.profile],
        "Direction": DIRECTION[rule.direction],
        "Action": ACTION[rule.action],
        "PrimaryStatus": PRIMARY_STATUS["OK"],
        "PolicyStoreSource": "PersistentStore",
    }
    return instance(f"{_NAMESPACE}/{_RULE}", f'InstanceID = "{rule.name}"', properties, rule)


def _wanted(call: Call) -> Iterator[FirewallRule]:
    criteria: list[Criterion] = []
    if names := call.parameters.get("Name"):
        criteria.append(text_criterion("InstanceID", names, lambda rule: rule.name, globbing=True))
    if names := call.parameters.get("DisplayName"):
        criteria.append(text_criterion("DisplayName", names, lambda rule: rule.display_name, globbing=True))
    return query(call, _RULE, list(call.node.firewall.values()), criteria)


def _chosen(call: Call) -> Iterator[FirewallRule]:
    """The rules to change: piped in, or by name. Without either nothing is meant."""
    if call.input is not None:
        return iter([_rule_of(call, piped) for piped in call.input])
    if not call.parameters.get("Name") and not call.parameters.get("DisplayName"):
        refuse(call, f"{call.name} without a rule's name")
    return iter(list(_wanted(call)))


def _rule_of(call: Call, piped: Any) -> FirewallRule:
    if not isinstance(piped, Live) or not isinstance(piped.entity, FirewallRule):
        refuse(call, f"{call.name} from {piped}")
    return piped.entity


def _apply(call: Call, rule: FirewallRule) -> None:
    given = call.parameters
    try:
        ports = [firewall.write_port(port) for port in given.get("LocalPort") or rule.local_port]
        addresses = [firewall.write_address(each) for each in given.get("RemoteAddress") or rule.remote_address]
    except firewall.NotWritten as error:
        refuse(call, str(error))
    protocol = (given.get("Protocol") or rule.protocol).upper()
    if protocol not in ("TCP", "UDP", "ANY"):
        refuse(call, f"firewall rules for the protocol {protocol}")
    rule.local_port, rule.remote_address = ports, addresses
    rule.protocol = "Any" if protocol == "ANY" else protocol
    rule.direction = given.get("Direction", rule.direction)
    rule.action = given.get("Action", rule.action)
    rule.profile = given.get("Profile", rule.profile)
    rule.description = given.get("Description") or rule.description
    if "Enabled" in given:
        rule.enabled = given["Enabled"] == "True"
