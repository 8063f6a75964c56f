"""Over the real wire, against the lab's WinRM: every transport, TLS, logons, and connections that break."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from pulumi_tentacle.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidInput,
    LogonRefused,
    Lost,
    TentacleError,
    Unreachable,
)
from pulumi_tentacle.lab.faults import Effect, Fault, Rule
from pulumi_tentacle.lab.wire.server import NodeServer, serve_node
from pulumi_tentacle.lab.wire.tls import Authority
from pulumi_tentacle.lab.world import Node as LabNode
from pulumi_tentacle.lab.world import User
from pulumi_tentacle.remoting import channel
from pulumi_tentacle.remoting.commands import Secret, command
from pulumi_tentacle.remoting.node import Node, Nodes
from pulumi_tentacle.remoting.settings import Settings
from tests.remoting import cmdlets
from tests.remoting.waiting import wait_until

Make = Callable[..., Nodes]
CHANGE = command("Set-Test", Name="x", Value=1)
HOST = "127.0.0.1"


@pytest.fixture
def server(lab_node: LabNode, authority: Authority) -> Iterator[NodeServer]:
    lab_node.estate.users.append(User("Operator", "secret", local=True))
    running = serve_node(lab_node, authority, http_port=0, https_port=0)
    yield running
    running.close()


@pytest.fixture
def make(server: NodeServer, authority: Authority, cancelled: threading.Event) -> Iterator[Make]:
    """Makes Nodes with settings that reach the server, but for what the test says."""
    made: list[Nodes] = []

    def make_nodes(**options: Any) -> Nodes:
        scheme = options.get("scheme", "https")
        given = {
            "username": "LAB\\admin",
            "password": "secret",
            "port": server.https_port if scheme == "https" else server.http_port,
            "ca_certificate": str(authority.ca_file),
            "operation_timeout": 30,
            "connect_timeout": 5,
            **options,
        }
        made.append(Nodes(Settings(**given), cancelled))
        return made[-1]

    yield make_nodes
    for nodes in made:
        nodes.close()


@pytest.mark.parametrize(
    "options",
    [
        {"transport": "negotiate"},
        {"transport": "ntlm"},
        {"transport": "basic", "username": "Operator"},
        {"transport": "negotiate", "scheme": "http"},
        {"transport": "ntlm", "scheme": "http", "username": "admin@lab.test"},
    ],
    ids=str,
)
def test_every_transport_carries_everything(make: Make, options: dict[str, Any], server: NodeServer) -> None:
    node = make(**options).node(HOST)
    (answer,) = node.read(command("Get-Test", Name="ä😀") | command("Select-Object", Property=["Name", "State"]))
    assert answer.objects == [{"Name": "ä😀", "State": "Online"}]
    assert node.call(command("Set-Test", Name="x", Value=Secret("gehëim"))) == ["gehëim"]
    assert node.script(cmdlets.SCRIPT, Text="shout") == ["SHOUT"]
    assert node.run(rf"{cmdlets.FOLDER}\exit.exe", "3010").exit_code == 3010
    assert server.node.failed_logons == 0


def test_much_data_goes_both_ways(make: Make) -> None:
    data = bytes(range(256)) * 4096
    assert make().node(HOST).call(command("Set-Test", Name="x", Value=data)) == [data]


def test_many_threads_get_their_own_answers(make: Make) -> None:
    node = make().node(HOST)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: node.call(command("Set-Test", Name="x", Value=n)), range(24)))
    assert found == [[n] for n in range(24)]


def test_a_wrong_password_is_one_failed_logon_for_24_callers(make: Make, server: NodeServer) -> None:
    nodes = make(password="wrong")
    together = threading.Barrier(24)

    def call(_: int) -> TentacleError:
        together.wait()
        with pytest.raises(LogonRefused) as caught:
            nodes.node(HOST).call(CHANGE)
        return caught.value

    with ThreadPoolExecutor(24) as threads:
        errors = list(threads.map(call, range(24)))
    assert server.node.failed_logons == 1
    assert all("refused to log on the account 'LAB\\admin'" in str(error) for error in errors)


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("what", ["cmdlet", "program"])
def test_a_refused_logon_is_never_tried_again(make: Make, server: NodeServer, scheme: str, what: str) -> None:
    node = make(password="wrong", scheme=scheme).node(HOST)
    for _ in range(3):
        with pytest.raises(LogonRefused):
            node.call(CHANGE) if what == "cmdlet" else node.run("hostname.exe")
    assert server.node.failed_logons == 1


def test_a_transport_that_is_not_offered_is_no_wrong_password(
    lab_node: LabNode, authority: Authority, make: Make
) -> None:
    server = serve_node(lab_node, authority, transports=("basic",), http_port=0, https_port=0)
    try:
        node = make(port=server.https_port).node(HOST)
        with pytest.raises(Unreachable, match=r"does not offer to log on by 'negotiate'.*tentacle:winrmTransport"):
            node.call(CHANGE)
    finally:
        server.close()
    assert lab_node.failed_logons == 0


def test_certificates_of_unknown_authorities_are_refused(make: Make) -> None:
    told = (
        r"authority that is not trusted here\. It was issued by 'CN=Lab Certificate Authority'\. Set tentacle:winrmCa"
    )
    with pytest.raises(Unreachable, match=told):
        make(ca_certificate=None).node(HOST).call(CHANGE)


def test_certificates_of_another_authority_are_refused(make: Make, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Authority(tmp_path_factory.mktemp("other"))
    with pytest.raises(Unreachable, match=r"not the authority in tentacle:winrmCaCertificate"):
        make(ca_certificate=other.ca_file.read_text()).node(HOST).call(CHANGE)


def test_a_certificate_for_another_name_is_refused(make: Make) -> None:
    with pytest.raises(Unreachable, match=r"^localhost: the https certificate of WinRM is made out to another name"):
        make().node("localhost").call(CHANGE)


def test_verification_can_be_turned_off(make: Make) -> None:
    assert make(ca_certificate=None, insecure=True).node(HOST).call(CHANGE) == [1]


def test_an_authority_may_be_given_as_text(make: Make, authority: Authority) -> None:
    assert make(ca_certificate=authority.ca_file.read_text()).node(HOST).call(CHANGE) == [1]


@pytest.mark.parametrize("text", ["/no/such/file.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n"])
def test_an_authority_that_is_none_is_told(make: Make, text: str) -> None:
    with pytest.raises(InvalidInput, match="winrmCaCertificate: this"):
        make(ca_certificate=text).node(HOST).call(CHANGE)


def test_what_cannot_be_reached_tells_why(make: Make, server: NodeServer) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))  # not listening
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1 cannot be reached on port \d+ \(https\): .*refused"):
            make(port=taken.getsockname()[1]).node(HOST).call(CHANGE)
    with pytest.raises(Unreachable, match=r"^no-such-node\.invalid: this name is not known to DNS"):
        make().node("no-such-node.invalid").call(CHANGE)
    with pytest.raises(Unreachable, match=r"no TLS on port \d+: the handshake failed"):
        make(port=server.http_port).node(HOST).call(CHANGE)


def test_a_web_server_is_no_winrm(make: Make) -> None:
    class NotFound(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    web = HTTPServer((HOST, 0), NotFound)
    threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True).start()
    try:
        with pytest.raises(Unreachable, match="what answers there is no WinRM"):
            make(scheme="http", port=web.server_port).node(HOST).call(CHANGE)
    finally:
        web.shutdown()
        web.server_close()


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_lost_reply_to_a_change_is_one_effect_and_lost(
    make: Make, server: NodeServer, ran: list[str], scheme: str
) -> None:
    node = make(scheme=scheme).node(HOST)
    node.call(command("Get-Null"))
    server.faults.append(Rule(Fault(Effect.DROP_AFTER), operation="Command", command="Set-Test"))
    with pytest.raises(Lost, match=r"127\.0\.0\.1: Set-Test: the connection broke after this was sent"):
        node.call(CHANGE)
    assert ran == ["x"]
    assert node.call(CHANGE) == [1], "the next operation works, on a new session"


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("effect", [Effect.DROP_BEFORE, Effect.DROP_AFTER])
def test_a_connection_that_breaks_while_waiting_loses_nothing(
    make: Make, server: NodeServer, ran: list[str], monkeypatch: pytest.MonkeyPatch, scheme: str, effect: Effect
) -> None:
    monkeypatch.setattr(channel, "_PAUSE", 0.01)
    node = make(scheme=scheme).node(HOST)
    for change in (lambda: node.call(CHANGE), lambda: node.run(rf"{cmdlets.FOLDER}\exit.exe", "7").exit_code):
        change()
        ran.clear()
        server.faults.append(Rule(Fault(effect), operation="Receive"))
        assert change() in ([1], 7)
        assert len(ran) == 1


def test_a_node_that_hangs_is_given_up(make: Make, server: NodeServer) -> None:
    node = make().node(HOST)
    node.call(CHANGE)
    server.faults.append(Rule(Fault(Effect.DELAY, seconds=3), operation="Command"))
    with pytest.raises(Lost, match="the node did not answer in time"):
        node.call(CHANGE, deadline=0.3)


def test_a_deadline_ends_what_runs(make: Make) -> None:
    node = make().node(HOST)
    for waiting in (
        lambda: node.call(command("Wait-Test"), deadline=0.5),
        lambda: node.run(rf"{cmdlets.FOLDER}\wait.exe", deadline=0.5),
    ):
        with pytest.raises(DeadlineExceeded, match=r"not finished within 0\.5 seconds"):
            waiting()
    cmdlets.released.set()


def test_a_cancelled_run_waits_for_nothing(make: Make, ran: list[str], cancelled: threading.Event) -> None:
    node: Node = make().node(HOST)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lambda: node.call(command("Wait-Test")))
        wait_until(lambda: bool(ran))
        cancelled.set()
        with pytest.raises(Cancelled):
            waiting.result(5)
    cmdlets.released.set()
