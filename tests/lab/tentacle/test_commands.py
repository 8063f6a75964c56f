from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_tentacle.lab.node.program import Completed
from pulumi_tentacle.lab.tentacle.settings import EMPTY_FILE
from tests.lab.tentacle.tentacle_node import CONFIGURATION, EXECUTABLE, VERSION, Installed

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "commands.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_command(case: dict[str, Any], make_node: Callable[..., Installed]) -> None:
    installed = make_node(version=case.get("version", VERSION))
    _prepare(installed, case)
    completed = installed.run(*case["run"])
    _check_streams(case, completed)
    _check_traces(case, installed)


def test_the_configuration_file_begins_with_a_byte_order_mark_once_tentacle_wrote_it(installed: Installed) -> None:
    installed.do("create-instance", "--instance", "Tentacle", "--config", CONFIGURATION)
    assert installed.node.files.read(CONFIGURATION).startswith(
        b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n'
    )


def test_delete_instance_takes_the_registry_entry_along(installed: Installed) -> None:
    installed.node.registry.set(r"Software\Octopus\Tentacle\Old", "ConfigurationFilePath", CONFIGURATION)
    installed.node.files.make_folder(r"C:\Octopus")
    installed.node.files.write(CONFIGURATION, EMPTY_FILE)
    assert installed.do("delete-instance", "--instance", "Old").endswith("Deleted instance: Old\r\n")
    assert installed.do("list-instances", "--format", "json") == "[]"
    assert installed.node.files.is_file(CONFIGURATION)


def test_a_program_that_the_lab_did_not_make_is_refused_loudly(installed: Installed) -> None:
    installed.node.files.write(EXECUTABLE, b"MZ")
    assert installed.run("version").exit_code == 1
    assert list(installed.node.unknown) == [f"what {EXECUTABLE} is"]


@pytest.mark.parametrize("trouble", ["locked", "denied"])
def test_a_file_that_cannot_be_written(installed: Installed, trouble: str) -> None:
    installed.do("create-instance", "--instance", "Tentacle", "--config", CONFIGURATION)
    if trouble == "locked":
        installed.node.files.file(CONFIGURATION).locked = True
        completed = installed.run("configure", "--instance", "Tentacle", "--port", "1")
        assert "because it is being used by another process" in completed.stderr
    else:
        completed = installed.run("show-thumbprint", "--instance", "Tentacle", "--export-file", r"C:\Octopus")
        assert "System.UnauthorizedAccessException" in completed.stderr
    assert completed.exit_code == 100


def _prepare(installed: Installed, case: dict[str, Any]) -> None:
    node = installed.node
    for arguments in case.get("before", []):
        installed.do(*arguments)
    for path, text in case.get("files", {}).items():
        node.files.make_folder(path.rpartition("\\")[0])
        node.files.write(path, text.encode())
    for name, configuration in case.get("legacy", {}).items():
        node.registry.set(rf"Software\Octopus\Tentacle\{name}", "ConfigurationFilePath", configuration)
    installed.logon.profile = case.get("profile", True)
    installed.environment = case.get("environment", {})
    node.drives["C"].free = case.get("free")


def _check_streams(case: dict[str, Any], completed: Completed) -> None:
    assert completed.exit_code == case.get("exit", 0), completed.stderr
    for stream, text in (("stdout", completed.stdout), ("stderr", completed.stderr)):
        if stream in case:
            assert text == case[stream]
        assert case.get(f"{stream}_has", "") in text
    assert bool(completed.stderr) == bool(completed.exit_code)


def _check_traces(case: dict[str, Any], installed: Installed) -> None:
    path = case.get("config", CONFIGURATION)
    settings = installed.settings(path) if installed.node.files.is_file(path) else {}
    for key, value in case.get("settings", {}).items():
        assert settings.get(key) == value
    for key, part in case.get("settings_have", {}).items():
        assert part in settings[key]
    assert not set(case.get("gone", [])) & set(settings)
    for written, part in case.get("written", {}).items():
        assert part in installed.node.files.read(written).decode()
    assert list(installed.node.unknown) == ([case["unknown"]] if "unknown" in case else [])
