"""What all cmdlets of the module have in common, and what their objects show (windows-cluster.md §1)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_tentacle.lab.cluster import membership
from pulumi_tentacle.lab.node.win32 import hresult
from pulumi_tentacle.lab.powershell.cmdlet import CMDLETS, Enum, Live
from pulumi_tentacle.lab.powershell.engine import command, invoke
from pulumi_tentacle.lab.world import Estate
from tests.lab.cluster.two_nodes import (
    CLUSTER_ADDRESS,
    DISK,
    NAMESPACE,
    ROLE,
    ROLE_ADDRESS,
    SERVICE,
    USER,
    Lab,
)

FOLDER = Path(__file__).parent
SIGNATURES: dict[str, dict[str, Any]] = json.loads((FOLDER / "signatures.json").read_text())
REFUSALS = json.loads((FOLDER / "refusals.json").read_text())

READS = [
    *("Get-Cluster", "Get-ClusterNode", "Get-ClusterGroup", "Get-ClusterResource", "Get-ClusterNetwork"),
    *("Get-ClusterNetworkInterface", "Get-ClusterQuorum", "Get-ClusterAvailableDisk", "Get-ClusterCheckpoint"),
    "Get-ClusterResourceDependency",
]


@pytest.mark.parametrize("name", SIGNATURES)
def test_parameters_are_those_of_the_real_module(name: str) -> None:
    """§1.2. Parameters that the lab does not model are missing here and refused by the engine."""
    real, ours = SIGNATURES[name], CMDLETS[name.lower()]

    assert ours.class_name.startswith(f"{NAMESPACE}.")
    assert set(ours.parameters) <= set(real)
    assert {n for n, p in real.items() if p.get("mandatory")} <= set(ours.parameters) | {"InputObject"}
    for parameter, declared in ours.parameters.items():
        # One of two parameters at the same place: -Multiple is bound by name.
        if (name, parameter) != ("Set-ClusterParameter", "Multiple"):
            assert declared.position == real[parameter].get("position")
        assert set(declared.aliases) == set(real[parameter].get("aliases", []))
        if parameter != "InputObject":
            assert declared.mandatory == real[parameter].get("mandatory", False)


@pytest.mark.parametrize("name", READS)
def test_every_cmdlet_warns_of_the_remote_session(lab: Lab, name: str) -> None:
    """§1.1(8): the warning means no failure."""
    outcome = lab.run(command(name))

    assert len(outcome.warnings) == 1
    assert outcome.warnings[0].startswith("If you are running Windows PowerShell remotely, note that some failover")
    assert outcome.errors == []


@pytest.mark.parametrize("name", READS)
def test_off_cluster_every_cmdlet_says_that_the_service_is_not_running(name: str) -> None:
    outcome = invoke(Estate().add_node("ALONE", "127.91.0.99"), name)

    record = outcome.errors[0]
    assert record.message == (
        "The cluster service is not running.  Make sure that the service is running on all nodes in the cluster.\r\n"
        "    There are no more endpoints available from the endpoint mapper"
    )
    assert record.failure.error_id == "ClusterEndpointNotRegistered"
    assert (record.category.name, record.failure.hresult) == ("ConnectionError", hresult(1753))


def test_the_error_class_is_the_cmdlets(lab: Lab) -> None:
    membership.node_down(lab.cluster, "NODE2")

    record = lab.refused(command("Get-Cluster"), on=lab.node2)

    assert record.fqid == f"ClusterEndpointNotRegistered,{NAMESPACE}.GetClusterCommand"


@pytest.mark.parametrize("case", REFUSALS, ids=lambda c: f"{c['call'][0]} {' '.join(map(str, c['call'][1].values()))}")
def test_refused(role: Lab, case: dict[str, Any]) -> None:
    name, arguments = case["call"]

    record = role.refused(command(name, **arguments))

    assert record.failure.hresult == hresult(case["code"])
    assert record.category.name == case.get("category", "NotSpecified")
    assert record.failure.exception == f"{NAMESPACE}.ClusterCmdletException"
    error_id, _, class_name = record.fqid.partition(",")
    assert error_id == name
    assert class_name.endswith(case.get("class", "Command"))
    assert record.message.splitlines()[1] == f"    {record.failure.inner}"


def test_one_missing_name_does_not_hide_the_others(role: Lab) -> None:
    """§1.1(6): errors are non-terminating."""
    outcome = role.run(command("Get-ClusterGroup", Name=["nothing", ROLE]))

    assert [str(o) for o in outcome.output] == [ROLE]
    assert len(outcome.errors) == 1
    assert outcome.state == "Completed"


def test_a_pattern_without_a_match_is_empty(role: Lab) -> None:
    assert role.do("Get-ClusterResource", Name="No*") == []
    assert [str(o) for o in role.do("Get-ClusterResource", Name="cluster d*")] == [DISK]


@pytest.mark.parametrize(
    ("name", "delegated", "answer"),
    [
        (".", False, None),
        ("node1.lab.test", False, None),
        ("LABCLU", True, None),
        ("NODE2", True, None),
        ("LABCLU", False, "You do not have administrative privileges on the cluster."),
        ("NODE2", False, "You do not have administrative privileges on the cluster."),
        ("OTHER", True, "Check the spelling of the cluster name."),
    ],
)
def test_naming_the_cluster_is_a_second_hop(lab: Lab, name: str, delegated: bool, answer: str | None) -> None:
    """§1.1(2): -Cluster goes over RPC, for which a plain WinRM logon has no credentials."""
    for call in (command("Get-ClusterGroup", Cluster=name), command("Get-Cluster", Name=name)):
        if answer is None:
            assert lab.run(call, delegated=delegated).errors == []
        else:
            assert lab.refused(call, delegated=delegated).message.startswith(answer)


def test_an_account_without_rights_on_the_cluster(lab: Lab) -> None:
    """User report U38: denied is not absent."""
    lab.cluster.denied_users.add(USER)

    record = lab.refused(command("Get-ClusterGroup", Name=ROLE))

    assert record.message == (
        "You do not have administrative privileges on the cluster. Contact your network administrator to request "
        "access.\r\n    Access is denied"
    )
    assert record.failure.hresult == hresult(5)


@pytest.mark.parametrize(
    "call",
    [
        command("Remove-ClusterGroup", Name=ROLE, RemoveResources=True),
        command("Remove-ClusterResource", Name=SERVICE),
        command("Remove-ClusterCheckpoint", ResourceName=SERVICE, CheckpointName="Software", RegistryCheckpoint=True),
    ],
    ids=lambda c: str(c.text),
)
def test_without_force_the_prompt_is_a_terminating_error(role: Lab, call: Any) -> None:
    """§1.1(9)."""
    record = role.refused(call)

    assert record.failure.error_id == "HostFunctionNotImplemented"
    assert set(role.states()) == {ROLE, f"IP Address {ROLE_ADDRESS}", DISK, SERVICE}
    assert role.resource().checkpoints != []


@pytest.mark.parametrize(
    "call",
    [
        command("Get-ClusterParameter", Name="Address"),
        command("Set-ClusterParameter", Name="Address", Value="127.91.0.40"),
        command("Start-ClusterGroup"),
        command("Add-ClusterDisk"),
        command("Get-ClusterOwnerNode"),
    ],
    ids=lambda c: str(c.text),
)
def test_without_name_and_pipe_there_is_no_object(lab: Lab, call: Any) -> None:
    """§1.1(4)."""
    record = lab.refused(call)

    assert record.message == "No cluster object was specified."
    assert record.fqid.startswith(f"PSArgument,{NAMESPACE}.")
    assert record.category.name == "InvalidArgument"


UNKNOWN = [
    ("Add-ClusterResource", {"Name": "x", "Group": ROLE, "ResourceType": "Generic Script"}, "the resource type"),
    ("Add-ClusterResource", {"Name": "x", "Group": ROLE, "ResourceType": "Physical Disk"}, "Add-ClusterResource of a"),
    ("Move-ClusterResource", {"Name": DISK}, "Move-ClusterResource without -Group"),
    ("Move-ClusterResource", {"Name": "Cluster Name", "Group": ROLE}, "moving a core resource"),
    ("Add-ClusterCheckpoint", {"ResourceName": SERVICE}, "Add-ClusterCheckpoint without -RegistryCheckpoint"),
    ("Start-ClusterGroup", {"InputObject": "a string"}, "Start-ClusterGroup on a piped 'a string'"),
    ("Get-ClusterResource", {"InputObject": "a string"}, "Get-ClusterResource on a piped 'a string'"),
    ("Get-ClusterOwnerNode", {"InputObject": "a string"}, "owners of 'a string'"),
]


@pytest.mark.parametrize(("name", "arguments", "what"), UNKNOWN, ids=[u[2] for u in UNKNOWN])
def test_what_the_lab_does_not_know_is_refused_and_counted(
    role: Lab, name: str, arguments: dict[str, Any], what: str
) -> None:
    record = role.refused(command(name, **arguments))

    assert record.failure.error_id == "LabNotKnown"
    assert [(key.startswith(what), count) for key, count in role.node1.unknown.items()] == [(True, 1)]


@pytest.mark.parametrize("kind", ["GenericService", "genericservice", 108, Enum("GroupType", "GenericService", 108)])
def test_a_group_type_is_a_name_or_a_number(lab: Lab, kind: Any) -> None:
    assert str(lab.do("Add-ClusterGroup", Name=ROLE, GroupType=kind)[0].properties["GroupType"]) == "GenericService"


def test_no_such_group_type(lab: Lab) -> None:
    record = lab.refused(command("Add-ClusterGroup", Name=ROLE, GroupType="Tentacle"))

    assert record.failure.error_id == "CannotConvertArgumentNoMessage"


def shown(live: Live, *names: str) -> dict[str, Any]:
    return {name: str(v) if isinstance(v := live.properties[name], Live) else v for name in names}


def test_a_group(role: Lab) -> None:
    group = role.do("Get-ClusterGroup", Name=ROLE)[0]

    assert group.type_names[0] == f"{NAMESPACE}.ClusterGroup"
    assert shown(
        group, "Name", "OwnerNode", "IsCoreGroup", "PersistentState", "FailoverThreshold", "FailoverPeriod"
    ) == {
        "Name": ROLE,
        "OwnerNode": "NODE1",
        "IsCoreGroup": False,
        "PersistentState": 1,
        "FailoverThreshold": 4294967295,
        "FailoverPeriod": 6,
    }
    assert group.properties["State"] == Enum(f"{NAMESPACE}.ClusterGroupState", "Online", 0)
    assert group.properties["GroupType"] == Enum(f"{NAMESPACE}.GroupType", "GenericService", 108)


def test_a_resource(role: Lab) -> None:
    resource = role.do("Get-ClusterResource", Name=SERVICE)[0]

    assert resource.type_names[0] == f"{NAMESPACE}.ClusterResource"
    assert shown(resource, "OwnerGroup", "OwnerNode", "ResourceType", "RestartAction", "RestartThreshold") == {
        "OwnerGroup": ROLE,
        "OwnerNode": "NODE1",
        "ResourceType": "Generic Service",
        "RestartAction": 2,
        "RestartThreshold": 1,
    }
    assert resource.properties["State"] == Enum(f"{NAMESPACE}.ClusterResourceState", "Online", 2)
    assert resource.properties["RestartPeriod"] == 900000


def test_the_core_of_a_formed_cluster(lab: Lab) -> None:
    groups = {str(g): str(g.properties["State"]) for g in lab.do("Get-ClusterGroup")}
    resources = {str(r): str(r.properties["State"]) for r in lab.do("Get-ClusterResource")}

    assert groups == {"Cluster Group": "Online", "Available Storage": "Offline"}
    assert resources == {"Cluster IP Address": "Online", "Cluster Name": "Online"}
    assert CLUSTER_ADDRESS in lab.node1.addresses
    assert str(lab.do("Get-ClusterQuorum")[0].properties["QuorumType"]) == "Majority"


def test_networks_and_interfaces(lab: Lab) -> None:
    network = lab.do("Get-ClusterNetwork")[0]
    interfaces = lab.do("Get-ClusterNetworkInterface", Node="NODE2")

    assert shown(network, "Name", "Address", "AddressMask") == {
        "Name": "Cluster Network 1",
        "Address": "127.91.0.0",
        "AddressMask": "255.255.255.0",
    }
    assert network.properties["Role"].number == 3
    assert [shown(i, "Name", "Node", "Network", "Address", "DhcpEnabled") for i in interfaces] == [
        {
            "Name": "NODE2 - Ethernet",
            "Node": "NODE2",
            "Network": "Cluster Network 1",
            "Address": "127.91.0.12",
            "DhcpEnabled": 0,
        }
    ]


def test_pipes_between_containers_and_content(role: Lab) -> None:
    def names(*commands: Any) -> list[str]:
        return [str(o) for o in role.succeed(*commands)]

    core = command("Get-ClusterGroup", Name="Cluster Group")
    assert names(core, command("Get-ClusterResource")) == ["Cluster IP Address", "Cluster Name"]
    assert names(core, command("Get-ClusterResource", Name="Cluster Name")) == ["Cluster Name"]
    node2 = command("Get-ClusterNode", Name="NODE2")
    role.do("Move-ClusterGroup", Name=ROLE)
    assert names(node2, command("Get-ClusterGroup")) == [ROLE]
    assert SERVICE in names(node2, command("Get-ClusterResource"))
    assert names(command("Get-Cluster"), command("Get-ClusterNode")) == ["NODE1", "NODE2"]
    assert names(command("Get-ClusterGroup", Name="no*"), command("Get-ClusterResource")) == []


@pytest.mark.parametrize(
    ("get", "name", "prop", "value"),
    [
        *(
            ("Get-ClusterResource", SERVICE, p, 7)
            for p in ("RestartAction", "RestartDelay", "RestartThreshold", "RestartPeriod")
        ),
        *(("Get-ClusterGroup", ROLE, p, 3) for p in ("FailoverThreshold", "FailoverPeriod", "AutoFailbackType")),
    ],
)
def test_common_properties_are_assigned_on_the_object(role: Lab, get: str, name: str, prop: str, value: int) -> None:
    """§1.1(5): there is no Set- cmdlet."""
    role.succeed(command(get, Name=name), command("ForEach-Object", MemberName=f"set_{prop}", ArgumentList=str(value)))

    assert role.do(get, Name=name)[0].properties[prop] == value


@pytest.mark.parametrize("value", ["many", -1, 2**32])
def test_a_value_that_is_no_number_is_not_stored(role: Lab, value: Any) -> None:
    assign = command("ForEach-Object", MemberName="set_RestartDelay", ArgumentList=value)

    record = role.refused(command("Get-ClusterResource", Name=SERVICE), assign)

    assert record.failure.error_id == "MethodInvocationError"
    assert role.resource().common["RestartDelay"] == 500


def test_owner_nodes(role: Lab) -> None:
    def owners(**arguments: str) -> list[str]:
        return [str(n) for n in role.do("Get-ClusterOwnerNode", **arguments)[0].properties["OwnerNodes"]]

    assert owners(Group=ROLE) == ["NODE1", "NODE2"]
    assert owners(Resource=SERVICE) == ["NODE1", "NODE2"]
    assert owners(Group="Available Storage") == []  # no preference

    role.succeed(command("Get-ClusterResource", Name=SERVICE), command("Set-ClusterOwnerNode", Owners="node1"))
    assert owners(Resource=SERVICE) == ["NODE1"]
    piped = role.succeed(command("Get-ClusterGroup", Name=ROLE), command("Get-ClusterOwnerNode"))
    assert str(piped[0].properties["ClusterObject"]) == ROLE
