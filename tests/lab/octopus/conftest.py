"""One Octopus Server for each test, and a stand-in for a Tentacle's listener."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from pulumi_tentacle.lab.octopus.certificate import ServerCertificate, make_certificate
from pulumi_tentacle.lab.octopus.server import OctopusServer
from pulumi_tentacle.lab.octopus.state import Octopus
from pulumi_tentacle.lab.world import Estate


@pytest.fixture(scope="session")
def server_certificate() -> ServerCertificate:
    """Making a key is slow; the certificate is the same for all tests of a worker."""
    return make_certificate()


@pytest.fixture(scope="session")
def tentacle_certificate() -> ServerCertificate:
    return make_certificate()


@pytest.fixture
def estate(server_certificate: ServerCertificate) -> Estate:
    """Two spaces, two environments, a tenant, tag sets and a proxy; no machine."""
    estate = Estate()
    octopus = estate.octopus = Octopus(server_certificate)
    octopus.add_space("Default")
    other = octopus.add_space("Other")
    octopus.add_account("admin")
    octopus.add_environment("Production")
    octopus.add_environment("Test")
    octopus.add_environment("Elsewhere", other)
    octopus.add_tag_set("Ring", ["Early", "Late"])
    octopus.add_tag_set("Default Target Tags", ["web"], scopes=["Target"])
    octopus.add_tenant("Acme", ["Ring/Early"])
    octopus.add_proxy("Gate", "gate.lab.test", 3128)
    return estate


@pytest.fixture
def octopus(estate: Estate) -> Octopus:
    assert estate.octopus is not None
    return estate.octopus


@pytest.fixture(scope="session")
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


@pytest.fixture
def server(estate: Estate, octopus: Octopus, background: ThreadPoolExecutor) -> Iterator[OctopusServer]:
    """Closed behind the next test's back: uvicorn looks only ten times a second whether it should stop."""
    server = OctopusServer(estate, octopus, "127.0.0.1")
    yield server
    background.submit(server.close)


Connect = Callable[..., httpx.Client]
NO_TLS = ssl.create_default_context()  # a client makes one of its own otherwise, which is slow


@pytest.fixture
def connect(server: OctopusServer) -> Iterator[Connect]:
    """A client with the given headers, closed in the end."""
    with contextlib.ExitStack() as stack:
        yield lambda **headers: stack.enter_context(
            httpx.Client(
                base_url=server.url,
                headers={name.replace("_", "-"): text for name, text in headers.items()},
                verify=NO_TLS,
            )
        )


@pytest.fixture
def client(connect: Connect, octopus: Octopus) -> httpx.Client:
    return connect(X_Octopus_ApiKey=next(iter(octopus.api_keys)))


class FakeTentacle:
    """A listener that answers as golden/README.md records it, as far as a client's view of it goes.

    `trusts` None: the client certificate is not trusted, so a message exchange ends without a byte.
    """

    def __init__(self, folder: Path, own: ServerCertificate, trusts: ServerCertificate | None) -> None:
        pem = folder / "tentacle.pem"
        pem.write_bytes(own.certificate + own.key)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)
        if trusts:
            self._context.load_verify_locations(cadata=trusts.certificate.decode())
            self._context.verify_mode = ssl.CERT_OPTIONAL
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.received: list[bytes] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), connection, self._context.wrap_socket(connection, True) as stream:
                request = stream.recv(1024)
                self.received.append(request)
                if request.startswith(b"MX") and stream.getpeercert(True):
                    stream.sendall(b"MX-SERVER 1.0\r\n\r\n")
                    stream.recv(1024)

    def close(self) -> None:
        if self._thread.is_alive():
            self._listener.shutdown(socket.SHUT_RDWR)
            self._thread.join()
            self._listener.close()


Listen = Callable[..., FakeTentacle]


@pytest.fixture
def listen(
    tmp_path: Path, tentacle_certificate: ServerCertificate, server_certificate: ServerCertificate
) -> Iterator[Listen]:
    """Start a listener; `trusting=False`: it does not know this Octopus Server."""
    with contextlib.ExitStack() as stack:

        def start(trusting: bool = True) -> FakeTentacle:
            tentacle = FakeTentacle(tmp_path, tentacle_certificate, server_certificate if trusting else None)
            stack.callback(tentacle.close)
            return tentacle

        yield start
