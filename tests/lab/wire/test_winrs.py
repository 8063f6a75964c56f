"""Windows Remote Shells with real clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import winrm
from pypsrp.client import Client as PsrpClient
from winrm.exceptions import WSManFaultError
from winrm.protocol import Protocol

from pulumi_tentacle.lab.node.program import Completed, Invocation, program
from pulumi_tentacle.lab.world import Node
from tests.lab.wire.conftest import Client

FOLDER = r"C:\path with blanks"


@pytest.fixture
def tool(node: Node, registries: None) -> None:
    """tool.exe shows what it was started with."""
    node.files.make_folder(FOLDER)
    node.files.write(rf"{FOLDER}\tool.exe", b"MZ")

    @program("tool.exe")
    def run_tool(invocation: Invocation) -> Completed:
        if invocation.arguments == ["big"]:
            return Completed(stdout="ä" * 300_000)
        shown = [*invocation.arguments, invocation.variable("SECRET") or "", invocation.stdin.decode()]
        return Completed(4294967295, "|".join(shown), f"in {invocation.folder}")


@pytest.fixture
def protocol(client: Client, tool: None) -> Iterator[Protocol]:
    opened = client.winrm()
    yield opened
    opened.transport.close_session()


def run(protocol: Protocol, shell: str, line: str, *arguments: str, **options: bool) -> tuple[str, str, int]:
    command = protocol.run_command(shell, line, arguments, **options)
    stdout, stderr, code = protocol.get_command_output(shell, command)
    protocol.cleanup_command(shell, command)
    return stdout.decode(), stderr.decode(), code


TOOL = rf'"{FOLDER}\tool.exe"'


def test_arguments_environment_streams_and_exit_code(protocol: Protocol, node: Node) -> None:
    shell = protocol.open_shell(env_vars={"SECRET": "hush", "X": "1 2"}, working_directory=FOLDER, codepage=65001)
    assert run(protocol, shell, TOOL, "a", '"b c"', "%X%", "ü") == ("a|b c|1|2|ü|hush|", f"in {FOLDER}", 4294967295)
    assert run(protocol, shell, "tool", "a^&b")[0] == "a&b|hush|"
    assert node.commands[0] == [rf"{FOLDER}\tool.exe", "a", "b c", "1", "2", "ü"]
    protocol.close_shell(shell)


@pytest.mark.parametrize("ssl", [True, False])
def test_run_cmd_as_users_write_it(client: Client, tool: None, ssl: bool) -> None:
    port = client.server.https_port if ssl else client.server.http_port
    url = f"{'https' if ssl else 'http'}://127.0.0.1:{port}/wsman"
    session = winrm.Session(url, auth=("LAB\\admin", 'p"ä:1'), transport="ntlm", ca_trust_path=client.ca_file)
    done = session.run_cmd(TOOL, ["version"])
    assert (done.status_code, done.std_out) == (4294967295, b"version||")
    missing = session.run_cmd("nope.exe")
    assert (missing.status_code, missing.std_out) == (1, b"")
    assert b"'nope.exe' is not recognized as an internal or external command" in missing.std_err


def test_pypsrps_remote_shell(client: Client, tool: None) -> None:
    options = {"port": client.server.https_port, "ssl": True, "cert_validation": client.ca_file, "auth": "negotiate"}
    with PsrpClient("127.0.0.1", username="LAB\\admin", password='p"ä:1', **options) as psrp:
        assert psrp.execute_cmd(f"{TOOL} one") == ("one||", r"in C:\Windows\System32", 4294967295)


def test_text_is_encoded_in_the_shells_code_page(protocol: Protocol) -> None:
    shell = protocol.open_shell(codepage=437)
    command = protocol.run_command(shell, TOOL, ["ü☃"])
    assert protocol.get_command_output(shell, command)[0] == b"\x81?||"
    protocol.close_shell(shell)


def test_a_large_output(protocol: Protocol) -> None:
    shell = protocol.open_shell(codepage=65001)
    assert run(protocol, shell, TOOL, "big") == ("ä" * 300_000, "", 0)
    protocol.close_shell(shell)


def test_standard_input(protocol: Protocol) -> None:
    shell = protocol.open_shell()
    command = protocol.run_command(shell, TOOL, console_mode_stdin=False)
    protocol.send_command_input(shell, command, b"first ")
    protocol.send_command_input(shell, command, b"second", end=True)
    assert protocol.get_command_output(shell, command)[0] == b"|first second"
    console = protocol.run_command(shell, TOOL)
    with pytest.raises(WSManFaultError, match="lab does not know"):
        protocol.send_command_input(shell, console, b"typed")
    protocol.close_shell(shell)


def test_ids_that_do_not_exist(protocol: Protocol) -> None:
    shell = protocol.open_shell()
    command = protocol.run_command(shell, TOOL)
    protocol.cleanup_command(shell, command)
    for missing_shell, missing_command in ((shell, command), ("11111111-1111-1111-1111-111111111111", command)):
        with pytest.raises(WSManFaultError) as caught:
            protocol.get_command_output_raw(missing_shell, missing_command)
        assert caught.value.wsman_fault_code == 2150858843
    protocol.close_shell(shell)


def test_starting_without_cmd_is_not_known(protocol: Protocol) -> None:
    shell = protocol.open_shell()
    with pytest.raises(WSManFaultError, match="SKIP_CMD_SHELL"):
        protocol.run_command(shell, TOOL, skip_cmd_shell=True)
    protocol.close_shell(shell)
