"""A Generic Service role from unmarked cmdlets only, in the order of windows-cluster.md §2.5."""

from __future__ import annotations

from tests.lab.cluster.two_nodes import DISK, KEY, OTHER_ADDRESS, ROLE, ROLE_ADDRESS, SERVICE, Lab

ALL_ONLINE = {ROLE: "Online", f"IP Address {ROLE_ADDRESS}": "Online", DISK: "Online", SERVICE: "Online"}


def test_built_step_by_step_it_ends_online_on_the_owner_only(role: Lab) -> None:
    assert role.states() == ALL_ONLINE
    assert role.running() == ["NODE1"]
    assert role.lun.online_on == {"NODE1"}
    assert role.node1.files.is_folder("E:\\")
    assert not role.node2.files.is_folder("E:\\")
    assert ROLE_ADDRESS in role.node1.addresses
    assert ROLE_ADDRESS not in role.node2.addresses
    assert role.estate.tripwires == []


def test_nothing_of_it_is_online_before_the_start(lab: Lab) -> None:
    lab.build_role(start=False)

    assert lab.states() == ALL_ONLINE | dict.fromkeys([ROLE, f"IP Address {ROLE_ADDRESS}", SERVICE], "Offline")
    assert lab.running() == []


def test_a_move_brings_all_of_it_online_on_the_other_node_only(role: Lab) -> None:
    moved = role.do("Move-ClusterGroup", Name=ROLE, Node="NODE2")

    assert (str(moved[0].properties["OwnerNode"]), str(moved[0].properties["State"])) == ("NODE2", "Online")
    assert role.states() == ALL_ONLINE
    assert role.running() == ["NODE2"]
    assert role.lun.online_on == {"NODE2"}
    assert ROLE_ADDRESS in role.node2.addresses
    assert ROLE_ADDRESS not in role.node1.addresses
    assert role.node2.registry.get(KEY) == {"Origin": "NODE1"}
    assert role.estate.tripwires == []


def test_ten_moves_count_as_no_failure(role: Lab) -> None:
    """User report U47: planned moves do not use up the failure limit."""
    for target in ["NODE2", "NODE1"] * 5:
        role.do("Move-ClusterGroup", Name=ROLE, Node=target)

    assert role.states() == ALL_ONLINE
    assert role.group().failovers == []


def test_taken_apart_it_leaves_the_disk_in_available_storage(role: Lab) -> None:
    role.do("Stop-ClusterResource", Name=SERVICE)
    role.do("Set-ClusterResourceDependency", Resource=SERVICE, Dependency=f"[{ROLE}]")
    role.do("Move-ClusterResource", Name=DISK, Group="Available Storage")
    role.do("Remove-ClusterGroup", Name=ROLE, RemoveResources=True, Force=True)

    assert [g.name for g in role.cluster.groups] == ["Cluster Group", "Available Storage"]
    assert [r.name for r in role.cluster.resources] == ["Cluster IP Address", "Cluster Name", DISK]
    assert role.resource(DISK).group.name == "Available Storage"
    assert role.lun.online_on == {"NODE1"}
    assert role.running() == []
    assert ROLE_ADDRESS not in role.node1.addresses


def test_the_name_can_be_taken_again_after_its_role_is_gone(role: Lab) -> None:
    """The computer object stays, disabled, and belongs to the cluster."""
    role.do("Remove-ClusterGroup", Name=ROLE, RemoveResources=True, Force=True)
    left = role.cluster.directory.find(ROLE)
    assert left is not None
    assert not left.enabled

    role.build_role()

    assert role.states() == ALL_ONLINE
    assert left.enabled


def test_two_addresses_joined_by_or_need_only_the_one_of_the_owner(lab: Lab) -> None:
    """Two subnets: each node can own only the address of its own, and the role moves all the same (user report U40)."""
    lab.build_role(start=False)
    first, second = f"IP Address {ROLE_ADDRESS}", f"IP Address {OTHER_ADDRESS}"
    lab.do("Add-ClusterResource", Name=second, ResourceType="IP Address", Group=ROLE)
    lab.set(second, Address=OTHER_ADDRESS, SubnetMask="255.255.255.0", Network="Cluster Network 1")
    lab.do("Set-ClusterOwnerNode", Resource=first, Owners="NODE1")
    lab.do("Set-ClusterOwnerNode", Resource=second, Owners="NODE2")
    lab.do("Set-ClusterResourceDependency", Resource=ROLE, Dependency=f"[{first}] or [{second}]")

    lab.do("Start-ClusterGroup", Name=ROLE)
    assert lab.states() == ALL_ONLINE | {second: "Offline"}

    lab.do("Move-ClusterGroup", Name=ROLE, Node="NODE2")
    assert lab.states() == ALL_ONLINE | {first: "Offline", second: "Online"}
