"""A program on a node gets exactly the arguments that were given, or nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from pulumi_tentacle.errors import InvalidInput
from pulumi_tentacle.remoting.commands import Secret
from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.remoting.quoting import MAX_LINE, check_environment, command_line
from tests.remoting import cmdlets
from tests.remoting.inprocess import Service5985
from tests.remoting.windows_parsers import run_by_cmd

CASES = yaml.safe_load(Path(__file__).with_name("command-lines.yaml").read_text(encoding="utf-8"))
PROGRAMS = st.sampled_from(
    [
        "a.exe",
        r"C:\Octopus\Tentacle.exe",
        r"C:\Program Files\Octopus Deploy\Tentacle\Tentacle.exe",
        r"E:\a (b) & c\d.exe",
    ]
)
NASTY = st.text(alphabet="ab \\\"^&|<>()!,;=@'`$", max_size=12)
ARGUMENTS = st.lists(NASTY | st.text(max_size=8), max_size=5)
PLAIN = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters='%"'))


@pytest.mark.parametrize("case", CASES, ids=[f"{c['program']} {c['arguments']}" for c in CASES])
def test_lines(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(InvalidInput, match=case["refused"]):
            command_line(case["program"], case["arguments"])
    else:
        made = command_line(case["program"], case["arguments"])
        assert (made.line, made.folder) == (case["line"], case.get("folder"))


@given(PROGRAMS, ARGUMENTS, st.booleans())
def test_windows_reads_what_was_given(program: str, arguments: list[str], wrapped: bool) -> None:
    try:
        made = command_line(program, arguments)
    except InvalidInput:
        assume(False)
    assert run_by_cmd(made.line, wrapped=wrapped, folder=made.folder) == [program, *arguments]
    assert not made.line.startswith('"')


@given(PROGRAMS, st.lists(PLAIN, max_size=5))
def test_ordinary_arguments_are_never_refused(program: str, arguments: list[str]) -> None:
    assert command_line(program, arguments)


def test_a_line_that_cmd_would_cut_off_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"a\.exe is longer than"):
        command_line(r"C:\a.exe", ["x" * MAX_LINE])


@pytest.mark.parametrize(
    ("name", "value"),
    [("", "x"), ("A=B", "x"), ("A\n", "x"), ("A", "x\ny"), ("A", "\0"), ("A", "x" * 40000), ("A", "\ud800")],
)
def test_a_variable_that_cannot_be_set_is_refused_without_its_value(name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_environment(name, value)
    assert value not in str(caught.value) or value == "x"


def test_arguments_and_environment_reach_the_program(node: Node, service: Service5985) -> None:
    given = ["", "a b", 'c"d', "e&f", "C:\\dir\\", "ü😀"]
    environment: dict[str, str | Secret] = {"TEST_A": "100% & more", "TEST_B": Secret("s3cret ü")}
    result = node.run(rf"{cmdlets.FOLDER}\echo-args.exe", *given, environment=environment)
    assert result.stdout.split("\0") == given
    assert result.stderr == repr({"TEST_A": "100% & more", "TEST_B": "s3cret ü"})


def test_an_environment_is_gone_with_its_program(node: Node) -> None:
    node.run(rf"{cmdlets.FOLDER}\echo-args.exe", environment={"TEST_A": "1"})
    assert node.run(rf"{cmdlets.FOLDER}\echo-args.exe").stderr == "{}"


@pytest.mark.parametrize("code", [0, 1, 3010, 3221225477])
def test_every_exit_code_is_a_result(node: Node, code: int) -> None:
    result = node.run(rf"{cmdlets.FOLDER}\exit.exe", str(code))
    assert (result.exit_code, result.stdout, result.stderr) == (code, "out ü", "err ß")


def test_what_cannot_be_passed_on_is_not_sent(node: Node, service: Service5985) -> None:
    with pytest.raises(InvalidInput):
        node.run("a.exe", "%PATH%")
    with pytest.raises(InvalidInput):
        node.run("a.exe", environment={"A": "1\n2"})
    assert service.operations == []


def test_a_secret_never_shows() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {secret!s}"
