"""The way of a message: re-sent only where nothing can be done twice, and never waited for longer than allowed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from pulumi_tentacle.errors import Cancelled, DeadlineExceeded, Unreachable
from pulumi_tentacle.remoting import channel as channels
from pulumi_tentacle.remoting.channel import Channel
from pulumi_tentacle.remoting.faults import Broken, Fault
from pulumi_tentacle.remoting.limits import Limits
from pulumi_tentacle.remoting.logon import LogonGate
from pulumi_tentacle.remoting.settings import Settings
from pulumi_tentacle.remoting.soap import Reply
from tests.remoting.inprocess import SETTINGS

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
ENVELOPE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="{shell}"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header><a:RelatesTo>uuid:1</a:RelatesTo></s:Header>'
    "<s:Body><rsp:{name}Response><rsp:CommandId>1</rsp:CommandId></rsp:{name}Response></s:Body></s:Envelope>"
)
HTTP = replace(SETTINGS, scheme="http")


def message(operation: str) -> bytes:
    return f"<x><a:Action>{SHELL}/{operation}</a:Action><a:MessageID>uuid:1</a:MessageID></x>".encode()


def good(operation: str) -> Reply:
    return Reply(200, ENVELOPE.format(shell=SHELL, name=operation).encode())


def late(until: threading.Event) -> Callable[[], Reply]:
    def answer() -> Reply:
        until.wait(10)
        return good("Command")

    return answer


class Scripted:
    """A connection that gives these answers, in order."""

    def __init__(self, *answers: Reply | Exception | Callable[[], Reply]) -> None:
        self._answers = list(answers)
        self.sent: list[bytes] = []
        self.resets = 0
        self.closed = 0

    def post(self, message: bytes, seconds: float) -> Reply:
        self.sent.append(message)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reply) else answer()

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed += 1


def over(connection: Scripted, settings: Settings = SETTINGS) -> Channel:
    return Channel("NODE1", settings, lambda: connection, LogonGate())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "_PAUSE", 0.01)


def test_a_receive_is_sent_again_as_it_was() -> None:
    connection = Scripted(Broken("x"), Broken("y"), good("Receive"))
    channel = over(connection)
    assert channel.send(message("Receive"), 1) == good("Receive").body
    assert connection.sent == [message("Receive")] * 3
    assert connection.closed == 2, "each time on a new connection"
    assert not channel.usable


def test_a_receive_is_not_sent_again_for_ever() -> None:
    connection = Scripted(*(Broken(str(n)) for n in range(10)))
    with pytest.raises(Broken):
        over(connection).send(message("Receive"), 1)
    assert len(connection.sent) == 4


@pytest.mark.parametrize("operation", ["Create", "Command", "Send", "Signal", "Delete"])
def test_nothing_else_is_sent_again(operation: str) -> None:
    connection = Scripted(Broken("x"), good(operation))
    channel = over(connection)
    with pytest.raises(Broken):
        channel.send(message(operation), 1)
    assert len(connection.sent) == 1
    assert not channel.usable


@pytest.mark.parametrize("operation", ["Command", "Receive"])
def test_a_message_that_could_not_be_decrypted_was_not_taken(operation: str) -> None:
    """Its connection was replaced under an old key: psrp.md §0.3, winrm.md §0.5."""
    connection = Scripted(Reply(400, b""), good(operation))
    channel = over(connection, HTTP)
    assert channel.send(message(operation), 1)
    assert connection.resets == 1
    assert channel.usable


def test_a_bad_request_without_encryption_is_not_sent_again() -> None:
    connection = Scripted(Reply(400, b""), good("Command"))
    with pytest.raises(Unreachable, match="HTTP 400"):
        over(connection).send(message("Command"), 1)


def test_an_idle_encrypted_connection_is_made_anew_before_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Scripted(good("Command"), good("Command"))
    channel = over(connection, HTTP)
    channel.send(message("Command"), 1)
    assert connection.resets == 0
    monkeypatch.setattr(channels, "_IDLE", -1.0)
    channel.send(message("Command"), 1)
    assert connection.resets == 1


def test_a_fault_leaves_the_channel_usable() -> None:
    fault = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Reason><s:Text>no '
        "more</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"
    )
    channel = over(Scripted(Reply(500, fault.encode())))
    with pytest.raises(Fault, match="^no more$") as caught:
        channel.send(message("Command"), 1)
    assert caught.value.code is None
    assert channel.usable


@pytest.mark.parametrize("why", ["cancelled", "deadline"])
def test_a_wait_that_ends_gives_the_connection_up(why: str) -> None:
    hung, cancelled = threading.Event(), threading.Event()
    connection = Scripted(late(hung))
    channel = over(connection)
    if why == "cancelled":
        threading.Timer(0.05, cancelled.set).start()
    limits = Limits("NODE1: x", 0.1 if why == "deadline" else 10, cancelled)
    with channel.within(limits), pytest.raises(Cancelled if why == "cancelled" else DeadlineExceeded):
        channel.send(message("Command"), 1)
    assert not channel.usable
    hung.set()


def test_a_connection_given_up_is_closed_when_its_answer_comes() -> None:
    hung, closed = threading.Event(), threading.Event()

    class Noting(Scripted):
        def close(self) -> None:
            closed.set()

    channel = over(Noting(late(hung)))
    with channel.within(Limits("NODE1: x", 0.05)), pytest.raises(DeadlineExceeded):
        channel.send(message("Command"), 1)
    assert not closed.is_set()
    hung.set()
    assert closed.wait(10)
