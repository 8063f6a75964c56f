"""Sessions are few, reused, closed on every way out, and never keep a cancelled run waiting."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_tentacle.errors import Cancelled, DeadlineExceeded, TentacleError, Unreachable
from pulumi_tentacle.lab.wire.soap import WSManFault
from pulumi_tentacle.remoting.commands import command
from pulumi_tentacle.remoting.node import Node, Nodes
from pulumi_tentacle.remoting.pool import SESSIONS_PER_NODE
from pulumi_tentacle.remoting.soap import Reply
from tests.remoting import cmdlets
from tests.remoting.inprocess import SETTINGS, Service5985
from tests.remoting.waiting import wait_until

CHANGE = command("Set-Test", Name="x", Value=1)
TOO_MANY_SHELLS = 2150859173


def test_threads_share_a_few_sessions_and_get_their_own_answers(nodes: Nodes, service: Service5985) -> None:
    node = nodes.node("NODE1")

    def work(number: int) -> list[object]:
        return node.call(command("Set-Test", Name="x", Value=number))

    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(work, range(60))) == [[number] for number in range(60)]
    assert service.operations.count("Create") <= SESSIONS_PER_NODE
    assert service.connections <= SESSIONS_PER_NODE


def test_cmdlets_and_programs_share_a_connection(node: Node, service: Service5985) -> None:
    node.call(CHANGE)
    node.run("hostname.exe")
    node.call(CHANGE)
    assert service.connections == 1


def test_all_shells_are_closed_at_the_end(nodes: Nodes, service: Service5985) -> None:
    nodes.node("NODE1").call(CHANGE)
    nodes.node("NODE1").run("hostname.exe")
    assert service.shells == 1
    nodes.close()
    assert service.shells == 0
    with pytest.raises(Cancelled):
        nodes.node("NODE1").call(CHANGE)


@pytest.mark.parametrize("operation", ["Create", "Command", "Receive", "Send", "Signal"])
def test_failures_leave_no_shell_behind(nodes: Nodes, service: Service5985, operation: str) -> None:
    def spoil(number: int, seen: str, reply: Reply) -> Reply:
        return Reply(200, b"") if seen == operation else reply

    service.after = spoil
    work: Callable[[Node], object]
    for work in (lambda node: node.call(CHANGE), lambda node: node.run("hostname.exe")):
        with contextlib.suppress(TentacleError):
            work(nodes.node("NODE1"))
    nodes.close()
    # The id of a program's shell is the node's choice: one whose making was answered badly stays until it idles out.
    assert service.shells == (1 if operation == "Create" else 0)


def test_failing_operations_do_not_use_the_quota_up(nodes: Nodes, service: Service5985) -> None:
    allow(service, shells=2)
    node = nodes.node("NODE1")
    service.after = lambda number, operation, reply: Reply(200, b"") if operation == "Command" else reply
    for _ in range(20):
        with pytest.raises(TentacleError):
            node.call(CHANGE)
    service.after = lambda number, operation, reply: reply
    assert node.call(CHANGE) == [1]


def test_a_full_quota_waits_for_our_own_sessions(nodes: Nodes, service: Service5985) -> None:
    allow(service, shells=1)
    node = nodes.node("NODE1")
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(lambda: node.call(command("Wait-Test")))
        wait_until(lambda: "Command" in service.operations)
        second = threads.submit(lambda: node.call(CHANGE))
        wait_until(lambda: service.operations.count("Create") == 2)
        threading.Timer(0.1, cmdlets.released.set).start()
        assert first.result() == ["done"]
        assert second.result() == [1]


def test_a_quota_that_others_use_up_is_told(node: Node, service: Service5985) -> None:
    allow(service, shells=0)
    with pytest.raises(
        Unreachable, match=r"NODE1: WinRM allows the account 'LAB\\admin' no further shell.*Refused by.*"
    ):
        node.call(CHANGE)


@pytest.mark.parametrize("where", ["command", "answer", "connection"])
def test_a_cancelled_run_ends_at_once(
    nodes: Nodes, service: Service5985, cancelled: threading.Event, where: str
) -> None:
    hung = threading.Event()
    node = nodes.node("NODE1")
    if where != "command":
        hang(service, "Command" if where == "answer" else "Create", hung)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lambda: node.call(command("Wait-Test")))
        wait_until(lambda: bool(service.operations) and service.operations[-1] in ("Receive", "Command", "Create"))
        started = time.monotonic()
        cancelled.set()
        with pytest.raises(Cancelled, match=r"^NODE1: .*cancelled"):
            waiting.result()
        assert time.monotonic() - started < 5, "a look at the event every quarter of a second, on a busy machine"
    hung.set()
    cmdlets.released.set()
    nodes.close()
    # A shell that the node is still making when it is told to delete it stays until its idle time is over.
    assert service.shells == 0 or where == "connection"


def test_waiting_for_a_session_ends_with_the_run(
    nodes: Nodes, service: Service5985, cancelled: threading.Event
) -> None:
    node = nodes.node("NODE1")
    with ThreadPoolExecutor(SESSIONS_PER_NODE + 1) as threads:
        calls = [threads.submit(lambda: node.call(command("Wait-Test"))) for _ in range(SESSIONS_PER_NODE + 1)]
        wait_until(lambda: service.operations.count("Command") == SESSIONS_PER_NODE)
        cancelled.set()
        for call in calls:
            with pytest.raises(Cancelled):
                call.result()


def test_a_node_that_never_answers_is_given_up_at_the_deadline(nodes: Nodes, service: Service5985) -> None:
    node = nodes.node("NODE1")
    node.call(CHANGE)
    hung = threading.Event()
    hang(service, "Command", hung)
    with pytest.raises(TentacleError, match=r"NODE1: Set-Test: the node did not answer in time"):
        node.call(CHANGE, deadline=0.3)
    with pytest.raises(DeadlineExceeded, match=r"NODE1: Get-Null: the node did not answer in time"):
        node.read(command("Get-Null"), deadline=0.3)
    hung.set()


def test_a_hint_at_the_configuration_where_the_time_comes_from_it(service: Service5985) -> None:
    quick = Nodes(
        type(SETTINGS)("LAB\\admin", "secret", operation_timeout=0.2), threading.Event(), connect=service.connect
    )
    with pytest.raises(DeadlineExceeded, match="tentacle:operationTimeout"):
        quick.node("NODE1").call(command("Wait-Test"))
    cmdlets.released.set()
    quick.close()


def hang(service: Service5985, wanted: str, until: threading.Event) -> None:
    """The node takes a request of this kind and does not answer."""

    def before(number: int, operation: str) -> None:
        if operation == wanted:
            until.wait(20)

    service.before = before


def allow(service: Service5985, shells: int) -> None:
    """The node allows the account so many shells."""

    def before(number: int, operation: str) -> None:
        if operation == "Create" and service.shells >= shells:
            raise WSManFault(TOO_MANY_SHELLS, "Refused by the test.", "w:QuotaLimit")

    service.before = before


def test_a_shell_that_could_not_be_deleted_is_deleted_with_its_session(nodes: Nodes, service: Service5985) -> None:
    left = [1]

    def spoil(number: int, operation: str, reply: Reply) -> Reply:
        raise_it = operation == "Signal" and left[0]
        left[0] -= bool(raise_it)
        return Reply(200, b"") if raise_it else reply

    service.after = spoil
    assert nodes.node("NODE1").run("hostname.exe").exit_code == 0
    nodes.close()
    assert service.shells == 0
