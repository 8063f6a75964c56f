"""The listener on the wire, by a plain TLS client (golden/README.md, "The listener, on the wire")."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest

from pulumi_tentacle.lab.tentacle import certificates
from pulumi_tentacle.lab.tentacle.certificates import Identity
from pulumi_tentacle.lab.tentacle.listener import Listener
from tests.lab.tentacle import tls_client
from tests.lab.tentacle.tentacle_node import own_address
from tests.lab.tentacle.tls_client import ask, connect

PORT = 10933
GREETING = b"MX\r\n\r\nMX-CLIENT 1.0\r\n\r\n"


@pytest.fixture(scope="session")
def tentacle() -> Identity:
    return certificates.make()


@pytest.fixture(scope="session")
def server() -> Identity:
    return certificates.make()


@pytest.fixture(scope="session")
def stranger() -> Identity:
    return certificates.make()


@pytest.fixture
def address() -> str:
    return own_address()


@pytest.fixture
def listener(tentacle: Identity, server: Identity, address: str) -> Iterator[Listener]:
    """It trusts the server, by a thumbprint in lower case: case does not matter (tentacle.md §8)."""
    listener = Listener(tentacle, [server.thumbprint.lower()])
    assert listener.listen_on([address], PORT) == {(address, PORT)}
    yield listener
    listener.close()


@pytest.mark.parametrize(
    ("version", "spoken"), [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]
)
def test_tls_versions(
    listener: Listener, tentacle: Identity, address: str, version: ssl.TLSVersion, spoken: str
) -> None:
    with connect(address, version=version) as stream:
        assert stream.version() == spoken
        assert tls_client.thumbprint(stream) == tentacle.thumbprint


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_tls_is_refused_by_the_listener(listener: Listener, address: str, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError, match="alert protocol version"), connect(address, version=version):
        pass


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET / HTTP/1.1\r\nHost: tentacle\r\n\r\n",
        b"POST /anything HTTP/1.0\r\n\r\n",
        b"mx\r\n\r\n",
        b"HELLO\r\n\r\n",
        b"one line feed each\n\n",
    ],
)
@pytest.mark.parametrize("trusted", [True, False])
def test_what_is_no_exchange_gets_the_page(
    listener: Listener, server: Identity, address: str, request_text: bytes, trusted: bool
) -> None:
    answer = ask(address, request_text, identity=server if trusted else None)
    head, _, page = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[:2] == ["HTTP/1.0 200 OK", "Content-Type: text/html; charset=utf-8"]
    assert "X-Frame-Options: DENY" in lines
    assert not any(line.startswith("Connection:") for line in lines)
    length = next(int(line.removeprefix("Content-Length: ")) for line in lines if line.startswith("Content-Length"))
    assert page.startswith(b"\n")
    assert page[length:] == b"\r\n\r\n"
    assert b"<title>Octopus Tentacle</title>" in page
    assert b"<h1>Octopus Tentacle configured successfully</h1>" in page


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_trusted_client_is_greeted_and_may_stay(
    listener: Listener, server: Identity, address: str, version: ssl.TLSVersion
) -> None:
    with connect(address, identity=server, version=version) as stream:
        stream.sendall(GREETING)
        assert stream.recv(100) == b"MX-SERVER 1.0\r\n\r\n"
        stream.settimeout(0.05)
        with pytest.raises(TimeoutError):  # still open, and nothing more to say
            stream.recv(1)
        stream.settimeout(tls_client.TIMEOUT)
        stream.sendall(b"END\r\n")
        assert stream.recv(1) == b""


@pytest.mark.parametrize("who", ["stranger", "nobody"])
def test_others_are_closed_without_a_byte(listener: Listener, stranger: Identity, address: str, who: str) -> None:
    assert ask(address, GREETING, identity=stranger if who == "stranger" else None) == b""


def test_another_greeting_than_halibuts_is_closed(listener: Listener, server: Identity, address: str) -> None:
    assert ask(address, b"MX\r\n\r\nMX-OTHER 1.0\r\n\r\n", identity=server) == b""


def test_a_client_that_asks_nothing(listener: Listener, address: str) -> None:
    with connect(address) as stream:
        stream.unwrap()


def test_what_is_no_tls_is_closed_and_harms_nobody(listener: Listener, address: str) -> None:
    with socket.create_connection((address, PORT), tls_client.TIMEOUT) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while plain.recv(1000):  # an alert, perhaps
                pass
    assert b"Octopus Tentacle" in ask(address, b"HELLO\r\n\r\n")


def test_addresses_come_and_go(listener: Listener, address: str) -> None:
    more = own_address()
    assert listener.listen_on([address, more], PORT) == {(address, PORT), (more, PORT)}
    assert b"Octopus Tentacle" in ask(more, b"HELLO\r\n\r\n")
    assert listener.listen_on([more], PORT) == {(more, PORT)}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, PORT), tls_client.TIMEOUT)
    assert b"Octopus Tentacle" in ask(more, b"HELLO\r\n\r\n")


def test_closing_ends_connections_and_threads(tentacle: Identity, server: Identity) -> None:
    address = own_address()
    listener = Listener(tentacle, [server.thumbprint])
    listener.listen_on([address], PORT)
    silent = socket.create_connection((address, PORT), tls_client.TIMEOUT)
    with silent, connect(address, identity=server) as stream:
        stream.sendall(GREETING)
        stream.recv(100)
        assert len([thread for thread in threading.enumerate() if address in thread.name]) == 3
        listener.close()
        assert not [thread for thread in threading.enumerate() if address in thread.name]
        with pytest.raises((ConnectionError, ssl.SSLEOFError)):
            stream.sendall(b"NEXT\r\n" * 100_000)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, PORT), tls_client.TIMEOUT)
