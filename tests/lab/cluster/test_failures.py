"""What happens to a failed resource (windows-cluster.md §9.1, §9.2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pulumi_tentacle.lab.cluster import machine, membership, policy
from pulumi_tentacle.lab.cluster.directory import ComputerObject
from pulumi_tentacle.lab.cluster.enums import ClusterNetworkRole, GroupType
from pulumi_tentacle.lab.cluster.resource_types import GENERIC_SERVICE
from pulumi_tentacle.lab.cluster.state import Group, Resource
from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.powershell.engine import command
from tests.lab.cluster.two_nodes import DISK, ROLE, ROLE_ADDRESS, SERVICE, Lab

CASES = json.loads(Path(__file__).with_name("failure_policy.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_policy(case: dict[str, Any]) -> None:
    """`restarts` and `failovers` are seconds before now."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    group = Group("g", GroupType.GenericService, "NODE1")
    group.common |= case.get("group", {})
    group.failovers = [now - timedelta(seconds=s) for s in case.get("failovers", [])]
    resource = Resource("r", GENERIC_SERVICE, group)
    resource.common |= case.get("resource", {})
    resource.restarts = [now - timedelta(seconds=s) for s in case.get("restarts", [])]

    chosen = policy.reaction(resource, group, now=now, nodes=case.get("nodes", 2), standby=case.get("standby", True))

    assert chosen.name == case["expect"]


def test_a_service_stopped_by_hand_on_the_owner_is_started_again(role: Lab) -> None:
    """§9.2: a stop outside the cluster is a failure in its eyes."""
    services.stop(role.node1, SERVICE)

    assert role.running() == ["NODE1"]
    assert role.states()[SERVICE] == "Online"
    assert role.estate.tripwires == []


def test_stopped_twice_within_the_period_the_role_moves(role: Lab) -> None:
    services.stop(role.node1, SERVICE)
    services.stop(role.node1, SERVICE)

    assert role.group().owner == "NODE2"
    assert role.running() == ["NODE2"]
    assert role.lun.online_on == {"NODE2"}


def test_stopped_again_after_the_period_it_is_restarted_where_it_is(role: Lab) -> None:
    services.stop(role.node1, SERVICE)
    role.estate.clock.sleep(901)
    services.stop(role.node1, SERVICE)

    assert role.group().owner == "NODE1"
    assert role.running() == ["NODE1"]


def test_a_stop_by_the_cluster_is_no_failure(role: Lab) -> None:
    role.do("Stop-ClusterResource", Name=SERVICE)

    assert role.running() == []
    assert role.resource().restarts == []
    assert role.states() == {ROLE: "Online", f"IP Address {ROLE_ADDRESS}": "Online", DISK: "Online", SERVICE: "Offline"}


def test_a_stop_on_the_passive_node_concerns_nobody(role: Lab) -> None:
    services.start(role.node2, SERVICE, by_cluster=True)
    services.stop(role.node2, SERVICE)

    assert role.states()[SERVICE] == "Online"
    assert role.group().owner == "NODE1"


def test_a_service_that_never_starts_ends_failed_on_the_last_node(lab: Lab) -> None:
    """§9.1: one local restart, one failover, then Failed."""
    lab.build_role(start=False)
    for node in lab.nodes:
        node.files.write(r"C:\Agent\broken", b"")

    record = lab.refused(command("Start-ClusterGroup", Name=ROLE))

    assert record.failure.hresult & 0xFFFF == 5018
    assert record.fqid == "Start-ClusterGroup,Microsoft.FailoverClusters.PowerShell.StartClusterGroupCommand"
    assert lab.group().owner == "NODE2"
    assert (len(lab.resource().restarts), len(lab.group().failovers)) == (1, 1)
    assert lab.states() == {ROLE: "Online", f"IP Address {ROLE_ADDRESS}": "Online", DISK: "Online", SERVICE: "Failed"}
    assert lab.resource().status_code == 1053
    assert str(lab.do("Get-ClusterGroup", Name=ROLE)[0].properties["State"]) == "Failed"


def test_started_by_hand_after_the_cause_is_mended(lab: Lab) -> None:
    """User report U47: a role that has used up its limit comes online by a planned start."""
    lab.build_role(start=False)
    for node in lab.nodes:
        node.files.write(r"C:\Agent\broken", b"")
    lab.run(command("Start-ClusterGroup", Name=ROLE))
    for node in lab.nodes:
        node.files.delete(r"C:\Agent\broken")

    lab.do("Start-ClusterGroup", Name=ROLE)

    assert lab.running() == ["NODE2"]
    assert lab.resource().status_code == 0


def test_a_failure_takes_the_dependents_offline_and_brings_them_back(role: Lab) -> None:
    seen: list[str] = []
    role.node1.address_watchers.append(lambda: seen.append(role.resource().state.name))

    machine.fail_resource(role.cluster, role.resource(f"IP Address {ROLE_ADDRESS}"))

    assert seen == ["Offline", "Offline"]  # when the address went, and when it came back
    assert role.running() == ["NODE1"]
    assert set(role.states().values()) == {"Online"}


def test_a_resource_that_stays_failed_keeps_only_its_dependents_offline(role: Lab) -> None:
    role.resource(f"IP Address {ROLE_ADDRESS}").common["RestartAction"] = 0

    machine.fail_resource(role.cluster, role.resource(f"IP Address {ROLE_ADDRESS}"))

    expected = {ROLE: "Offline", f"IP Address {ROLE_ADDRESS}": "Failed", DISK: "Online", SERVICE: "Offline"}
    assert role.states() == expected


def test_stopping_a_failed_resource_says_so_and_leaves_it_failed(role: Lab) -> None:
    """[MS-CMRP] ApiOfflineResource."""
    role.resource().common["RestartAction"] = 0
    membership.fail_role(role.cluster, ROLE)

    record = role.refused(command("Stop-ClusterResource", Name=SERVICE))

    assert record.failure.hresult & 0xFFFF == 5038
    assert role.states()[SERVICE] == "Failed"
    assert not role.resource().persistent


def break_address(lab: Lab) -> None:
    lab.cluster.foreign_addresses.add(ROLE_ADDRESS)


def break_network(lab: Lab) -> None:
    lab.set(f"IP Address {ROLE_ADDRESS}", Address="10.1.2.3")


def break_network_role(lab: Lab) -> None:
    lab.cluster.networks[0].role = ClusterNetworkRole.Cluster


def lose_adapter(lab: Lab) -> None:
    lab.cluster.interfaces.clear()


def use_nodes_address(lab: Lab) -> None:
    lab.set(f"IP Address {ROLE_ADDRESS}", Address=lab.node2.address)


def use_dhcp(lab: Lab) -> None:
    lab.set(f"IP Address {ROLE_ADDRESS}", EnableDhcp=1)


def drop_address(lab: Lab) -> None:
    lab.do("Set-ClusterResourceDependency", Resource=ROLE, Dependency="")


def take_right(lab: Lab) -> None:
    lab.cluster.directory.revoke_create(lab.cluster.account, lab.cluster.container)


def lengthen_name(lab: Lab) -> None:
    lab.set(ROLE, Name="A234567890123456")


def use_clusters_name(lab: Lab) -> None:
    lab.set(ROLE, Name="LABCLU")


def use_computers_name(lab: Lab) -> None:
    lab.set(ROLE, Name="node2")


def remove_service(lab: Lab) -> None:
    for node in lab.nodes:
        del node.services[SERVICE.lower()]


def disable_service(lab: Lab) -> None:
    for node in lab.nodes:
        node.services[SERVICE.lower()].start_mode = "Disabled"


def hide_disk(lab: Lab) -> None:
    lab.do("Stop-ClusterResource", Name=DISK)
    lab.lun.seen_by.clear()


def take_letter(lab: Lab) -> None:
    lab.do("Stop-ClusterResource", Name=DISK)
    for node in lab.nodes:
        node.drives["E"] = node.drives["C"]


FAILURES = [
    (break_address, f"IP Address {ROLE_ADDRESS}", 5057),
    (use_nodes_address, f"IP Address {ROLE_ADDRESS}", 5057),
    (break_network, f"IP Address {ROLE_ADDRESS}", 5894),
    (lose_adapter, f"IP Address {ROLE_ADDRESS}", 5894),
    (break_network_role, f"IP Address {ROLE_ADDRESS}", 5894),
    (use_dhcp, f"IP Address {ROLE_ADDRESS}", 50),
    (drop_address, ROLE, 5002),
    (take_right, ROLE, 5),
    (lengthen_name, ROLE, 1210),
    (use_clusters_name, ROLE, 5905),
    (use_computers_name, ROLE, 5905),
    (remove_service, SERVICE, 1060),
    (disable_service, SERVICE, 1058),
    (hide_disk, DISK, 2),
    (take_letter, DISK, 85),
]


@pytest.mark.parametrize(("spoil", "resource", "code"), FAILURES, ids=lambda v: getattr(v, "__name__", str(v)))
def test_what_keeps_a_resource_from_coming_online(lab: Lab, spoil: Any, resource: str, code: int) -> None:
    """The resource is Failed with the Win32 error, what needs it is Offline, and no service runs."""
    lab.build_role(start=False)
    spoil(lab)

    lab.run(command("Start-ClusterGroup", Name=ROLE))

    found = lab.do("Get-ClusterResource", Name=resource)[0].properties
    assert (str(found["State"]), found["LastOperationStatusCode"]) == ("Failed", code)
    assert lab.states()[SERVICE] == ("Failed" if resource == SERVICE else "Offline")
    assert lab.running() == []


def test_a_process_that_runs_already_is_not_adopted(lab: Lab) -> None:
    """§2.3: whatever ran before, the resource runs a process of its own."""
    lab.build_role(start=False)
    services.start(lab.node1, SERVICE, by_cluster=True)
    before = lab.node1.services[SERVICE.lower()].process_id

    lab.do("Start-ClusterGroup", Name=ROLE)

    assert lab.running() == ["NODE1"]
    assert lab.node1.services[SERVICE.lower()].process_id != before


@pytest.mark.parametrize("wait", [None, 0])
def test_starting_one_resource_in_vain(lab: Lab, wait: int | None) -> None:
    """5018 for who waits; who does not has to look."""
    lab.build_role(start=False)
    lab.resource(ROLE).common["RestartAction"] = 0
    take_right(lab)

    outcome = lab.run(command("Start-ClusterResource", Name=ROLE, **({} if wait is None else {"Wait": wait})))

    assert [e.failure.hresult & 0xFFFF for e in outcome.errors] == ([5018] if wait is None else [])
    assert lab.states()[ROLE] == "Failed"


def test_a_denied_name_comes_online_after_the_right_is_granted(lab: Lab) -> None:
    """User report U35: nothing is built twice."""
    lab.build_role(start=False)
    take_right(lab)
    lab.run(command("Start-ClusterGroup", Name=ROLE))

    lab.cluster.directory.grant_create(lab.cluster.account, lab.cluster.container)
    lab.do("Start-ClusterGroup", Name=ROLE)

    assert set(lab.states().values()) == {"Online"}


@pytest.mark.parametrize(
    ("enabled", "full_control", "code"),
    [(False, True, 0), (False, False, 5), (True, True, 5905), (True, False, 5905)],
)
def test_a_prestaged_object_serves_when_it_is_disabled_and_ours_to_control(
    lab: Lab, enabled: bool, full_control: bool, code: int
) -> None:
    """§2.4: a pre-staged disabled object with full control for the cluster's account."""
    directory, account = lab.cluster.directory, lab.cluster.account
    take_right(lab)
    rights = {account} if full_control else set()
    directory.add(ComputerObject(ROLE, lab.cluster.container, enabled=enabled, full_control=rights))
    lab.build_role(start=False)

    lab.run(command("Start-ClusterGroup", Name=ROLE))

    assert lab.resource(ROLE).status_code == code
    assert lab.resource(ROLE).online is (code == 0)
