"""Add-ClusterGenericServiceRole (windows-cluster.md §1.7, §2)."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_tentacle.lab.powershell.engine import Outcome, command
from tests.lab.cluster.two_nodes import DISK, KEY, ROLE, ROLE_ADDRESS, SERVICE, Lab


def add(lab: Lab, *, delegated: bool = True, **changes: Any) -> Outcome:
    arguments = {
        "ServiceName": SERVICE,
        "Name": ROLE,
        "StaticAddress": ROLE_ADDRESS,
        "Storage": DISK,
        "CheckpointKey": KEY,
    }
    call = command("Add-ClusterGenericServiceRole", **{k: v for k, v in (arguments | changes).items() if v})
    return lab.run(call, delegated=delegated)


@pytest.fixture
def with_disk(lab: Lab) -> Lab:
    lab.succeed(command("Get-ClusterAvailableDisk"), command("Add-ClusterDisk"))
    return lab


def test_refused_over_plain_winrm(with_disk: Lab) -> None:
    outcome = add(with_disk, delegated=False)

    record = outcome.errors[0]
    assert record.message == (
        "You do not have administrative privileges on the server 'NODE2'.\r\n"
        "    Requested registry access is not allowed."
    )
    assert with_disk.cluster.find_group(ROLE) is None


def test_one_call_makes_the_whole_role(with_disk: Lab) -> None:
    outcome = add(with_disk)

    assert [str(o.properties["State"]) for o in outcome.output] == ["Online"]
    assert with_disk.running() == ["NODE1"]
    assert with_disk.resource(ROLE).dependency_text == f"([IP Address {ROLE_ADDRESS}])"
    assert with_disk.resource().dependency_text == f"([{ROLE}]) and ([{DISK}])"
    assert [c.key for c in with_disk.resource().checkpoints] == [KEY]
    assert with_disk.lun.online_on == {"NODE1"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"StaticAddress": None},
            "Static network 127.91.0.0/24 was not configured. Please use -StaticAddress to use this network or use "
            "-IgnoreNetwork to ignore it.",
        ),
        ({"StaticAddress": "10.0.0.1"}, "Static address '10.0.0.1' was not found on any cluster network."),
        ({"StaticAddress": "127.91.0.30/24"}, "Static address '127.91.0.30/24' was not found on any cluster network."),
    ],
    ids=str,
)
def test_every_static_network_needs_an_address(with_disk: Lab, changes: dict[str, Any], message: str) -> None:
    """§2.1; the text and its FQID are known word for word."""
    outcome = add(with_disk, **changes)

    assert outcome.failure is not None
    assert outcome.failure.message == message
    assert outcome.failure.fqid == (
        "InvalidOperation,Microsoft.FailoverClusters.PowerShell.AddClusterGenericServiceRoleCommand"
    )
    assert with_disk.cluster.find_group(ROLE) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"ServiceName": "nothing"}, 1060), ({"Storage": "Cluster Disk 2"}, 5007), ({"Name": "Cluster Group"}, 5010)],
    ids=str,
)
def test_refused(with_disk: Lab, changes: dict[str, Any], code: int) -> None:
    outcome = add(with_disk, **changes)

    assert [e.failure.hresult & 0xFFFF for e in outcome.errors] == [code]


def test_a_role_that_does_not_start_is_returned_with_a_warning(with_disk: Lab) -> None:
    """§2.4: the cmdlet succeeds, the state tells."""
    with_disk.cluster.foreign_addresses.add(ROLE_ADDRESS)

    outcome = add(with_disk)

    assert outcome.errors == []
    assert outcome.warnings[-1].startswith("There were issues while creating the clustered role")
    assert [str(o.properties["State"]) for o in outcome.output] == ["Failed"]
