"""States of groups and resources, persistent states, and moves (windows-cluster.md §1.5, §9.1)."""

from __future__ import annotations

import pytest

from pulumi_tentacle.lab.cluster import machine, membership
from pulumi_tentacle.lab.cluster.enums import ClusterGroupState, ClusterResourceState
from pulumi_tentacle.lab.cluster.state import group_state
from pulumi_tentacle.lab.powershell.engine import command
from tests.lab.cluster.two_nodes import DISK, ROLE, ROLE_ADDRESS, SERVICE, Lab

IP = f"IP Address {ROLE_ADDRESS}"
ON, OFF, FAILED = ClusterResourceState.Online, ClusterResourceState.Offline, ClusterResourceState.Failed
COMING, GOING = ClusterResourceState.OnlinePending, ClusterResourceState.OfflinePending


@pytest.mark.parametrize(
    ("resources", "group"),
    [
        ([], ClusterGroupState.Offline),
        ([OFF, OFF], ClusterGroupState.Offline),
        ([ON, ON], ClusterGroupState.Online),
        ([ON, OFF], ClusterGroupState.PartialOnline),
        ([ON, COMING], ClusterGroupState.Pending),
        ([OFF, GOING], ClusterGroupState.Pending),
        ([ON, FAILED, COMING], ClusterGroupState.Failed),
        ([FAILED], ClusterGroupState.Failed),
    ],
)
def test_a_groups_state_follows_from_its_resources(
    resources: list[ClusterResourceState], group: ClusterGroupState
) -> None:
    assert group_state(resources) is group


def test_a_resource_stopped_by_hand_stays_stopped_over_a_move(role: Lab) -> None:
    """§9.1: the clean way to have the drive on either node and no service running."""
    role.do("Stop-ClusterResource", Name=SERVICE)
    moved = role.do("Move-ClusterGroup", Name=ROLE)

    assert str(moved[0].properties["State"]) == "PartialOnline"
    assert role.states() == {ROLE: "Online", IP: "Online", DISK: "Online", SERVICE: "Offline"}
    assert role.node2.files.is_folder("E:\\")


def test_a_stopped_group_stays_stopped_over_a_move(role: Lab) -> None:
    role.do("Stop-ClusterGroup", Name=ROLE)
    role.do("Move-ClusterGroup", Name=ROLE, Node="NODE2")

    assert set(role.states().values()) == {"Offline"}
    assert role.lun.online_on == set()


def test_a_resource_started_alone_comes_back_after_a_move(lab: Lab) -> None:
    """The role may be started resource by resource: no Start-ClusterGroup is needed for it to move."""
    lab.build_role(start=False)
    for resource in (IP, ROLE, SERVICE):
        lab.do("Start-ClusterResource", Name=resource)
    lab.do("Move-ClusterGroup", Name=ROLE)

    assert set(lab.states().values()) == {"Online"}
    assert lab.running() == ["NODE2"]


def test_start_brings_what_it_needs_online_first(lab: Lab) -> None:
    lab.build_role(start=False)
    lab.do("Start-ClusterResource", Name=SERVICE)

    assert set(lab.states().values()) == {"Online"}


def test_stop_takes_what_needs_it_offline_first(role: Lab) -> None:
    role.do("Stop-ClusterResource", Name=DISK)

    assert role.states() == {ROLE: "Online", IP: "Online", DISK: "Offline", SERVICE: "Offline"}
    assert role.running() == []
    assert role.lun.online_on == set()


def test_the_service_runs_only_while_its_providers_are_there(role: Lab) -> None:
    """Order of a move: dependents offline first, providers online first."""
    seen: list[tuple[str, bool]] = []
    role.node1.address_watchers.append(lambda: seen.append(("NODE1", bool(role.running()))))
    role.node2.address_watchers.append(lambda: seen.append(("NODE2", bool(role.running()))))

    role.do("Move-ClusterGroup", Name=ROLE)

    assert seen == [("NODE1", False), ("NODE2", False)]
    assert role.running() == ["NODE2"]


def test_start_and_stop_are_idempotent(role: Lab) -> None:
    process = role.node1.services[SERVICE.lower()].process_id
    role.do("Start-ClusterGroup", Name=ROLE)
    role.do("Start-ClusterResource", Name=SERVICE)
    assert role.node1.services[SERVICE.lower()].process_id == process

    role.do("Stop-ClusterGroup", Name=ROLE)
    role.do("Stop-ClusterGroup", Name=ROLE)
    assert set(role.states().values()) == {"Offline"}


def test_a_move_to_where_it_is_changes_nothing(role: Lab) -> None:
    process = role.node1.services[SERVICE.lower()].process_id
    role.do("Move-ClusterGroup", Name=ROLE, Node="node1")

    assert role.node1.services[SERVICE.lower()].process_id == process


def test_without_waiting_the_object_is_still_pending(role: Lab) -> None:
    """§1.1(10): -Wait 0 returns at once; success is never to be read from what returns."""
    shown = role.do("Move-ClusterGroup", Name=ROLE, Wait=0)
    assert str(shown[0].properties["State"]) == "Pending"
    shown = role.do("Stop-ClusterResource", Name=SERVICE, Wait=0)
    assert str(shown[0].properties["State"]) == "OfflinePending"
    shown = role.do("Start-ClusterResource", Name=SERVICE, Wait=0)
    assert str(shown[0].properties["State"]) == "OnlinePending"

    assert set(role.states().values()) == {"Online"}


def test_preferred_owners_come_first_when_nobody_names_a_target(lab: Lab) -> None:
    lab.build_role()
    lab.do("Set-ClusterOwnerNode", Group=ROLE, Owners=["NODE2", "NODE1"])

    assert machine.standby_nodes(lab.cluster, lab.group()) == ["NODE2"]
    assert membership.move_role(lab.cluster, ROLE) == "NODE2"
    assert membership.move_role(lab.cluster, ROLE) == "NODE1"


OUTER = f"An error occurred while moving the clustered role '{ROLE}'."


def test_a_node_that_may_not_own_it_is_refused(role: Lab) -> None:
    """The one error of a move that is known word for word (§1.5)."""
    role.do("Set-ClusterOwnerNode", Resource=SERVICE, Owners="NODE1")

    for arguments in ({}, {"Node": "NODE2"}):
        record = role.refused(command("Move-ClusterGroup", Name=ROLE, **arguments))
        assert record.message == (
            f"{OUTER}\r\n    The operation failed because either the specified cluster node is not the owner of the "
            "group, or the node is not a possible owner of the group"
        )
        assert record.fqid == "Move-ClusterGroup,Microsoft.FailoverClusters.PowerShell.MoveClusterGroupCommand"
        assert record.category.name == "NotSpecified"
    assert role.group().owner == "NODE1"


def test_the_owner_cannot_be_taken_from_an_online_resource(role: Lab) -> None:
    """[MS-CMRP] ApiRemoveResourceNode: first move, then take the node away."""
    away = command("Set-ClusterOwnerNode", Resource=SERVICE, Owners="NODE2")
    assert role.refused(away).failure.hresult & 0xFFFF == 5023

    role.do("Move-ClusterGroup", Name=ROLE, Node="NODE2")
    role.succeed(away)
    assert role.cluster.possible_owners(role.resource()) == ["NODE2"]


def test_an_owner_that_may_not_run_it_cannot_start_it(role: Lab) -> None:
    role.do("Stop-ClusterResource", Name=SERVICE)
    role.do("Set-ClusterOwnerNode", Resource=SERVICE, Owners="NODE2")

    record = role.refused(command("Start-ClusterResource", Name=SERVICE))

    assert record.failure.hresult & 0xFFFF == 5071
