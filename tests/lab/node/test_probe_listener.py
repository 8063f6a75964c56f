"""probe-listener asks real sockets, and only such as the node can reach."""

from __future__ import annotations

import datetime
import hashlib
import secrets
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from pulumi_tentacle.lab.node import firewall
from pulumi_tentacle.lab.powershell.engine import pipe, script_command
from pulumi_tentacle.lab.world import Estate, FirewallRule, Node
from tests.lab.node.helpers import SOURCES, good

PAGE = b"HTTP/1.0 200 OK\r\n\r\n\n<title>Octopus Tentacle</title>"


@dataclass
class Listener:
    """A TLS listener with Tentacle's page."""

    address: str
    port: int
    thumbprint: str


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A file with key and certificate, and the thumbprint."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Octopus Tentacle")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("identity") / "identity.pem"
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(encoding)
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    return file, hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()


@pytest.fixture
def listener(identity: tuple[Path, str]) -> Iterator[Listener]:
    file, thumbprint = identity
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    address = f"127.{1 + secrets.randbelow(250)}.{secrets.randbelow(250)}.{1 + secrets.randbelow(250)}"
    with socket.create_server((address, 0)) as server:

        def serve() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                    with plain, context.wrap_socket(plain, server_side=True) as secured:
                        if secured.recv(1000).startswith(b"GET / HTTP/1.0\r\n"):
                            secured.sendall(PAGE)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield Listener(address, server.getsockname()[1], thumbprint)
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def node(listener: Listener) -> Node:
    """The node whose address the listener has."""
    return Estate().add_node("NODE1", listener.address)


@pytest.fixture
def other(node: Node) -> Node:
    return node.estate.add_node("NODE2", "127.0.0.1")


def probe(node: Node, address: str, port: int) -> dict[str, Any]:
    source = SOURCES["probe-listener"]
    (answer,) = good(pipe(node, script_command(source, Address=address, Port=port, TimeoutMs=5000)))
    properties: dict[str, Any] = answer.properties
    return properties


@pytest.mark.parametrize("address", ["own", "127.0.0.1", "localhost", "NODE1", "node1.lab.test"])
def test_a_node_reaches_its_own_listener_by_all_its_names(node: Node, listener: Listener, address: str) -> None:
    answer = probe(node, listener.address if address == "own" else address, listener.port)

    assert answer == {"Connected": True, "Thumbprint": listener.thumbprint, "Page": True, "Detail": ""}


def test_a_role_address_counts_as_the_nodes_own(node: Node, listener: Listener) -> None:
    node.address = "127.0.0.1"
    node.cluster_addresses = {listener.address}

    assert probe(node, "localhost", listener.port)["Connected"]


def test_another_node_needs_a_firewall_rule(node: Node, other: Node, listener: Listener) -> None:
    refused = probe(other, listener.address, listener.port)
    assert refused["Detail"] == "no connection within 5000 ms"
    assert not refused["Connected"]

    firewall.add(node, FirewallRule("octopus", "Octopus", local_port=[str(listener.port)]))
    assert probe(other, "NODE1", listener.port)["Thumbprint"] == listener.thumbprint


def test_nobody_listening_is_refused_at_once(node: Node) -> None:
    answer = probe(node, node.address, 1)

    assert "actively refused it" in answer["Detail"]
    assert not answer["Connected"]


def test_an_address_of_no_node_does_not_answer(node: Node) -> None:
    before = node.estate.clock.now()

    answer = probe(node, "127.0.0.1" if node.address != "127.0.0.1" else "127.0.0.2", 1)
    far = probe(node, "10.1.2.3", 10933)

    assert "actively refused" in answer["Detail"]
    assert far["Detail"] == "no connection within 5000 ms"
    assert (node.estate.clock.now() - before).total_seconds() >= 5


def test_a_node_that_is_down_does_not_answer(node: Node, other: Node, listener: Listener) -> None:
    firewall.add(node, FirewallRule("octopus", "Octopus"))
    node.up = False

    assert not probe(other, listener.address, listener.port)["Connected"]


def test_an_unknown_name_is_unknown(node: Node) -> None:
    assert probe(node, "nope.lab.test", 10933)["Detail"] == "No such host is known"


def test_what_is_no_tls_is_told(node: Node) -> None:
    with socket.create_server((node.address, 0)) as server:

        def answer() -> None:
            plain, _ = server.accept()
            with plain:
                plain.sendall(b"SSH-2.0-OpenSSH\r\n")
                plain.recv(1000)

        thread = threading.Thread(target=answer)
        thread.start()
        found = probe(node, node.address, server.getsockname()[1])
        thread.join()

    assert found["Connected"]
    assert found["Detail"] == "The handshake failed due to an unexpected packet format."
