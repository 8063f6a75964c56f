"""Firewall rules by cmdlet and by netsh, what they let in, and listening sockets (windows-cluster.md §6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_tentacle.lab.node import firewall, services
from pulumi_tentacle.lab.powershell.engine import command, invoke, pipe
from pulumi_tentacle.lab.world import FirewallRule, Node
from tests.lab.node.helpers import errors, get, good, install_service, only, run

ADDRESSES = yaml.safe_load((Path(__file__).parent / "firewall_addresses.yaml").read_text(encoding="utf-8"))
GUIDE = ["name=Octopus Deploy Tentacle", "dir=in", "action=allow", "protocol=TCP", "localport=10933"]


def add(node: Node, name: str = "octopus-tentacle", **more: Any) -> None:
    wanted = {
        "Name": name,
        "DisplayName": "Octopus Deploy Tentacle",
        "Direction": "Inbound",
        "Action": "Allow",
        "Protocol": "TCP",
        "LocalPort": ["10933"],
        "Profile": "Any",
        "Enabled": "True",
    }
    good(invoke(node, "New-NetFirewallRule", **{**wanted, **more}))


def filter_of(node: Node, kind: str, name: str = "octopus-tentacle") -> dict[str, Any]:
    return only(pipe(node, command("Get-NetFirewallRule", Name=name), command(f"Get-NetFirewall{kind}"))).properties


def test_a_rule_shows_enums_and_its_filters_show_port_and_addresses(node: Node) -> None:
    add(node, RemoteAddress=["10.1.2.3", "10.0.0.0/8"])

    (rule,) = get(node, "Get-NetFirewallRule", Name="OCTOPUS-tentacle")

    shown = {key: (str(rule[key]), rule[key].number) for key in ("Enabled", "Direction", "Action", "Profile")}
    assert shown == {"Enabled": ("True", 1), "Direction": ("Inbound", 1), "Action": ("Allow", 2), "Profile": ("Any", 0)}
    assert (rule["Name"], rule["DisplayName"]) == ("octopus-tentacle", "Octopus Deploy Tentacle")
    port = filter_of(node, "PortFilter")
    assert (port["Protocol"], port["LocalPort"], port["InstanceID"]) == ("TCP", "10933", "octopus-tentacle")
    assert filter_of(node, "AddressFilter")["RemoteAddress"] == ["10.1.2.3", "10.0.0.0/255.0.0.0"]


def test_without_an_address_everybody_is_let_in(node: Node) -> None:
    add(node)

    assert filter_of(node, "AddressFilter")["RemoteAddress"] == "Any"


@pytest.mark.parametrize("case", ADDRESSES, ids=lambda case: case["given"])
def test_addresses_come_back_as_the_firewall_writes_them(node: Node, case: dict[str, str]) -> None:
    add(node, RemoteAddress=[case["given"]])

    assert filter_of(node, "AddressFilter")["RemoteAddress"] == case["written"]


def test_a_name_is_a_key_and_a_display_name_is_none(node: Node) -> None:
    add(node, "one")
    add(node, "two")

    again = invoke(node, "New-NetFirewallRule", Name="ONE", DisplayName="other")

    assert errors(again) == ["Windows System Error 183,New-NetFirewallRule"]
    assert again.errors[0].message == "Cannot create a file when that file already exists."
    assert len(get(node, "Get-NetFirewallRule", DisplayName="octopus deploy tentacle")) == 2


def test_a_rule_without_a_name_gets_a_guid(node: Node) -> None:
    made = only(invoke(node, "New-NetFirewallRule", DisplayName="A")).properties["Name"]

    assert made.startswith("{")
    assert get(node, "Get-NetFirewallRule", Name=made)


def test_names_are_patterns_unless_escaped(node: Node) -> None:
    add(node, "octopus [1]")
    add(node, "octopus 1")

    assert [row["Name"] for row in get(node, "Get-NetFirewallRule", Name="octopus `[1`]")] == ["octopus [1]"]
    assert [row["Name"] for row in get(node, "Get-NetFirewallRule", Name="octopus*")] == ["octopus [1]", "octopus 1"]
    assert get(node, "Get-NetFirewallRule", Name="nope*") == []


def test_a_rule_can_be_changed(node: Node) -> None:
    add(node)

    good(
        invoke(
            node,
            "Set-NetFirewallRule",
            Name="octopus-tentacle",
            NewDisplayName="Octopus: 10934",
            LocalPort="10934",
            RemoteAddress=["10.0.0.1"],
            Enabled="False",
        )
    )

    rule = node.firewall["octopus-tentacle"]
    assert (rule.display_name, rule.local_port, rule.remote_address, rule.enabled) == (
        "Octopus: 10934",
        ["10934"],
        ["10.0.0.1"],
        False,
    )


def test_rules_are_found_by_their_port(node: Node) -> None:
    add(node, "one")
    add(node, "two", LocalPort=["443"])

    found = pipe(
        node,
        command("Get-NetFirewallPortFilter"),
        command("Where-Object", Property="LocalPort", EQ=True, Value="10933"),
        command("Get-NetFirewallRule"),
    )

    assert [each.properties["Name"] for each in good(found)] == ["one"]


def test_a_rule_is_removed_by_name_or_from_the_pipeline(node: Node) -> None:
    add(node, "one")
    add(node, "two")

    good(invoke(node, "Remove-NetFirewallRule", Name="one"))
    good(pipe(node, command("Get-NetFirewallRule", Name="two"), command("Remove-NetFirewallRule")))

    assert node.firewall == {}


def test_the_guides_netsh_adds_a_rule_each_time(node: Node) -> None:
    for _ in range(2):
        done = run(node, "netsh.exe", "advfirewall", "firewall", "add", "rule", *GUIDE)
        assert (done.exit_code, done.stdout) == (0, "Ok.\r\n\r\n")

    rows = get(node, "Get-NetFirewallRule", DisplayName="Octopus Deploy Tentacle")
    assert len(rows) == 2
    assert all(row["Name"].startswith("{") for row in rows)
    assert filter_of(node, "PortFilter", rows[0]["Name"])["LocalPort"] == "10933"


def test_netsh_shows_and_deletes_all_rules_of_a_name(node: Node) -> None:
    for _ in range(2):
        run(node, "netsh.exe", "advfirewall", "firewall", "add", "rule", *GUIDE, "remoteip=10.0.0.0/8,10.1.1.1")

    shown = run(node, "netsh.exe", "advfirewall", "firewall", "show", "rule", GUIDE[0])
    assert shown.stdout.count("Rule Name:                            Octopus Deploy Tentacle\r\n") == 2
    assert "RemoteIP:                             10.0.0.0/255.0.0.0,10.1.1.1\r\n" in shown.stdout

    deleted = run(node, "netsh.exe", "advfirewall", "firewall", "delete", "rule", GUIDE[0])
    assert (deleted.exit_code, deleted.stdout) == (0, "\r\nDeleted 2 rule(s).\r\nOk.\r\n\r\n")


@pytest.mark.parametrize("action", ["show", "delete"])
def test_netsh_tells_when_no_rule_matches(node: Node, action: str) -> None:
    done = run(node, "netsh.exe", "advfirewall", "firewall", action, "rule", "name=nope")

    assert (done.exit_code, done.stdout) == (1, "\r\nNo rules match the specified criteria.\r\n\r\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["interface", "show", "interface"],
        ["advfirewall", "firewall", "set", "rule", "name=a", "new", "enable=no"],
        ["advfirewall", "firewall", "add", "rule", *GUIDE, "edge=yes"],
        ["advfirewall", "firewall", "add", "rule", *GUIDE[:-1], "localport=99999"],
        ["advfirewall", "firewall", "delete", "rule", "name=all"],
    ],
)
def test_other_uses_of_netsh_are_refused_and_counted(node: Node, arguments: list[str]) -> None:
    assert run(node, "netsh.exe", *arguments).stderr.startswith("the lab does not know netsh")
    assert sum(node.unknown.values()) == 1
    assert node.firewall == {}


@pytest.mark.parametrize(
    ("rules", "admitted"),
    [
        ([], False),
        ([{}], True),
        ([{"local_port": ["10933"]}], True),
        ([{"local_port": ["10000-11000"]}], True),
        ([{"local_port": ["443"]}], False),
        ([{"remote_address": ["10.0.0.0/255.0.0.0"]}], True),
        ([{"remote_address": ["10.1.1.1-10.1.1.9"]}], True),
        ([{"remote_address": ["10.2.0.0/255.255.0.0"]}], False),
        ([{"enabled": False}], False),
        ([{"direction": "Outbound"}], False),
        ([{"protocol": "UDP"}], False),
        ([{}, {"action": "Block"}], False),
    ],
)
def test_what_the_firewall_lets_in(node: Node, rules: list[dict[str, Any]], admitted: bool) -> None:
    for number, rule in enumerate(rules):
        firewall.add(node, FirewallRule(str(number), "A", **rule))

    assert firewall.admits(node, 10933, "10.1.1.5") is admitted


@pytest.mark.usefixtures("daemons")
def test_listening_sockets_belong_to_the_service_that_runs(node: Node) -> None:
    service = install_service(node)
    services.start(node, service.name, by_cluster=False)
    node.listening |= {("127.0.0.1", 10933), ("127.0.0.1", 10934)}

    (row,) = get(node, "Get-NetTCPConnection", LocalPort=10933, State="Listen")

    assert (row["LocalAddress"], row["LocalPort"], str(row["State"])) == ("127.0.0.1", 10933, "Listen")
    assert row["OwningProcess"] == service.process_id
    assert len(get(node, "Get-NetTCPConnection")) == 2


def test_with_several_services_the_owner_must_be_recorded(node: Node) -> None:
    node.listening.add(("127.0.0.1", 10933))
    assert errors(invoke(node, "Get-NetTCPConnection")) == ["LabNotKnown,Get-NetTCPConnection"]

    node.socket_owners["127.0.0.1", 10933] = 4711
    assert [row["OwningProcess"] for row in get(node, "Get-NetTCPConnection")] == [4711]
