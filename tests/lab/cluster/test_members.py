"""Nodes that pause, die, stop and come back (windows-cluster.md §9.1, §9.3)."""

from __future__ import annotations

import pytest

from pulumi_tentacle.lab.cluster import membership
from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.program import ServiceStartFailed
from pulumi_tentacle.lab.powershell.cmdlet import Live
from pulumi_tentacle.lab.powershell.engine import command
from pulumi_tentacle.lab.world import Estate
from tests.lab.cluster.two_nodes import CLUSTER_ADDRESS, ROLE, SERVICE, Lab


def owners(lab: Lab) -> set[str]:
    return {g.owner for g in lab.cluster.groups}


def member(lab: Lab, name: str) -> Live:
    """As the other node sees it."""
    on = lab.node2 if name == "NODE1" else lab.node1
    found: Live = lab.succeed(command("Get-ClusterNode", Name=name), on=on)[0]
    return found


def test_a_dead_owner_loses_its_groups_to_the_other_node(role: Lab) -> None:
    membership.node_down(role.cluster, "NODE1")
    services.shutdown(role.node1)

    assert owners(role) == {"NODE2"}
    assert role.running() == ["NODE2"]
    assert role.lun.online_on == {"NODE2"}
    assert role.node1.cluster_addresses == set()
    assert CLUSTER_ADDRESS in role.node2.addresses
    assert str(member(role, "NODE1").properties["State"]) == "Down"
    assert role.group().failovers == []


def test_a_shut_down_node_hands_over_and_comes_back(role: Lab) -> None:
    services.shutdown(role.node1)
    assert role.running() == ["NODE2"]

    services.boot(role.node1)

    assert str(member(role, "NODE1").properties["State"]) == "Up"
    assert role.running() == ["NODE2"]  # no failback (AutoFailbackType 0)
    assert role.estate.tripwires == []


def test_what_the_owner_last_wrote_below_a_checkpoint_survives_its_death(role: Lab) -> None:
    role.node1.registry.set(r"Software\Octopus\Tentacle", "InstallLocation", r"D:\Tentacle")
    membership.node_down(role.cluster, "NODE1")

    assert role.node2.registry.get(r"Software\Octopus\Tentacle") == {"InstallLocation": r"D:\Tentacle"}


def test_the_last_node_takes_its_groups_along_and_brings_them_back(role: Lab) -> None:
    membership.node_down(role.cluster, "NODE2")
    membership.node_down(role.cluster, "NODE1")
    assert role.running() == []
    assert role.lun.online_on == set()

    membership.node_up(role.cluster, "NODE2")

    assert owners(role) == {"NODE2"}
    assert role.running() == ["NODE2"]


def test_failback_to_the_preferred_owner_when_it_is_allowed(role: Lab) -> None:
    role.succeed(
        command("Get-ClusterGroup", Name=ROLE),
        command("ForEach-Object", MemberName="set_AutoFailbackType", ArgumentList=1),
    )
    membership.node_down(role.cluster, "NODE1")
    membership.node_up(role.cluster, "NODE1")

    assert role.running() == ["NODE1"]
    assert role.group("Cluster Group").owner == "NODE2"


def test_stopping_the_cluster_service_takes_the_node_out(role: Lab) -> None:
    services.stop(role.node1, "ClusSvc")

    assert role.running() == ["NODE2"]
    assert role.refused(command("Get-Cluster")).failure.error_id == "ClusterEndpointNotRegistered"

    services.start(role.node1, "ClusSvc", by_cluster=False)
    assert str(role.do("Get-Cluster")[0]) == "LABCLU"


def test_a_cluster_service_without_a_cluster_does_not_start() -> None:
    node = Estate().add_node("ALONE", "127.91.0.99")
    membership.install_service(node)

    with pytest.raises(ServiceStartFailed):
        services.start(node, "ClusSvc", by_cluster=False)


def test_a_paused_node_keeps_what_it_owns_and_takes_nothing(role: Lab) -> None:
    role.do("Suspend-ClusterNode", Name="NODE1")
    assert role.running() == ["NODE1"]
    start = command("Start-ClusterGroup", Name=ROLE)
    assert role.refused(start).failure.hresult & 0xFFFF == 70

    role.do("Move-ClusterGroup", Name=ROLE, Node="NODE2")
    back = command("Move-ClusterGroup", Name=ROLE, Node="NODE1")
    assert role.refused(back).failure.hresult & 0xFFFF == 70
    assert role.running() == ["NODE2"]


def test_no_failover_onto_a_paused_node(role: Lab) -> None:
    role.do("Suspend-ClusterNode", Name="NODE2")
    services.stop(role.node1, SERVICE)
    services.stop(role.node1, SERVICE)

    assert (role.group().owner, role.states()[SERVICE]) == ("NODE1", "Failed")


def test_a_drain_without_wait_goes_on_in_the_background(role: Lab) -> None:
    """§1.1(10): -Wait is a switch here, and without it nobody knows yet."""
    shown = role.do("Suspend-ClusterNode", Name="NODE1", Drain=True)[0].properties

    assert (str(shown["State"]), str(shown["DrainStatus"])) == ("Paused", "InProgress")
    assert owners(role) == {"NODE2"}
    now = member(role, "NODE1").properties
    assert (str(now["DrainStatus"]), str(now["StatusInformation"])) == ("Completed", "DrainCompleted")


def test_a_drain_fails_where_a_role_cannot_move(role: Lab) -> None:
    role.do("Set-ClusterOwnerNode", Resource=SERVICE, Owners="NODE1")

    shown = role.do("Suspend-ClusterNode", Name="NODE1", Drain=True, Wait=True)[0].properties

    assert (str(shown["DrainStatus"]), shown["DrainErrorCode"]) == ("Failed", 5016)
    assert role.running() == ["NODE1"]


def test_a_forced_drain_stops_what_cannot_move(role: Lab) -> None:
    role.do("Set-ClusterOwnerNode", Resource=SERVICE, Owners="NODE1")

    shown = role.do("Suspend-ClusterNode", Name="NODE1", ForceDrain=True, Wait=True)[0].properties

    assert str(shown["DrainStatus"]) == "Completed"
    assert role.running() == []


def test_resume_brings_drained_roles_back_unless_told_not_to(role: Lab) -> None:
    role.do("Suspend-ClusterNode", Name="NODE1", Drain=True, Wait=True)
    role.do("Resume-ClusterNode", Name="NODE1", Failback="NoFailback")
    assert role.running() == ["NODE2"]

    role.do("Suspend-ClusterNode", Name="NODE2", Drain=True, Wait=True)
    role.do("Resume-ClusterNode", Name="NODE2")
    assert role.running() == ["NODE2"]


def test_resume_by_policy_asks_the_group(role: Lab) -> None:
    role.do("Suspend-ClusterNode", Name="NODE1", Drain=True, Wait=True)
    role.do("Resume-ClusterNode", Name="NODE1", Failback=2)

    assert role.running() == ["NODE2"]


def test_only_a_paused_node_resumes(role: Lab) -> None:
    assert role.refused(command("Resume-ClusterNode", Name="NODE2")).failure.hresult & 0xFFFF == 5058


def test_a_move_to_a_node_that_is_down_is_refused(role: Lab) -> None:
    membership.node_down(role.cluster, "NODE2")
    move = command("Move-ClusterGroup", Name=ROLE, Node="NODE2")

    assert role.refused(move).failure.hresult & 0xFFFF == 5050
