"""Tentacle.exe service (tentacle.md §1.5, §2, §5) and the watchdog."""

from __future__ import annotations

import pytest

from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.tentacle.commands.watchdog import TASK, TASK_CREATED
from pulumi_tentacle.lab.world import Tripwire, User
from tests.lab.tentacle.tentacle_node import CONFIGURATION, EXECUTABLE, SERVICE, Installed


@pytest.fixture
def instance(installed: Installed) -> Installed:
    installed.do("create-instance", "--instance", "Tentacle", "--config", CONFIGURATION)
    installed.do("configure", "--instance", "Tentacle", "--noListen", "true")
    return installed


def test_what_install_makes(instance: Installed) -> None:
    assert instance.do("service", "--instance", "Tentacle", "--install") == "Service installed\r\n"
    service = instance.service
    assert (service.name, service.display_name) == (SERVICE, SERVICE)
    assert service.image_path == f'"{EXECUTABLE}" run --instance="Tentacle"'
    assert service.dependencies == ["LanmanWorkstation", "TCPIP"]
    assert (service.start_mode, service.account) == ("Auto", "LocalSystem")
    assert service.description == "Octopus Deploy: Tentacle deployment agent"
    assert (service.recovery_actions, service.state) == ("", "Stopped")


def test_other_instances_have_their_name_behind_a_colon(installed: Installed) -> None:
    installed.do("create-instance", "--instance", "Second one", "--config", r"C:\Octopus\Two.config")
    installed.do("service", "--instance", "second ONE", "--install")
    service = services.find(installed.node, "OctopusDeploy Tentacle: Second one")
    assert service is not None
    assert service.image_path.endswith(' run --instance="Second one"')


def test_a_configuration_file_in_the_working_folder_becomes_an_unnamed_service(installed: Installed) -> None:
    installed.do("create-instance")
    printed = installed.do("service", "--install")
    assert printed.startswith("Please note, currently there can only be one un-named instance")
    assert installed.service.image_path == f'"{EXECUTABLE}" run --config="C:\\Users\\Public\\Tentacle.config"'


def test_install_again_reconfigures_and_is_automatic_again(instance: Installed) -> None:
    instance.do("service", "--instance", "Tentacle", "--install")
    service = instance.service
    service.start_mode, service.account, service.recovery_actions = "Manual", r"LAB\svc", "restart/60000"
    service.description, service.image_path = "changed", "changed"
    printed = instance.do("service", "--instance", "Tentacle", "--install")
    assert printed == "Service installed\r\nService reconfigured\r\n"
    assert instance.service is service
    assert service.start_mode == "Auto"
    assert (service.account, service.recovery_actions) == (r"LAB\svc", "restart/60000")
    assert service.description == "Octopus Deploy: Tentacle deployment agent"
    assert service.image_path == f'"{EXECUTABLE}" run --instance="Tentacle"'


def test_the_order_of_the_options_does_not_matter(instance: Installed) -> None:
    printed = instance.do("service", "--start", "--install", "--instance", "Tentacle", "--stop")
    assert printed.split("\r\n") == [
        "Service installed",
        "Waiting for service to become Running. Current status: StartPending",
        "Waiting for service to become Running. Current status: Running",
        "Service started",
        "",
    ]
    assert instance.service.state == "Running"


@pytest.mark.parametrize(
    ("installed_before", "running", "option", "exit_code", "said"),
    [
        (True, False, "--stop", 0, ""),
        (False, False, "--stop", 0, ""),
        (False, False, "--uninstall", 0, ""),
        (True, True, "--start", 0, ""),
        (True, False, "--restart", 0, f"Service {SERVICE} wasn't restarted as it is not running."),
        (True, True, "--restart", 0, f"Restarting service {SERVICE}\r\nStopping service..."),
        (True, True, "--stop", 0, "Service stopped"),
        (True, False, "--uninstall", 0, "Service uninstalled"),
        (False, False, "--reconfigure", 0, "Service reconfigured"),
        (False, False, "--start", 1, ""),
    ],
)
def test_what_is_so_already(
    instance: Installed, installed_before: bool, running: bool, option: str, exit_code: int, said: str
) -> None:
    if installed_before:
        instance.do("service", "--instance", "Tentacle", "--install")
    if running:
        instance.start()
    completed = instance.run("service", "--instance", "Tentacle", option)
    assert completed.exit_code == exit_code
    assert said in completed.stdout
    assert (completed.stdout == "") == (said == "")


def test_sc_failing_goes_to_stderr_and_the_exit_code_stays_0(instance: Installed) -> None:
    completed = instance.run("service", "--instance", "Tentacle", "--reconfigure")
    assert completed.exit_code == 0
    assert completed.stderr.startswith("[SC] OpenService FAILED 1060:\r\n")
    assert completed.stdout == "Service reconfigured\r\n"


def test_uninstall_with_install_ends_without_a_service(instance: Installed) -> None:
    instance.do("service", "--instance", "Tentacle", "--install")
    completed = instance.run("service", "--instance", "Tentacle", "--uninstall", "--install")
    assert completed.exit_code == 0
    assert "FAILED 1060" in completed.stderr
    assert services.find(instance.node, SERVICE) is None


def test_a_running_service_stays_marked_for_deletion(instance: Installed) -> None:
    instance.do("service", "--instance", "Tentacle", "--install", "--start")
    instance.do("service", "--instance", "Tentacle", "--uninstall")
    for option in ("--uninstall", "--install"):
        completed = instance.run("service", "--instance", "Tentacle", option)
        assert (completed.exit_code, "FAILED 1072" in completed.stderr) == (0, True)
    instance.stop()
    assert services.find(instance.node, SERVICE) is None


def test_a_start_that_fails_is_tried_six_times(instance: Installed) -> None:
    instance.do("service", "--instance", "Tentacle", "--install")
    instance.service.start_mode = "Disabled"
    before = instance.node.estate.clock.now()
    completed = instance.run("service", "--instance", "Tentacle", "--start")
    assert completed.exit_code == 100
    assert "Cannot start service 'OctopusDeploy Tentacle' on computer '.'." in completed.stderr
    waits = [line[-9:] for line in completed.stdout.splitlines()]
    assert waits == ["00:00:04 ", "00:00:09 ", "00:00:16 ", "00:00:25 ", "00:00:36 "]
    assert 90 <= (instance.node.estate.clock.now() - before).total_seconds() < 120


def test_an_unknown_dependency(instance: Installed) -> None:
    completed = instance.run("service", "--instance", "Tentacle", "--install", "--dependOn", "Absent")
    assert (completed.exit_code, services.find(instance.node, SERVICE)) == (1, None)
    instance.do("service", "--instance", "Tentacle", "--install", "--dependOn", "winrm")
    assert instance.service.dependencies == ["LanmanWorkstation", "TCPIP", "winrm"]


def test_all_instances_can_only_be_started_and_stopped(instance: Installed) -> None:
    assert instance.run("service", "--instance", "*", "--install").exit_code == 1
    instance.do("service", "--instance", "Tentacle", "--install")
    assert "Service started" in instance.do("service", "--instance=*", "--start")
    assert "Service stopped" in instance.do("service", "--instance=*", "--stop")


@pytest.mark.parametrize("by_environment", [True, False])
@pytest.mark.parametrize(("password", "starts"), [("right", True), ("wrong", False)])
def test_the_account(instance: Installed, by_environment: bool, password: str, starts: bool) -> None:
    instance.node.estate.users.append(User(r"LAB\svc", "right"))
    arguments = ["service", "--instance", "Tentacle", "--install"]
    if by_environment:
        instance.environment = {"OCTOPUS_SERVICE_USERNAME": r"LAB\svc", "OCTOPUS_SERVICE_PASSWORD": password}
    else:
        arguments += ["--username", r"LAB\svc", "--password", password]
    printed = instance.do(*arguments)
    assert (
        printed == "Service installed\r\nGranting log on as a service right to LAB\\svc\r\nService credentials set\r\n"
    )
    assert instance.service.account == r"LAB\svc"
    completed = instance.run("service", "--instance", "Tentacle", "--start")
    assert completed.exit_code == (0 if starts else 100)
    assert ("logon failure" in completed.stderr) is not starts


def test_an_account_without_password_is_just_set(instance: Installed) -> None:
    printed = instance.do("service", "--instance", "Tentacle", "--install", "--user", r"LAB\gmsa$")
    assert printed == "Service installed\r\nService credentials set\r\n"
    assert instance.service.account == r"LAB\gmsa$"


def test_an_unknown_account_cannot_be_granted_the_right(instance: Installed) -> None:
    completed = instance.run(
        "service", "--instance", "Tentacle", "--install", "--username", r"LAB\absent", "--password", "x"
    )
    assert completed.exit_code == 100
    assert instance.service.account == "LocalSystem"


def test_the_watchdog_trips_and_shows_in_the_configuration(instance: Installed) -> None:
    printed = instance.do("watchdog", "--create", "--interval", "7", "--instances", "Tentacle,B")
    assert "Creating scheduled task Octopus Watchdog Tentacle" in printed
    assert instance.node.scheduled_tasks == [TASK]
    assert instance.node.estate.tripwires == [Tripwire(TASK_CREATED, "NODE1", TASK)]
    shown = instance.do("show-configuration", "--instance", "Tentacle")
    assert '"Enabled": true,\r\n      "Instances": "Tentacle,B",\r\n      "Interval": 7' in shown
    assert "Deleted scheduled task" in instance.do("watchdog", "--delete")
    assert "Nothing to do." in instance.do("watchdog", "--delete")
    assert instance.node.scheduled_tasks == []


def test_checkservices_starts_what_is_stopped(instance: Installed) -> None:
    instance.do("service", "--instance", "Tentacle", "--install")
    assert instance.do("checkservices", "--instances", "Other") == ""
    assert f"Service {SERVICE} started" in instance.do("checkservices", "--instances=*")
    assert instance.service.state == "Running"
    assert instance.do("checkservices", "--instances=*") == ""
    assert instance.run("checkservices").exit_code == 1
    instance.stop()
    instance.service.start_mode = "Disabled"
    completed = instance.run("checkservices", "--instances=*")
    assert (completed.exit_code, "could not be started" in completed.stderr) == (0, True)
    assert instance.run("watchdog").exit_code == 1
