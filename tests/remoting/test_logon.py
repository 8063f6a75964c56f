"""Wrong passwords lock accounts: each is tried once, whoever asks, however many ask at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pulumi_tentacle.errors import Cancelled, LogonRefused, TentacleError, Unreachable
from pulumi_tentacle.lab.world import Node as LabNode
from pulumi_tentacle.remoting.commands import command
from pulumi_tentacle.remoting.faults import Broken
from pulumi_tentacle.remoting.limits import Limits
from pulumi_tentacle.remoting.logon import LogonGate, Rejected
from pulumi_tentacle.remoting.node import Nodes
from pulumi_tentacle.remoting.settings import Settings
from pulumi_tentacle.remoting.soap import Reply
from tests.remoting.inprocess import SETTINGS, Link, Service5985

CALL = command("Get-Null")
WRONG = replace(SETTINGS, password="wr0ng!")


def failures(nodes: Nodes, addresses: list[str]) -> list[TentacleError]:
    """What each of many callers at the same time gets."""
    together = threading.Barrier(len(addresses))

    def call(address: str) -> TentacleError:
        together.wait()
        with pytest.raises(TentacleError) as caught:
            nodes.node(address).call(CALL)
        return caught.value

    with ThreadPoolExecutor(len(addresses)) as threads:
        return list(threads.map(call, addresses))


def test_a_wrong_password_costs_one_failed_logon(service: Service5985) -> None:
    nodes = Nodes(WRONG, threading.Event(), connect=service.connect)
    errors = failures(nodes, ["NODE1", "NODE2"] * 12)
    nodes.close()
    assert service.logons == 1
    assert all(type(error) is LogonRefused for error in errors)
    tried = [str(error) for error in errors if "was not asked" not in str(error)]
    assert {text.split(" ")[0] for text in tried} < {"NODE1", "NODE2"}, "one node was asked, the other was not"
    for error in errors:
        assert r"LAB\admin" in str(error)
        assert "tentacle:winrmPassword" in str(error)
        assert "wr0ng!" not in repr(error)
        assert "channel binding" not in str(error)


def test_a_right_password_is_used_freely(service: Service5985) -> None:
    nodes = Nodes(SETTINGS, threading.Event(), connect=service.connect)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: nodes.node("NODE1").call(CALL), range(16)))
    nodes.close()
    assert 1 <= service.logons == service.connections


def test_channel_binding_is_named_where_another_node_took_the_password(lab_node: LabNode, ran: list[str]) -> None:
    good, strict = Service5985(lab_node), Service5985(lab_node, password="another")
    services = {"NODE1": good, "NODE2": strict, "NODE3": good}
    nodes = Nodes(SETTINGS, threading.Event(), connect=lambda address, s: services[address].connect(address, s))
    nodes.node("NODE1").call(CALL)
    with pytest.raises(LogonRefused, match=r"^NODE2 refused.*NODE1|Another node accepted.*channel binding"):
        nodes.node("NODE2").call(CALL)
    with pytest.raises(LogonRefused, match=r"^NODE3 was not asked: NODE2 refused"):
        nodes.node("NODE3").call(CALL)
    nodes.node("NODE1").call(CALL)
    nodes.close()
    assert strict.logons == 1


def test_an_unreachable_node_is_waited_for_once(lab_node: LabNode) -> None:
    """Callers that wait for another's first logon get what that one got, instead of waiting the same time again."""
    service = Service5985(lab_node)
    entered, go_on = threading.Event(), threading.Event()
    attempts: list[str] = []

    class Dead(Link):
        def post(self, message: bytes, seconds: float) -> Reply:
            attempts.append("connect")
            entered.set()
            go_on.wait(10)
            raise Unreachable("NODE1 cannot be reached.")

    gate = LogonGate()

    def caller() -> None:
        with gate.logon(SETTINGS, "NODE1", Limits("NODE1")):
            Dead(service, SETTINGS).post(b"", 1)

    with ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(caller) for _ in range(3)]
        entered.wait(10)
        until_all_wait = threading.Timer(0.1, go_on.set)
        until_all_wait.start()
        for call in calls:
            with pytest.raises(Unreachable, match="NODE1 cannot be reached"):
                call.result()
    assert len(attempts) < 3


@pytest.mark.parametrize(
    ("failure", "expected"),
    [(Broken("it broke"), Broken), (Unreachable("gone"), Unreachable), (Rejected("locked"), LogonRefused)],
)
def test_the_outcome_of_a_first_logon(failure: Exception, expected: type[Exception]) -> None:
    gate = LogonGate()
    with pytest.raises(expected), gate.logon(SETTINGS, "NODE1", Limits("NODE1")):
        raise failure
    again = attempt(gate, SETTINGS, "node1")
    assert again == ("refused" if expected is LogonRefused else "let through"), "only a refusal is remembered"
    assert attempt(gate, replace(SETTINGS, password="other"), "NODE1") == "let through"


def test_a_refused_client_certificate_is_no_matter_of_passwords() -> None:
    settings = replace(SETTINGS, transport="certificate", client_certificate="PEM", client_key="s3cret key")
    told = r"^NODE1 refused to log on the client certificate .*winrmClientCertificate"
    with pytest.raises(LogonRefused, match=told) as caught, LogonGate().logon(settings, "NODE1", Limits("NODE1")):
        raise Rejected("no mapping")
    assert "s3cret" not in str(caught.value)


def test_a_password_that_was_changed_meanwhile_is_refused_from_then_on() -> None:
    gate = LogonGate()
    assert attempt(gate, SETTINGS, "NODE1") == "let through"
    with pytest.raises(LogonRefused), gate.logon(SETTINGS, "NODE1", Limits("NODE1")):
        raise Rejected
    assert attempt(gate, SETTINGS, "NODE1") == "refused"


def test_waiting_for_anothers_logon_ends_with_the_run() -> None:
    gate, cancelled = LogonGate(), threading.Event()
    with gate.logon(SETTINGS, "NODE1", Limits("NODE1")), ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lambda: attempt(gate, SETTINGS, "NODE2", cancelled))
        cancelled.set()
        with pytest.raises(Cancelled):
            waiting.result(5)


def attempt(gate: LogonGate, settings: Settings, node: str, cancelled: threading.Event | None = None) -> str:
    try:
        with gate.logon(settings, node, Limits(node, cancelled=cancelled)):
            return "let through"
    except LogonRefused:
        return "refused"
