"""Trust in the server's https certificate, over real TLS."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pulumi_tentacle.errors import Unreachable
from pulumi_tentacle.octopus.client import Octopus, OctopusSettings
from tests.octopus.support import VirtualWaiter


class Root(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b'{"InstallationId": "x"}')

    def log_message(self, format: str, *args: object) -> None:
        return


class QuietServer(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us breaks off."""


@dataclass
class TlsServer:
    url: str
    pem: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "octopus")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    pem, private = folder / "ca.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    http = QuietServer(("127.0.0.1", 0), Root)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield TlsServer(f"https://127.0.0.1:{http.server_port}", pem)
    http.shutdown()
    thread.join()
    http.server_close()


def ask(server: TlsServer, ca_certificate: str | None) -> object:
    settings = OctopusSettings(server.url, api_key="API-X", ca_certificate=ca_certificate)
    octopus = Octopus(settings, threading.Event(), waiter=(waiter := VirtualWaiter()))
    try:
        return octopus.get("/api", "say who it is")
    finally:
        octopus.close()
        assert waiter.waits == [], "an untrusted certificate does not get trusted by waiting"


def test_an_unknown_authority_is_refused_and_the_setting_named(server: TlsServer) -> None:
    with pytest.raises(Unreachable, match=r"not trusted.*octopusCaCertificate"):
        ask(server, None)


def test_the_given_authority_is_trusted_as_file_and_as_text(server: TlsServer) -> None:
    assert ask(server, str(server.pem)) == ask(server, server.pem.read_text()) == {"InstallationId": "x"}
