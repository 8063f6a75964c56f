"""Changes: done once or not at all, and the caller is told which; nothing is ever repeated blindly."""

from __future__ import annotations

import threading
from typing import cast

import pytest

from pulumi_tentacle.errors import AccessDenied, CmdletFailed, DeadlineExceeded, Lost, Refused
from pulumi_tentacle.lab.wire.soap import WSManFault
from pulumi_tentacle.remoting import channel
from pulumi_tentacle.remoting.commands import Secret, command
from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.remoting.pool import SessionPool
from pulumi_tentacle.remoting.records import Transcript
from pulumi_tentacle.remoting.session import Session
from pulumi_tentacle.remoting.soap import Reply
from tests.remoting import cmdlets
from tests.remoting.inprocess import SETTINGS, Service5985, lose

CHANGE = command("Set-Test", Name="x", Value=1)
SHELL_GONE, TOO_MANY_OPERATIONS, SCHEMA = 2150858843, 2150859174, 2150858817
OPERATION_TIMEOUT, ABORTED = 2150858793, 995


def test_a_change_answers_what_it_put_out(node: Node, ran: list[str]) -> None:
    assert node.call(CHANGE | command("Select-Object", Property=["Missing"])) == [{"Missing": None}]
    assert node.call(CHANGE) == [1]
    assert ran == ["x", "x"]


@pytest.mark.parametrize("how", ["error", "throw"], ids=["non-terminating", "terminating"])
def test_every_error_fails_a_change(node: Node, how: str) -> None:
    with pytest.raises(CmdletFailed, match=r"^NODE1: Get-Test: y was not found$") as caught:
        node.call(command("Get-Test", Name="y", How=how) | command("Select-Object", Property=["Name"]))
    assert caught.value.error_id == "ThingNotFound"


def test_errors_can_be_left_to_the_caller(node: Node) -> None:
    assert node.call(command("Get-Test", Name="y", How="error", ErrorAction="SilentlyContinue")) == []


def test_the_text_names_the_command_that_failed(node: Node) -> None:
    with pytest.raises(CmdletFailed, match=r"^NODE1: Get-Test: ") as caught:
        node.call(command("Get-Null") | command("Get-Test", Name="z", How="error"))
    assert caught.value.command == "Get-Test"


def test_denied_is_its_own_error(node: Node) -> None:
    with pytest.raises(AccessDenied, match=r"NODE1: Get-Test: Access is denied"):
        node.call(command("Get-Test", Name="x", How="denied"))


def test_a_session_serves_the_next_change_too(node: Node, service: Service5985) -> None:
    for _ in range(3):
        node.call(CHANGE)
        with pytest.raises(CmdletFailed):
            node.call(command("Get-Test", Name="x", How="error"))
    assert service.operations.count("Create") == 1


def test_a_script_runs_with_bound_parameters(node: Node, ran: list[str]) -> None:
    hostile = "'; Remove-Item C:\\ #\" $(x) `n %PATH%"
    assert node.script(cmdlets.SCRIPT, Text=hostile) == [hostile.upper()]
    assert ran == ["script"]


def test_a_changed_script_is_refused_by_name(node: Node) -> None:
    changed = type(cmdlets.SCRIPT)("shout.ps1", cmdlets.SCRIPT.text + "# changed")
    with pytest.raises(CmdletFailed, match=r"^NODE1: shout.ps1: "):
        node.script(changed, Text="x")


def test_a_secret_travels_as_a_secure_string(node: Node, service: Service5985) -> None:
    assert node.call(command("Set-Test", Name="x", Value=Secret("pä'$😀"))) == ["pä'$😀"]
    assert node.call(command("Set-Test", Name="x", Value=[Secret("again")])) is not None
    assert service.operations.count("Send") == 1, "keys are exchanged once for each runspace pool"


@pytest.mark.parametrize("operation", ["Command", "Receive"])
def test_a_lost_reply_to_a_change_is_lost_and_not_repeated(
    node: Node, service: Service5985, ran: list[str], operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "_PAUSE", 0.01)
    node.call(command("Get-Null"))
    ran.clear()
    # every reply to a Receive, as a single lost one is asked for again
    service.after = lose(operation) if operation == "Command" else always_lost
    with pytest.raises(Lost, match=r"NODE1: Set-Test: .*may have been done or not.*pulumi up"):
        node.call(CHANGE)
    assert ran == ["x"]


def always_lost(number: int, operation: str, reply: Reply) -> Reply:
    return lose("Receive")(number, operation, reply)


def test_a_lost_reply_to_a_receive_is_asked_for_again(
    node: Node, service: Service5985, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "_PAUSE", 0.01)
    node.call(command("Get-Null"))
    ran.clear()
    service.after = lose("Receive")
    assert node.call(CHANGE) == [1]
    assert ran == ["x"]
    node.call(CHANGE)
    assert service.operations.count("Create") == 2, "a session that saw a broken connection is not used again"


def test_a_lost_read_is_asked_again_in_a_new_session(node: Node, service: Service5985, ran: list[str]) -> None:
    service.after = lose("Command")
    (answer,) = node.read(command("Get-Test", Name="a"))
    assert [found["Name"] for found in answer.objects] == ["a"]
    assert service.operations.count("Create") == 2


@pytest.mark.parametrize("code", [SHELL_GONE, TOO_MANY_OPERATIONS], ids=["shell gone", "operations used up"])
@pytest.mark.parametrize("what", ["cmdlet", "program"])
def test_a_change_that_was_not_taken_is_made_in_a_new_shell_once(
    node: Node, service: Service5985, ran: list[str], code: int, what: str
) -> None:
    refuse(service, "Command", code, times=1)
    perform(node, what)
    assert len(ran) == 1
    assert service.operations.count("Create") == 2

    refuse(service, "Command", code, times=2)
    with pytest.raises(Refused, match=f"WinRM refused it: .*{code}"):
        perform(node, what)
    assert len(ran) == 1


def test_the_quota_of_operations_is_given_back_by_a_shell_for_each_program(node: Node, service: Service5985) -> None:
    for _ in range(12):
        node.run("hostname.exe")
    assert service.operations.count("Create") == service.operations.count("Delete") == 12


@pytest.mark.parametrize("what", ["cmdlet", "program"])
def test_any_other_fault_is_an_error_with_its_code(node: Node, service: Service5985, ran: list[str], what: str) -> None:
    refuse(service, "Command", SCHEMA, times=1)
    with pytest.raises(Refused, match=rf"WinRM refused it: .*fault {SCHEMA}"):
        perform(node, what)
    assert ran == []


@pytest.mark.parametrize(
    ("operation", "code"),
    [("Command", OPERATION_TIMEOUT), ("Receive", SHELL_GONE), ("Receive", ABORTED)],
    ids=["no answer to the command", "shell gone", "aborted"],
)
@pytest.mark.parametrize("what", ["cmdlet", "program"])
def test_a_fault_after_the_beginning_leaves_the_outcome_open(
    node: Node, service: Service5985, operation: str, code: int, what: str
) -> None:
    node.call(command("Get-Null"))
    refuse(service, operation, code, times=1)
    with pytest.raises(Lost, match="may have been done or not"):
        perform(node, what)


def test_nothing_to_tell_yet_is_no_failure(node: Node, service: Service5985, ran: list[str]) -> None:
    node.call(command("Get-Null"))
    refuse(service, "Receive", OPERATION_TIMEOUT, times=3)
    perform(node, "cmdlet")
    refuse(service, "Receive", OPERATION_TIMEOUT, times=3)
    perform(node, "program")
    assert len(ran) == 2


def test_a_failure_without_a_reason_is_a_failure() -> None:
    session = cast(Session, Failing())
    node = Node("NODE1", SessionPool(lambda: session), lambda: SETTINGS, threading.Event())
    with pytest.raises(CmdletFailed, match=r"^NODE1: Set-Test: it failed and gave no reason"):
        node.call(CHANGE)


class Failing:
    """A session whose pipeline ends in the state Failed, without an error record."""

    usable = True

    def invoke(self, statements: object, limits: object) -> Transcript:
        return Transcript([], completed=False)


@pytest.mark.parametrize("what", ["cmdlet", "program"])
def test_an_account_that_may_not_use_winrm(node: Node, service: Service5985, what: str) -> None:
    refuse(service, "Create", 5, times=1)
    with pytest.raises(AccessDenied, match="Remote Management Users"):
        perform(node, what)


@pytest.mark.parametrize("what", ["cmdlet", "program"])
def test_what_takes_too_long_is_ended(node: Node, service: Service5985, ran: list[str], what: str) -> None:
    with pytest.raises(
        DeadlineExceeded, match=r"^NODE1: .*not finished within 0.5 seconds\..*ended|stopped on the node"
    ):
        perform(node, f"waiting {what}", deadline=0.5)
    assert ran == ["waiting"]
    assert "Signal" in service.operations
    cmdlets.released.set()
    perform(node, what)


def test_an_error_while_ending_a_command_does_not_undo_its_success(node: Node, service: Service5985) -> None:
    refuse(service, "Signal", SCHEMA, times=1)
    assert node.call(CHANGE) == [1]


@pytest.mark.parametrize("value", [None, object(), 2**64, float("nan")])
def test_a_value_without_a_meaning_is_not_sent(node: Node, ran: list[str], value: object) -> None:
    with pytest.raises(TypeError):
        node.call(command("Set-Test", Name="x", Value=value))  # type: ignore[arg-type]  # what is tested
    assert ran == []


def perform(node: Node, what: str, deadline: float | None = None) -> None:
    match what:
        case "cmdlet":
            node.call(CHANGE, deadline=deadline)
        case "waiting cmdlet":
            node.call(command("Wait-Test"), deadline=deadline)
        case "program":
            node.run(rf"{cmdlets.FOLDER}\exit.exe", "0", deadline=deadline)
        case "waiting program":
            node.run(rf"{cmdlets.FOLDER}\wait.exe", deadline=deadline)


def refuse(service: Service5985, wanted: str, code: int, times: int) -> None:
    """The next requests of an operation are answered with a fault and have no effect."""
    left = [times]

    def before(number: int, operation: str) -> None:
        if operation == wanted and left[0]:
            left[0] -= 1
            raise WSManFault(code, "Refused by the test.")

    service.before = before
