"""Scheduled tasks, restarts, who and where one is, command lines, and waiting without the lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_tentacle.lab.node import command_line
from pulumi_tentacle.lab.node.program import check_command_line
from pulumi_tentacle.lab.powershell.engine import invoke
from pulumi_tentacle.lab.world import Estate, Logon, Node
from tests.lab.node.helpers import only, run, tripped

COMMAND_LINES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "command_lines.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", COMMAND_LINES, ids=lambda case: case["line"])
def test_a_command_line_is_split_as_windows_does(case: dict[str, Any]) -> None:
    assert command_line.split(case["line"]) == case["parts"]


def test_a_secret_in_an_argument_trips_without_being_shown(node: Node) -> None:
    node.estate.secrets |= {"s3cret", ""}

    check_command_line(node, ["configure", "--home=C:\\Octopus"])
    assert tripped(node) == []

    check_command_line(node, ["import-certificate", "--pfx-password=s3cret"])
    assert tripped(node) == [("secret in a command line", "NODE1")]
    assert node.estate.tripwires[0].detail == "--pfx-password=***"


def test_a_scheduled_task_trips(node: Node) -> None:
    done = run(
        node, "schtasks.exe", "/Create", "/TN", "Octopus Watchdog Tentacle", "/TR", "cmd.exe", "/SC", "minute", "/F"
    )

    assert done.exit_code == 0
    assert node.scheduled_tasks == ["Octopus Watchdog Tentacle"]
    assert tripped(node) == [("scheduled task created", "NODE1")]


def test_a_task_of_the_cmdlet_trips_too(node: Node) -> None:
    node.estate.secrets.add("s3cret")

    made = only(invoke(node, "Register-ScheduledTask", TaskName="T", Xml="<Command>a s3cret</Command>", Force=True))

    assert made.properties["TaskName"] == "T"
    assert tripped(node) == [("secret in a command line", "NODE1"), ("scheduled task created", "NODE1")]


@pytest.mark.parametrize("arguments", [["/query"], ["/create"], ["/create", "/tn", "A", "/s", "NODE2"]])
def test_other_uses_of_schtasks_are_refused_and_counted(node: Node, arguments: list[str]) -> None:
    assert run(node, "schtasks.exe", *arguments).stderr.startswith("the lab does not know schtasks")
    assert sum(node.unknown.values()) == 1
    assert tripped(node) == []


def test_shutdown_restarts_the_computer(node: Node) -> None:
    booted = node.booted

    assert run(node, "shutdown.exe", "/r", "/t", "5").exit_code == 0

    assert node.up
    assert node.booted > booted


def test_a_running_lab_restarts_nodes_in_its_own_way(node: Node) -> None:
    restarted: list[str] = []
    node.estate.restart = lambda machine: restarted.append(machine.name)

    run(node, "shutdown.exe", "-r", "-t", "0")

    assert restarted == ["NODE1"]


@pytest.mark.parametrize(("arguments", "code"), [(["/a"], 1116), (["/s"], 1), ([], 1)])
def test_other_uses_of_shutdown(node: Node, arguments: list[str], code: int) -> None:
    booted = node.booted

    assert run(node, "shutdown.exe", *arguments).exit_code == code
    assert node.booted == booted


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        (r"LAB\Administrator", r"lab\administrator"),
        ("Administrator@lab.test", r"lab\administrator"),
        ("labadmin", r"node1\labadmin"),
    ],
)
def test_who_and_where(node: Node, user: str, shown: str) -> None:
    assert run(node, "whoami.exe", logon=Logon(user)).stdout == f"{shown}\r\n"
    assert run(node, "hostname.exe").stdout == "NODE1\r\n"


def test_work_without_the_lock_lets_others_in_and_raises_what_it_raised(estate: Estate) -> None:
    def work() -> str:
        assert estate.lock.acquire(timeout=5), "the lock was not let go of"
        estate.lock.release()
        return "done"

    def fail() -> str:
        raise OSError("broken")

    with estate.lock, estate.lock:
        assert estate.without_lock(work) == "done"
        with pytest.raises(OSError, match="broken"):
            estate.without_lock(fail)
