"""Each tripwire, provoked over the wire by a plain client and seen in the world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import winrm
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from pulumi_tentacle.lab.report import world
from pulumi_tentacle.lab.server import Lab, free_network
from pulumi_tentacle.lab.topology import read_topology

Command = tuple[str, dict[str, Any]]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab(read_topology(network=free_network()), state=tmp_path / "lab") as running:
        yield running


def tripped(lab: Lab) -> list[str]:
    return [tripwire["what"] for tripwire in world(lab.estate)["tripwires"]]


def powershell(lab: Lab, node: int, *pipelines: list[Command]) -> None:
    """Pipelines of cmdlets on a node, by pypsrp."""
    document = lab.document()
    user = next(u for u in document["users"] if not u["local"])
    with (
        WSMan(
            document["nodes"][node]["address"],
            username=user["name"],
            password=user["password"],
            auth="negotiate",
            cert_validation=document["ca"],
        ) as wsman,
        RunspacePool(wsman) as pool,
    ):
        for pipeline in pipelines:
            shell = PowerShell(pool)
            for name, parameters in pipeline:
                shell.add_cmdlet(name).add_parameters(parameters)
            shell.invoke()
            assert not shell.had_errors, shell.streams.error


def program(lab: Lab, node: int, line: str, *arguments: str) -> int:
    """A program on a node, by pywinrm."""
    document = lab.document()
    user = next(u for u in document["users"] if not u["local"])
    session = winrm.Session(
        f"https://{document['nodes'][node]['address']}:5986/wsman",
        auth=(user["name"], user["password"]),
        transport="ntlm",
        ca_trust_path=document["ca"],
    )
    code: int = session.run_cmd(line, arguments).status_code
    return code


ONLINE: list[Command] = [("Get-Disk", {"SerialNumber": "LUN-0001"}), ("Set-Disk", {"IsOffline": False})]


FORMATTED: list[list[Command]] = [
    [("Get-Disk", {"SerialNumber": "LUN-0001"}), ("Initialize-Disk", {"PartitionStyle": "GPT"})],
    [("Get-Disk", {"SerialNumber": "LUN-0001"}), ("New-Partition", {"UseMaximumSize": True, "DriveLetter": "E"})],
    [
        ("Get-Partition", {"DriveLetter": "E"}),
        ("Format-Volume", {"FileSystem": "NTFS", "NewFileSystemLabel": "X", "Confirm": False}),
    ],
]


def test_a_disk_online_on_two_nodes(lab: Lab) -> None:
    powershell(lab, 0, ONLINE)
    assert tripped(lab) == []
    powershell(lab, 1, ONLINE)
    assert tripped(lab) == ["disk online on two nodes"]


def test_formatting_a_disk_with_data(lab: Lab) -> None:
    powershell(lab, 0, ONLINE, *FORMATTED)
    assert tripped(lab) == []
    powershell(lab, 0, [("New-Item", {"ItemType": "Directory", "Path": r"E:\Payroll"})])
    node = next(iter(lab.estate.nodes.values()))
    node.files.write(r"E:\Payroll\2026.xlsx", b"salaries")
    powershell(lab, 0, FORMATTED[-1])
    assert tripped(lab) == ["disk with data formatted"]


def test_a_clustered_service_started_outside_the_cluster(lab: Lab) -> None:
    for node in (0, 1):
        image = r"binPath=C:\Windows\System32\svchost.exe"
        assert program(lab, node, "sc.exe", "create", "Payroll", image.replace("=", "= "), "start= demand") == 0
    powershell(
        lab,
        0,
        [("Add-ClusterGroup", {"Name": "PAY"})],
        [("Add-ClusterResource", {"Name": "Payroll", "ResourceType": "Generic Service", "Group": "PAY"})],
        [
            ("Get-ClusterResource", {"Name": "Payroll"}),
            ("Set-ClusterParameter", {"Name": "ServiceName", "Value": "Payroll"}),
        ],
    )
    assert tripped(lab) == []
    program(lab, 1, "sc.exe", "start", "Payroll")
    assert tripped(lab) == ["clustered service started outside the cluster"]


def test_a_secret_in_a_command_line_that_stays(lab: Lab) -> None:
    secret = next(u["password"] for u in lab.document()["users"] if not u["local"])
    image = f'"binPath= C:\\agent.exe --password={secret}"'
    program(lab, 0, "sc.exe", "create", "Agent", image)
    assert "secret in a command line" in tripped(lab)


def test_a_scheduled_task(lab: Lab) -> None:
    program(lab, 0, "schtasks.exe", "/create", "/tn", "Watch", "/tr", "notepad.exe", "/sc", "daily")
    assert tripped(lab) == ["scheduled task created"]


def test_a_second_target(lab: Lab) -> None:
    octopus = lab.document()["octopus"]
    headers = {"X-Octopus-ApiKey": octopus["apiKey"]}
    with httpx.Client(base_url=octopus["url"], headers=headers) as client:
        (environment,) = [e["Id"] for e in client.get("/api/environments/all").json() if e["Name"] == "Production"]
        for name in ("ONE", "TWO"):
            assert tripped(lab) == []
            body = {
                "Name": name,
                "Endpoint": {
                    "CommunicationStyle": "TentaclePassive",
                    "Uri": "https://10.0.0.1:10933/",
                    "Thumbprint": "AB" * 20,
                    "ProxyId": None,
                },
                "EnvironmentIds": [environment],
                "Roles": ["app"],
                "TenantIds": [],
                "TenantTags": [],
                "SkipInitialHealthCheck": True,
            }
            assert client.post("/api/machines", json=body).status_code == 201
    assert tripped(lab) == ["a second target"]
