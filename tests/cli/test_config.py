"""`lab config`: what a stack gets from the running lab, and that no secret stands in a command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pulumi_tentacle.cli.lab_config import settings
from pulumi_tentacle.cli.main import app

DOCUMENT: dict[str, Any] = {
    "nodes": [{"name": "NODE1", "address": "127.10.0.11"}, {"name": "NODE2", "address": "127.10.0.12"}],
    "users": [
        {"name": "labadmin", "password": "local-secret", "local": True},
        {"name": "LAB\\Administrator", "password": "domain-secret", "local": False},
    ],
    "disks": [{"uniqueId": "6002", "serialNumber": "LUN-0001", "size": 1}],
    "installers": [
        {"version": "8.3.3594", "url": "http://x/8", "file": "/8", "sha256": "88"},
        {"version": "9.2.4285", "url": "http://x/9", "file": "/9", "sha256": "99"},
    ],
    "octopus": {"url": "http://127.10.0.30:8080", "apiKey": "API-SECRET"},
    "roleAddress": "127.10.0.40",
}
CA = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"
FAKE_PULUMI = """#!/usr/bin/env python3
import json, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([sys.argv[1:], "" if sys.stdin.isatty() else sys.stdin.read()]) + "\\n")
sys.exit({code})
"""


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A running lab, as far as its document goes."""
    ca = tmp_path / "ca.pem"
    ca.write_text(CA)
    monkeypatch.setattr("pulumi_tentacle.cli.lab_config.running", lambda state: DOCUMENT | {"ca": str(ca)})


def fake_pulumi(folder: Path, code: int = 0) -> tuple[Path, Path]:
    log, command = folder / "calls", folder / "pulumi"
    command.write_text(FAKE_PULUMI.format(log=str(log), code=code))
    command.chmod(0o755)
    return command, log


def test_what_a_stack_gets() -> None:
    found = {s.key: s.value for s in settings(DOCUMENT, CA)}
    assert found == {
        "tentacle:winrmUsername": "LAB\\Administrator",
        "tentacle:winrmPassword": "domain-secret",
        "tentacle:winrmCaCertificate": CA,
        "tentacle:octopusUrl": "http://127.10.0.30:8080",
        "tentacle:octopusApiKey": "API-SECRET",
        "nodes": '["127.10.0.11", "127.10.0.12"]',
        "diskSerialNumber": "LUN-0001",
        "roleName": "TENTCL",
        "roleAddress": "127.10.0.40",
        "installerUrl": "http://x/9",
        "installerVersion": "9.2.4285",
        "installerSha256": "99",
    }


def test_a_lab_without_octopus_and_disks() -> None:
    keys = {s.key for s in settings(DOCUMENT | {"octopus": None, "disks": []}, CA)}
    assert "tentacle:octopusUrl" not in keys
    assert "diskSerialNumber" not in keys


@pytest.mark.usefixtures("lab")
def test_secrets_go_by_standard_input_and_are_shown_masked(tmp_path: Path) -> None:
    command, log = fake_pulumi(tmp_path)
    ran = CliRunner().invoke(app, ["lab", "config", "--stack", "lab", "--project", "p", "--pulumi", str(command)])
    assert ran.exit_code == 0, ran.output
    assert "tentacle:winrmPassword = [secret]" in ran.output
    assert "tentacle:winrmCaCertificate = -----BEGIN CERTIFICATE----- …" in ran.output
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    common = ["--cwd", "p", "--stack", "lab", "--non-interactive", "config"]
    assert all(arguments[:6] == common for arguments, _ in calls)
    assert [arguments[6:] for arguments, _ in calls[1:]] == [
        ["set", "--secret", "tentacle:winrmPassword"],
        ["set", "--secret", "tentacle:octopusApiKey"],
    ]
    assert [given for _, given in calls[1:]] == ["domain-secret", "API-SECRET"]
    assert "--plaintext nodes=" in " ".join(calls[0][0])
    for secret in ("domain-secret", "API-SECRET"):
        assert secret not in ran.output
        assert not any(secret in argument for arguments, _ in calls for argument in arguments)


@pytest.mark.usefixtures("lab")
def test_pulumi_is_missing_or_fails(tmp_path: Path) -> None:
    runner = CliRunner()
    missing = runner.invoke(app, ["lab", "config", "--stack", "lab", "--pulumi", str(tmp_path / "none")])
    assert (missing.exit_code, "say where pulumi is with --pulumi" in missing.output) == (1, True)
    command, _ = fake_pulumi(tmp_path, code=255)
    failed = runner.invoke(app, ["lab", "config", "--stack", "lab", "--pulumi", str(command)])
    assert (failed.exit_code, "`pulumi config` failed" in failed.output) == (1, True)
