"""The lab by its command line: a process of its own, as a person or `make up` starts it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pulumi_tentacle.cli.main import app
from pulumi_tentacle.lab.client import ask
from pulumi_tentacle.lab.server import free_network

START = [sys.executable, "-m", "pulumi_tentacle.cli.main", "lab", "start"]


class Cli:
    """`pulumi-tentacle lab …` with a state folder and a network of its own."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.topology = folder / "topology.yaml"
        self.topology.write_text(f"network: {free_network()}\n")
        self.environment = {"TENTACLE_LAB_STATE": str(self.state), "COLUMNS": "200"}

    def run(self, *arguments: str) -> Result:
        """A command in this process: most are short questions to the running lab."""
        return CliRunner().invoke(app, ["lab", *arguments], env=self.environment)

    def start(self, *options: str) -> subprocess.CompletedProcess[str]:
        """By a process that leaves another one in the background."""
        return subprocess.run(
            [*START, "--detach", "--topology", str(self.topology), *options],
            capture_output=True,
            text=True,
            env=os.environ | self.environment,
            timeout=120,
        )

    def in_foreground(self) -> subprocess.Popen[str]:
        command = [*START, "--topology", str(self.topology)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | self.environment)


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    cli = Cli(tmp_path)
    yield cli
    cli.run("stop")


def test_start_status_world_fault_stop(cli: Cli) -> None:
    started = cli.start()
    assert started.returncode == 0, started.stderr
    document = json.loads(started.stdout)
    assert json.loads(cli.run("status").stdout) == document

    again = cli.run("start", "--detach", "--topology", str(cli.topology))
    assert (again.exit_code, again.stdout) == (1, "")
    assert f"a lab runs already in {cli.state}" in again.stderr

    secret = document["octopus"]["apiKey"].encode()
    holders = [file for file in cli.state.rglob("*") if file.is_file() and secret in file.read_bytes()]
    assert [(f.name, stat.S_IMODE(f.stat().st_mode)) for f in holders] == [("lab.json", 0o600)]
    assert (cli.state / ".gitignore").read_text() == "*\n"

    world = json.loads(cli.run("world", "--json").stdout)
    assert list(world["nodes"]) == ["NODE1", "NODE2"]
    shown = cli.run("world").stdout
    for expected in ("NODE1", "Cluster LABCLU", "Cluster Group", "No tripwire was touched."):
        assert expected in shown

    edited = cli.run("fault", "edit-file", "NODE1", r"C:\x.txt", "--text", "hello")
    assert (edited.exit_code, edited.stdout) == (0, "NODE1: C:\\x.txt is changed\n")
    assert ask(document["control"], "GET", "world")["nodes"]["NODE1"]["files"]["C:\\x.txt"] == "hello"
    refused = cli.run("fault", "move-role")
    assert (refused.exit_code, "say which role with --group" in refused.stderr) == (1, True)
    assert cli.run("health").stderr == "Octopus has no deployment target\n"

    stopped = cli.run("stop")
    assert (stopped.exit_code, stopped.stderr) == (0, "the lab is stopped\n")
    assert cli.run("status").exit_code == 1
    assert not (cli.state / "lab.json").exists()


def test_a_lab_in_the_foreground_ends_by_a_signal(cli: Cli) -> None:
    with cli.in_foreground() as process:
        assert process.stdout is not None
        lines = ""
        while not lines.endswith("\n}\n"):
            lines += process.stdout.readline()
        assert json.loads(lines)["nodes"][0]["name"] == "NODE1"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert cli.run("status").exit_code == 1


def test_a_network_that_another_lab_uses(cli: Cli, tmp_path: Path) -> None:
    cli.start()
    second = cli.start("--state", str(tmp_path / "second"))
    assert second.returncode == 1
    assert "the lab did not start" in second.stderr
    assert "another lab may use the network" in second.stderr


def test_a_lab_that_was_killed_leaves_no_ghost(cli: Cli) -> None:
    with cli.in_foreground() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "{\n"
        process.kill()
    assert cli.run("status").exit_code == 1
    assert cli.run("stop").exit_code == 0
    assert cli.start().returncode == 0  # the same folder and network again


def test_a_record_that_is_none(tmp_path: Path, cli: Cli) -> None:
    record = tmp_path / "record.json"
    record.write_text("{}")
    assert cli.run("replay", str(record)).exit_code == 2
