"""Registry checkpoints (windows-cluster.md §3, user report U44)."""

from __future__ import annotations

import pytest

from pulumi_tentacle.lab.powershell.engine import command
from tests.lab.cluster.two_nodes import KEY, ROLE, SERVICE, Lab

TENTACLE = rf"{KEY}\Tentacle"


def names(lab: Lab, **arguments: object) -> list[str]:
    return [str(c.properties["Name"]) for c in lab.do("Get-ClusterCheckpoint", **arguments)]


def test_the_first_tree_is_the_owners_and_goes_to_every_node(role: Lab) -> None:
    role.do("Move-ClusterGroup", Name=ROLE)

    assert role.node2.registry.get(KEY) == {"Origin": "NODE1"}


def test_what_the_owner_writes_while_online_follows(role: Lab) -> None:
    role.node1.registry.set(TENTACLE, "InstallLocation", r"C:\New")
    role.node1.registry.delete(rf"{KEY}\Old")
    role.do("Move-ClusterGroup", Name=ROLE)

    assert role.node2.registry.get(TENTACLE) == {"InstallLocation": r"C:\New"}


def test_what_is_written_while_offline_is_rolled_back_at_the_next_online(role: Lab) -> None:
    """The naive order of an upgrade: the old value comes back."""
    role.node1.registry.set(TENTACLE, "InstallLocation", "old")
    role.do("Stop-ClusterResource", Name=SERVICE)
    for node in role.nodes:
        node.registry.set(TENTACLE, "InstallLocation", "new")
        node.registry.set(TENTACLE, "Added", "x")

    role.do("Start-ClusterResource", Name=SERVICE)

    assert role.node1.registry.get(TENTACLE) == {"InstallLocation": "old"}


def test_without_the_checkpoint_a_change_stays_and_a_new_one_takes_it(role: Lab) -> None:
    """§3: remove, change on all nodes, start, add again."""
    role.succeed(
        command("Get-ClusterCheckpoint", ResourceName=SERVICE), command("Remove-ClusterCheckpoint", Force=True)
    )
    role.do("Stop-ClusterResource", Name=SERVICE)
    for node in role.nodes:
        node.registry.set(TENTACLE, "InstallLocation", "new")
    role.do("Start-ClusterResource", Name=SERVICE)
    role.do("Add-ClusterCheckpoint", ResourceName=SERVICE, RegistryCheckpoint=KEY)
    role.do("Move-ClusterGroup", Name=ROLE)

    assert role.node2.registry.get(TENTACLE) == {"InstallLocation": "new"}


def test_the_tree_is_there_before_the_service_starts(role: Lab) -> None:
    """A start that fails for another reason has restored it already."""
    role.node2.files.write(r"C:\Agent\broken", b"")
    role.run(command("Move-ClusterGroup", Name=ROLE, Node="NODE2"))

    assert role.node2.registry.get(KEY) == {"Origin": "NODE1"}


def test_listing(role: Lab) -> None:
    """No checkpoint is an empty answer; the name is a wildcard pattern here."""
    assert names(role, ResourceName=SERVICE) == [KEY]
    assert names(role, ResourceName=SERVICE, RegistryCheckpoint=True, CheckpointName=r"software\*") == [KEY]
    assert names(role, ResourceName=SERVICE, CheckpointName="other*") == []
    assert names(role, ResourceName=SERVICE, CryptoCheckpoint=True) == []
    assert names(role, ResourceName=ROLE) == []
    assert names(role) == [KEY]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (r"SOFTWARE\octopus", 183),  # there already; the comparison ignores case
        (r"\Software\Octopus", 161),
        (r"Software\Missing", 2),
    ],
)
def test_refused_keys(role: Lab, key: str, code: int) -> None:
    add = command("Add-ClusterCheckpoint", ResourceName=SERVICE, RegistryCheckpoint=key)

    assert role.refused(add).failure.hresult & 0xFFFF == code
    assert names(role, ResourceName=SERVICE) == [KEY]


@pytest.mark.parametrize(("pattern", "code"), [(KEY, 87), (r"Software\\Missing", 2)])
def test_the_name_to_remove_is_a_regular_expression(role: Lab, pattern: str, code: int) -> None:
    r"""§3: an unescaped backslash is no literal one (`\O` is no escape sequence at all)."""
    remove = command("Remove-ClusterCheckpoint", ResourceName=SERVICE, CheckpointName=pattern, Force=True)

    assert role.refused(remove).failure.hresult & 0xFFFF == code
    assert names(role, ResourceName=SERVICE) == [KEY]


def test_removed_by_an_escaped_name(role: Lab) -> None:
    role.do("Remove-ClusterCheckpoint", ResourceName=SERVICE, CheckpointName=r"^software\\octopus$", Force=True)

    assert names(role, ResourceName=SERVICE) == []


def test_checkpoints_go_with_their_resource(role: Lab) -> None:
    role.do("Remove-ClusterResource", Name=SERVICE, Force=True)
    role.do("Add-ClusterResource", Name=SERVICE, ResourceType="Generic Service", Group=ROLE)

    assert names(role, ResourceName=SERVICE) == []
