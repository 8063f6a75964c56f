"""The service below its shells: repeated and lost requests, injected faults, timeouts."""

from __future__ import annotations

import base64
import http.client
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_tentacle.lab.faults import Effect, Fault, Hook, Request, Rule
from pulumi_tentacle.lab.node.program import Completed, Invocation, program
from pulumi_tentacle.lab.wire import soap
from pulumi_tentacle.lab.wire.outbox import Chunk, ClientGone, Outbox
from pulumi_tentacle.lab.wire.server import NodeServer, serve_node
from pulumi_tentacle.lab.wire.soap import RSP
from pulumi_tentacle.lab.wire.tls import Authority
from pulumi_tentacle.lab.world import Node
from tests.lab.wire.conftest import LOCAL
from tests.lab.wire.raw import TRANSFER, Raw, message_id, receive_body

LINE = r"C:\Windows\System32\sc.exe query"


@pytest.fixture
def runs(registries: None) -> list[list[str]]:
    """sc.exe has a model; its runs."""
    noted: list[list[str]] = []

    @program("sc.exe")
    def sc(invocation: Invocation) -> Completed:
        noted.append(invocation.arguments)
        return Completed(0, "done")

    return noted


@pytest.fixture
def raw(server: NodeServer, authority: Authority, runs: list[list[str]]) -> Iterator[Raw]:
    client = Raw(server, LOCAL, str(authority.ca_file))
    client.open_shell()
    yield client
    client.close()


def receive(raw: Raw, command: str, **options: Any) -> Any:
    return raw.post(f"{RSP}/Receive", receive_body(command), **options)


def test_a_repeated_receive_is_answered_again(raw: Raw) -> None:
    command, message = raw.start(LINE), message_id()
    raw.server.faults.append(Rule(Fault(Effect.DROP_AFTER), operation="Receive"))
    with pytest.raises(http.client.RemoteDisconnected):
        receive(raw, command, message=message)
    again = receive(raw, command, message=message)
    assert again.stream("stdout") == b"done"
    assert receive(raw, command, message=message).body.partition("<s:Body>")[2] == again.body.partition("<s:Body>")[2]
    assert receive(raw, command).stream("stdout") == b""


def test_output_is_kept_for_a_client_that_comes_back(raw: Raw, authority: Authority) -> None:
    body = "<rsp:CommandLine><rsp:Command>sc.exe query</rsp:Command></rsp:CommandLine>"
    command = raw.post(f"{RSP}/Command", body, timeout="PT20S").text("rsp:CommandId")
    other = Raw(raw.server, LOCAL, str(authority.ca_file), raw.shell)
    assert receive(other, command).stream("stdout") == b"done"
    other.close()


def test_a_receive_of_a_client_that_is_gone_takes_nothing() -> None:
    outbox, request = Outbox("C"), soap.parse(_envelope("uuid:1"))
    outbox.put(Chunk("stdout", b"text"))
    with pytest.raises(ClientGone):
        outbox.receive(request, lambda: False)
    assert "dGV4dA==" in outbox.receive(request, lambda: True)


def test_nothing_to_receive_is_a_fault_at_the_operation_timeout() -> None:
    with pytest.raises(soap.WSManFault) as caught:
        Outbox("C").receive(soap.parse(_envelope("uuid:1", "PT0.5S")), lambda: True)
    assert (caught.value.code, caught.value.value, caught.value.subcode) == (2150858793, "s:Receiver", "w:TimedOut")


def _envelope(message: str, timeout: str = "PT20S") -> bytes:
    prefixes = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in soap.NAMESPACES.items())
    return (
        f"<s:Envelope {prefixes}><s:Header><a:Action>{RSP}/Receive</a:Action><a:MessageID>{message}</a:MessageID>"
        f"<w:OperationTimeout>{timeout}</w:OperationTimeout></s:Header><s:Body/></s:Envelope>"
    ).encode()


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("PT20S", 20), ("PT1M0S", 60), ("PT1.5S", 1.5), ("PT60.000S", 60), ("P1DT1H", 90000), ("", 60), ("soon", 60)],
)
def test_durations(duration: str, seconds: float) -> None:
    assert soap.seconds(duration) == seconds


@pytest.mark.parametrize(
    "data", [b"", b"text", b"<a/>", b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>"]
)
def test_what_is_no_envelope(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        soap.parse(data)


def test_operations_and_bodies_that_are_not_known(raw: Raw) -> None:
    enumerate_shells = raw.post("http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate")
    assert (enumerate_shells.status, "lab does not know" in enumerate_shells.body) == (500, True)
    empty = raw.post(f"{RSP}/Command", "<rsp:CommandLine/>")
    assert (empty.status, empty.attribute("Code")) == (500, "2150858817")
    assert raw.post(f"{TRANSFER}/Get").text("rsp:State") == "Connected"


def test_a_request_in_chunks_and_a_wrong_path(raw: Raw) -> None:
    raw.connection.request("POST", "/other", b"x")
    assert raw.read().status == 404
    raw.connection.request("POST", "/wsman", iter([b"<a", b"/>"]), {"Authorization": _basic()}, encode_chunked=True)
    assert raw.read().status == 400


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{LOCAL.name}:{LOCAL.password}".encode()).decode()


def test_a_request_dropped_before_its_effect(raw: Raw, runs: list[list[str]]) -> None:
    raw.server.faults.append(Rule(Fault(Effect.DROP_BEFORE), command="sc.exe"))
    with pytest.raises(http.client.RemoteDisconnected):
        raw.start(LINE)
    assert runs == []
    raw.start(LINE)


def test_a_request_dropped_after_its_effect(raw: Raw, runs: list[list[str]]) -> None:
    raw.server.faults.append(Rule(Fault(Effect.DROP_AFTER), operation="command", command="SC.EXE"))
    with pytest.raises(http.client.RemoteDisconnected):
        raw.start(LINE)
    assert runs == [["query"]]


def test_a_request_refused(raw: Raw, runs: list[list[str]]) -> None:
    raw.server.faults.append(Rule(Fault(Effect.REFUSE, code=2150859173, text="too many"), operation="Command"))
    refused = raw.post(f"{RSP}/Command", f"<rsp:CommandLine><rsp:Command>{LINE}</rsp:Command></rsp:CommandLine>")
    assert (refused.status, refused.attribute("Code"), refused.text("f:Message")) == (500, "2150859173", "too many")
    assert runs == []


def test_a_request_delayed_is_carried_out(raw: Raw) -> None:
    raw.server.faults.append(Rule(Fault(Effect.DELAY, seconds=0.05), operation="Command"))
    assert receive(raw, raw.start(LINE)).stream("stdout") == b"done"


def test_hooks_see_each_request_with_its_commands(raw: Raw) -> None:
    seen: list[Request] = []

    def hook(request: Request) -> Fault | None:
        seen.append(request)
        return None

    hooks: list[Hook] = [hook]
    raw.server.faults.extend(hooks)
    receive(raw, raw.start(LINE))
    assert [(request.operation, request.commands) for request in seen] == [("Command", ("sc.exe",)), ("Receive", ())]
    assert [request.number for request in seen] == [2, 3]


@pytest.mark.parametrize(
    ("rule", "fires"),
    [
        ({}, [1]),
        ({"nth": 3}, [3]),
        ({"nth": 2, "times": 2}, [2, 3]),
        ({"operation": "receive"}, [2]),
        ({"command": "set-disk"}, [3]),
        ({"command": "Set-Disk", "nth": 2}, [4]),
        ({"operation": "Command", "command": "Get-Disk"}, []),
    ],
)
def test_rules(rule: dict[str, Any], fires: list[int]) -> None:
    requests = [
        Request(1, "Create"),
        Request(2, "Receive"),
        Request(3, "Command", ("Get-Cluster", "Set-Disk")),
        Request(4, "Send", ("Set-Disk",)),
    ]
    made = Rule(Fault(Effect.DROP_BEFORE), **rule)
    assert [request.number for request in requests if made(request)] == fires


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(node: Node, authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            serve_node(node, authority, http_port=0, https_port=port)


def test_a_server_can_be_started_again_on_its_ports(server: NodeServer, authority: Authority) -> None:
    http_port, https_port = server.http_port, server.https_port
    server.close()
    again = serve_node(server.node, authority, http_port=http_port, https_port=https_port)
    again.close()
