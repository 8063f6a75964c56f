"""cmd.exe: lines taken apart, and programs found and run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pulumi_tentacle.lab.node import cmd
from pulumi_tentacle.lab.node.program import EXPOSED_IN_COMMAND_LINE, Completed, Invocation, program
from pulumi_tentacle.lab.world import Logon, Node

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("cmd-lines.yaml").read_text())
ENVIRONMENT = {"Name": "value", "Amp": "a&b", "Quoted": '"q r"', "Empty": ""}
FOLDER = r"C:\Program Files\Some Tool"


@pytest.mark.parametrize("case", CASES, ids=[case["line"] for case in CASES])
def test_lines(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(cmd.NotModelled, match=case["refused"]):
            cmd.parse(case["line"], ENVIRONMENT)
    else:
        parsed = cmd.parse(case["line"], ENVIRONMENT)
        assert (parsed.program, parsed.arguments) == (case["program"], case["arguments"])


@given(st.lists(st.text(alphabet='ab \t"\\', max_size=6), max_size=4))
def test_arguments_come_back_as_python_quotes_them(arguments: list[str]) -> None:
    assert cmd.split_arguments(subprocess.list2cmdline(arguments)) == arguments


@pytest.fixture
def tool(node: Node, registries: None) -> list[Invocation]:
    """tool.exe is on the node and has a model; its invocations."""
    node.files.make_folder(FOLDER)
    for name in ("tool.exe", "other.exe"):
        node.files.write(rf"{FOLDER}\{name}", b"MZ")
    invocations: list[Invocation] = []

    @program("tool.exe")
    def run_tool(invocation: Invocation) -> Completed:
        invocations.append(invocation)
        return Completed(3, "out", "err")

    return invocations


def run(node: Node, line: str, *, folder: str = cmd.SYSTEM_FOLDER, **environment: str) -> Completed:
    return cmd.run(node, Logon("LAB\\admin"), line, environment, folder, b"")


@pytest.mark.parametrize(
    ("line", "folder", "path"),
    [
        (rf'"{FOLDER}\tool.exe" a "b c"', cmd.SYSTEM_FOLDER, ""),
        (rf'"{FOLDER}\TOOL" a "b c"', cmd.SYSTEM_FOLDER, ""),
        ('tool a "b c"', FOLDER, ""),
        (r'.\tool.exe a "b c"', FOLDER, ""),
        ('tool.exe a "b c"', cmd.SYSTEM_FOLDER, rf'C:\Nope;"{FOLDER}"'),
    ],
)
def test_a_program_is_found_and_noted(node: Node, tool: list[Invocation], line: str, folder: str, path: str) -> None:
    assert run(node, line, folder=folder, Path=path) == Completed(3, "out", "err")
    assert [(each.arguments, each.logon.user) for each in tool] == [(["a", "b c"], "LAB\\admin")]
    (noted,) = node.commands
    assert noted[0].lower() in (rf"{FOLDER}\tool.exe".lower(), rf"{FOLDER}\tool".lower() + ".exe")
    assert noted[1:] == ["a", "b c"]


def test_a_program_whose_file_is_not_there_is_not_recognized(node: Node, tool: list[Invocation]) -> None:
    for line in ("tool.exe a", r'"C:\Nowhere\tool.exe" a', "nothing"):
        completed = run(node, line)
        assert completed.exit_code == 1
        assert f"'{line.removesuffix(' a')}' is not recognized" in completed.stderr
    assert (node.commands, node.unknown, tool) == ([], {}, [])


@pytest.mark.parametrize(
    ("line", "name"), [(rf'"{FOLDER}\other.exe"', "other.exe"), ("netdom query", "netdom.exe"), ("dir C:\\", "dir")]
)
def test_a_program_without_a_model_is_not_known(node: Node, tool: list[Invocation], line: str, name: str) -> None:
    completed = run(node, line)
    assert (completed.exit_code, completed.stderr) == (1, f"the lab does not know the program {name}\r\n")
    assert node.unknown == {f"the program {name}": 1}


def test_system_programs_need_no_file(node: Node, registries: None) -> None:
    @program("msiexec.exe")
    def msiexec(invocation: Invocation) -> Completed:
        return Completed(0, invocation.program)

    assert run(node, "msiexec /i x.msi").stdout == r"C:\Windows\System32\msiexec.exe"
    assert run(node, r"%SystemRoot%\System32\msiexec.exe /i x.msi", SystemRoot=r"C:\Windows").exit_code == 0


def test_unknown_syntax_and_long_lines(node: Node, tool: list[Invocation]) -> None:
    assert "does not know cmd.exe's syntax" in run(node, "tool.exe | more").stderr
    assert run(node, "tool.exe " + "x" * 8191).stderr == "The command line is too long.\r\n"


def test_a_secret_in_a_command_line_trips(node: Node, tool: list[Invocation]) -> None:
    node.estate.secrets.add('se"cret')
    run(node, "tool.exe --password %Secret%", folder=FOLDER, Secret='"se\\"cret"')
    (tripped,) = node.estate.tripwires
    assert (tripped.what, tripped.where) == (EXPOSED_IN_COMMAND_LINE, "NODE1")
    assert 'se"cret' not in tripped.detail
