"""The command line without a lab: help, version, and what it says when nothing runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pulumi_tentacle.cli.main import app

HEAVY = ("fastapi", "uvicorn", "pulumi", "grpc", "cryptography", "httpx", "pypsrp", "psrpcore")


@pytest.mark.parametrize("arguments", [["--help"], ["lab", "--help"], ["lab", "fault", "--help"]])
def test_help(arguments: list[str]) -> None:
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0
    assert "Usage:" in shown.output


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from pulumi_tentacle.cli.main import app; "
        "CliRunner().invoke(app, ['lab', '--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command", [["status"], ["world"], ["health"], ["fault", "move-role"], ["config", "--stack", "lab"]]
)
def test_nothing_runs(command: list[str], tmp_path: Path) -> None:
    state = tmp_path / "state"
    ran = CliRunner().invoke(app, ["lab", *command, "--state", str(state)])
    assert ran.exit_code == 1
    assert f"no lab runs in {state}; start one with `pulumi-tentacle lab start --detach`" in ran.output
    assert not state.exists()


def test_stopping_what_does_not_run_is_no_error(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["lab", "stop"], env={"TENTACLE_LAB_STATE": str(tmp_path)})
    assert (ran.exit_code, f"no lab runs in {tmp_path}" in ran.output) == (0, True)


def test_a_wrong_topology(tmp_path: Path) -> None:
    file = tmp_path / "topology.yaml"
    file.write_text("nodess: []")
    ran = CliRunner().invoke(app, ["lab", "start", "--topology", str(file), "--state", str(tmp_path / "state")])
    assert (ran.exit_code, "nodess: there is no such key" in ran.output) == (1, True)


@pytest.mark.parametrize("options", [[], ["--text", "a", "--from", "b"]])
def test_a_file_gets_one_new_content(options: list[str], tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["lab", "fault", "edit-file", "NODE1", "C:\\x", *options, "--state", str(tmp_path)])
    assert (ran.exit_code, "give either --text or --from" in ran.output) == (1, True)
