"""Private properties (windows-cluster.md §1.1(4), §1.5, §2.2)."""

from __future__ import annotations

from typing import Any

import pytest
from psrpcore.types import PSUInt

from pulumi_tentacle.lab.powershell.engine import command
from tests.lab.cluster.two_nodes import OTHER_ADDRESS, ROLE, ROLE_ADDRESS, SERVICE, Lab

IP = f"IP Address {ROLE_ADDRESS}"


def parameters(lab: Lab, resource: str, *names: str) -> dict[str, Any]:
    found = lab.succeed(command("Get-ClusterResource", Name=resource), command("Get-ClusterParameter", *names))
    return {str(p): p.properties["Value"] for p in found}


def test_all_of_a_type_are_shown(role: Lab) -> None:
    shown = parameters(role, SERVICE)

    assert shown == {"ServiceName": SERVICE, "StartupParameters": "", "UseNetworkName": 0}
    assert isinstance(shown["UseNetworkName"], PSUInt)
    assert parameters(role, IP, "Address") == {"Address": ROLE_ADDRESS}


def test_one_by_name_and_value(role: Lab) -> None:
    role.succeed(
        command("Get-ClusterResource", Name=ROLE), command("Set-ClusterParameter", Name="hostrecordttl", Value=300)
    )

    assert parameters(role, ROLE, "HostRecordTTL") == {"HostRecordTTL": 300}


def test_an_online_resource_works_on_with_the_old_value(role: Lab) -> None:
    """5024: stored, takes effect at the next online."""
    outcome = role.run(
        command("Get-ClusterResource", Name=IP), command("Set-ClusterParameter", Name="Address", Value=OTHER_ADDRESS)
    )
    assert outcome.warnings[-1].startswith("The properties were stored but not all changes will take effect until")
    assert ROLE_ADDRESS in role.node1.addresses

    role.do("Move-ClusterGroup", Name=ROLE)

    assert role.node1.addresses == [role.node1.address, "127.91.0.20"]
    assert OTHER_ADDRESS in role.node2.addresses


@pytest.mark.parametrize(
    ("resource", "changes", "code"),
    [
        (IP, {"Address": "127.91.0.30/24"}, 87),
        (IP, {"Address": "fe80::1"}, 87),
        (IP, {"SubnetMask": "24"}, 87),
        (IP, {"Network": "Cluster Network 9"}, 5045),
        (IP, {"EnableDhcp": "no"}, 87),
        (IP, {"EnableDhcp": -1}, 87),
        (IP, {"DhcpAddress": "127.91.0.30"}, 87),
        (SERVICE, {"NoSuchProperty": "x"}, 87),
        (SERVICE, {"ServiceName": "Other", "UseNetworkName": "x"}, 87),
    ],
    ids=str,
)
def test_refused_values_store_nothing(role: Lab, resource: str, changes: dict[str, Any], code: int) -> None:
    before = parameters(role, resource)

    record = role.refused(
        command("Get-ClusterResource", Name=resource), command("Set-ClusterParameter", Multiple=changes)
    )

    assert record.failure.hresult & 0xFFFF == code
    assert parameters(role, resource) == before


def test_an_azure_address_has_a_mask_of_one_host(lab: Lab) -> None:
    """ClusterRole.probePort: the network still decides whether the address fits."""
    lab.build_role(start=False)
    lab.set(IP, SubnetMask="255.255.255.255", ProbePort=59999)
    lab.do("Start-ClusterGroup", Name=ROLE)

    assert ROLE_ADDRESS in lab.node1.addresses


def test_a_name_that_no_property_has(role: Lab) -> None:
    record = role.refused(command("Get-ClusterResource", Name=IP), command("Get-ClusterParameter", "Adress"))

    assert record.failure.hresult & 0xFFFF == 87


def test_only_resources_have_parameters_here(role: Lab) -> None:
    record = role.refused(command("Get-ClusterGroup", Name=ROLE), command("Get-ClusterParameter"))

    assert record.failure.error_id == "LabNotKnown"
