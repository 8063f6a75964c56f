"""Services by cmdlet and by sc.exe (windows-cluster.md §5)."""

from __future__ import annotations

import pytest

from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.powershell.engine import invoke
from pulumi_tentacle.lab.world import Node
from tests.lab.node.helpers import errors, get, good, install_service, run, tripped

pytestmark = pytest.mark.usefixtures("daemons")

NAME = "OctopusDeploy Tentacle"


def test_get_service_shows_state_and_start_type(node: Node) -> None:
    install_service(node, start_mode="Manual", display_name="Octopus", dependencies=["LanmanWorkstation"])

    (row,) = get(node, "Get-Service", Name=NAME)

    assert (row["Name"], row["DisplayName"]) == (NAME, "Octopus")
    assert (str(row["Status"]), row["Status"].number) == ("Stopped", 1)
    assert (str(row["StartType"]), row["StartType"].number) == ("Manual", 3)
    assert row["ServicesDependedOn"] == ["LanmanWorkstation"]


def test_a_pattern_finds_many_services_or_none(node: Node) -> None:
    install_service(node, "OctopusDeploy Tentacle: One")
    install_service(node, "OctopusDeploy Tentacle: Two")

    found = [row["Name"] for row in get(node, "Get-Service", Name="octopusdeploy*")]

    assert found == ["OctopusDeploy Tentacle: One", "OctopusDeploy Tentacle: Two"]
    assert get(node, "Get-Service", Name="nope*") == []


def test_start_and_stop_are_no_errors_where_there_is_nothing_to_do(node: Node) -> None:
    service = install_service(node)

    for _ in range(2):
        good(invoke(node, "Start-Service", Name=NAME))
        assert service.state == "Running"
    for _ in range(2):
        good(invoke(node, "Stop-Service", Name=NAME, Force=True))
        assert service.state == "Stopped"


def test_a_service_that_does_not_start_is_an_error(node: Node) -> None:
    install_service(node, image_path=r"C:\Test\daemon.exe fail")

    outcome = invoke(node, "Start-Service", Name=NAME)

    assert errors(outcome) == ["CouldNotStartService,Microsoft.PowerShell.Commands.StartServiceCommand"]
    assert outcome.errors[0].category_message == (
        "OpenError: (System.ServiceProcess.ServiceController:ServiceController) [Start-Service], "
        "ServiceCommandException"
    )


def test_stop_service_needs_force_while_others_depend_on_it(node: Node) -> None:
    needed, dependent = install_service(node, "Needed"), install_service(node, dependencies=["Needed"])
    services.start(node, NAME, by_cluster=False)

    outcome = invoke(node, "Stop-Service", Name="Needed")
    assert errors(outcome) == ["ServiceHasDependentServices,Microsoft.PowerShell.Commands.StopServiceCommand"]
    assert needed.state == "Running"

    good(invoke(node, "Stop-Service", Name="Needed", Force=True))
    assert (needed.state, dependent.state) == ("Stopped", "Stopped")


@pytest.mark.parametrize(("kind", "mode"), [("Automatic", "Auto"), ("manual", "Manual"), ("Disabled", "Disabled")])
def test_set_service_changes_the_start_type(node: Node, kind: str, mode: str) -> None:
    service = install_service(node)

    good(invoke(node, "Set-Service", Name=NAME, StartupType=kind))

    assert service.start_mode == mode


def test_sc_configures_a_service(node: Node) -> None:
    service = install_service(node)

    done = run(
        node, "sc.exe", "config", NAME, "start=", "demand", "obj=", r"LAB\svc$", "depend=", "LanmanWorkstation/TCPIP"
    )

    assert (done.exit_code, done.stdout) == (0, "[SC] ChangeServiceConfig SUCCESS\r\n")
    assert (service.start_mode, service.account) == ("Manual", r"LAB\svc$")
    assert service.dependencies == ["LanmanWorkstation", "TCPIP"]
    assert "START_TYPE         : 3   DEMAND_START\r\n" in run(node, "sc.exe", "qc", NAME).stdout


def test_sc_sets_and_clears_recovery_actions(node: Node) -> None:
    service = install_service(node)

    run(node, "sc.exe", "failure", NAME, "reset=", "3600", "actions=", "restart/60000")
    assert service.recovery_actions == "restart/60000"
    run(node, "sc.exe", "failure", NAME, "reset=", "0", "actions=", "")
    assert service.recovery_actions == ""


def test_sc_creates_starts_shows_stops_and_deletes(node: Node) -> None:
    install_service(node, "First")

    assert run(node, "sc.exe", "create", NAME, "binPath=", r"C:\Test\daemon.exe run", "start=", "auto").exit_code == 0
    assert run(node, "sc.exe", "start", NAME).exit_code == 0
    assert "STATE              : 4  RUNNING\r\n" in run(node, "sc.exe", "query", NAME).stdout
    assert run(node, "sc.exe", "stop", NAME).exit_code == 0
    assert "WIN32_EXIT_CODE    : 0  (0x0)\r\n" in run(node, "sc.exe", "query", NAME).stdout
    assert run(node, "sc.exe", "delete", NAME).stdout == "[SC] DeleteService SUCCESS\r\n"
    assert services.find(node, NAME) is None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["query", "Nope"], 1060),
        (["config", "Nope", "start=", "demand"], 1060),
        (["delete", "Nope"], 1060),
        (["stop", NAME], 1062),
        (["create", NAME, "binPath=", "x.exe"], 1073),
        (["start", "Broken"], 1053),
    ],
)
def test_the_exit_code_of_sc_is_the_error(node: Node, arguments: list[str], code: int) -> None:
    install_service(node)
    install_service(node, "Broken", image_path=r"C:\Test\daemon.exe fail")

    done = run(node, "sc.exe", *arguments)

    assert done.exit_code == code
    assert f" FAILED {code}:\r\n\r\n" in done.stdout


@pytest.mark.parametrize("arguments", [["sdshow", NAME], ["config", NAME, "type=", "share"], ["query"]])
def test_other_uses_of_sc_are_refused_and_counted(node: Node, arguments: list[str]) -> None:
    install_service(node)

    assert run(node, "sc.exe", *arguments).stderr.startswith("the lab does not know sc ")
    assert sum(node.unknown.values()) == 1


def test_a_secret_in_a_changed_command_line_trips(node: Node) -> None:
    install_service(node)
    node.estate.secrets.add("s3cret")

    run(node, "sc.exe", "config", NAME, "binPath=", r"C:\Test\daemon.exe --password=s3cret")

    assert tripped(node) == [("secret in a command line", "NODE1")]
