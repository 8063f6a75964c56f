"""How the simulated Octopus Server reaches a Tentacle: name resolution, TLS, Halibut's greeting.

The error texts are Halibut's (source/Halibut/Transport: DiscoveryClient, SecureListeningClient,
ClientCertificateValidator); those of sockets and TLS are .NET's on Windows.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import socket
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from cryptography import x509

from pulumi_tentacle.lab.cluster.resource_types import IP_ADDRESS, NETWORK_NAME
from pulumi_tentacle.lab.octopus.certificate import ServerCertificate, signature_algorithm_of, thumbprint_of
from pulumi_tentacle.lab.world import Estate

DISCOVERY_SECONDS = 20.0
PATIENCE = 10.0  # seconds of real time that a silent peer gets; the rest of a time limit passes on the lab's clock
CLIENT_GREETING, SERVER_GREETING = b"MX-CLIENT 1.0\r\n\r\n", b"MX-SERVER 1.0\r\n\r\n"
PRODUCT = "Octopus Deploy Tentacle"


@dataclass(frozen=True)
class Contact:
    """Who answered. `version`: of the Tentacle there; None after mere discovery."""

    thumbprint: str
    subject: str
    signature_algorithm: str
    version: str | None = None


class ContactFailed(Exception):
    """No contact; `str()` is what Octopus reports, `log` what it wrote down before."""

    def __init__(self, message: str, log: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.log = log


def discover(estate: Estate, host: str, port: int, proxy_id: str | None = None) -> Contact:
    """Ask who is there: TLS without a client certificate, `HELLO`, and the certificate of the other side.

    So a Tentacle that does not trust this server is discovered all the same: Halibut's DiscoveryClient shows no
    certificate and reads no answer (tentacle.md §9). octopus-api.md §2.4 supposes that trust is needed, from an old
    report, without that source.

    Raises:
        ContactFailed: with the inner exception's text, as DiscoveryClient hands it on.
    """
    _refuse_proxy(estate, proxy_id)
    with _connection(estate, host, port, DISCOVERY_SECONDS, _context(None)) as stream:
        stream.sendall(b"HELLO\r\n\r\n")
        return _presented(stream)


def exchange(
    estate: Estate,
    uri: str,
    expected_thumbprint: str,
    certificate: ServerCertificate,
    proxy_id: str | None,
    timeout: float,
) -> Contact:
    """Open a message exchange as a health check does; `timeout` in seconds.

    Raises:
        ContactFailed: no connection, another certificate than the expected one, or not trusted over there.
    """
    _refuse_proxy(estate, proxy_id)
    parts = urlsplit(uri)
    host, port = parts.hostname or "", parts.port or 443
    try:
        with _connection(estate, host, port, timeout, _context(certificate)) as stream:
            peer = _presented(stream)
            if peer.thumbprint != expected_thumbprint:  # exact, as ClientCertificateValidator compares
                raise ContactFailed(_unexpected(uri, expected_thumbprint, peer))
            if not _greeted(stream):
                raise ContactFailed(
                    "Attempted to read past the end of the stream.",
                    (
                        f"The remote host at {uri} reset the connection. This may mean that the expected listening "
                        f"service does not trust the thumbprint {certificate.thumbprint} or was shut down.",
                    ),
                )
    except ContactFailed as failure:
        text = f"An error occurred when sending a request to '{uri}', before the request could begin: {failure}"
        raise ContactFailed(text, failure.log) from None
    return Contact(peer.thumbprint, peer.subject, peer.signature_algorithm, _version_at(estate, host))


def resolve(estate: Estate, host: str) -> str | None:
    """The address that the lab's DNS has for a host: a node, or a cluster's network name that is online."""
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(host))
    short = host.lower().removesuffix(f".{estate.domain.lower()}")
    with estate.lock:
        node = estate.nodes.get(short.upper())
        return node.address if node else _cluster_name(estate, short)


@contextlib.contextmanager
def _connection(
    estate: Estate, host: str, port: int, timeout: float, context: ssl.SSLContext
) -> Iterator[ssl.SSLSocket]:
    """A TLS connection; whatever breaks in it ends as ContactFailed."""
    address = resolve(estate, host)
    if address is None:
        raise ContactFailed("No such host is known.")
    try:
        if not ipaddress.ip_address(address).is_loopback:  # the lab never leaves this machine
            raise TimeoutError
        with (
            socket.create_connection((address, port), min(timeout, PATIENCE)) as plain,
            context.wrap_socket(plain, server_hostname=host) as stream,
        ):
            yield stream
    except TimeoutError:
        estate.clock.sleep(max(0.0, timeout - PATIENCE))
        limit = timedelta(seconds=timeout)
        raise ContactFailed(
            f"The client was unable to establish the initial connection within the timeout 0{limit}."
        ) from None
    except ConnectionRefusedError:
        raise ContactFailed(
            "No connection could be made because the target machine actively refused it.",
            (
                f"The remote host at https://{host}:{port}/ refused the connection. This may mean that the expected "
                "listening service is not running.",
            ),
        ) from None
    except ssl.SSLError:
        raise ContactFailed("Cannot determine the frame size or a corrupted frame was received.") from None
    except OSError:
        raise ContactFailed("An existing connection was forcibly closed by the remote host.") from None


@functools.lru_cache(maxsize=32)
def _context(certificate: ServerCertificate | None) -> ssl.SSLContext:
    """TLS as Halibut speaks it: any server certificate, to be compared by its thumbprint afterwards."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:  # ssl reads keys from files only
            file.write(certificate.certificate + certificate.key)
            file.flush()
            context.load_cert_chain(file.name)
    return context


def _presented(stream: ssl.SSLSocket) -> Contact:
    der = stream.getpeercert(binary_form=True)
    if der is None:
        raise ContactFailed("The server did not provide an SSL certificate")
    certificate = x509.load_der_x509_certificate(der)
    return Contact(
        thumbprint_of(certificate), certificate.subject.rfc4514_string(), signature_algorithm_of(certificate)
    )


def _greeted(stream: ssl.SSLSocket) -> bool:
    """Whether the Tentacle answers; one that does not trust us closes without a byte (golden/README.md)."""
    try:
        stream.sendall(b"MX\r\n\r\n" + CLIENT_GREETING)
        answer = b""
        while len(answer) < len(SERVER_GREETING):
            data = stream.recv(len(SERVER_GREETING) - len(answer))
            if not data:
                return False
            answer += data
    except (ssl.SSLError, ConnectionError):
        return False
    if answer != SERVER_GREETING:
        raise ContactFailed("The remote end did not answer as a Halibut service.")
    stream.sendall(b"END\r\n")
    return True


def _unexpected(uri: str, expected: str, peer: Contact) -> str:
    return (
        f"The server at {uri} presented an unexpected security certificate. We expected the server to present a "
        f"certificate with the thumbprint '{expected}'. Instead, it presented a certificate with a thumbprint of "
        f"'{peer.thumbprint}' and subject '{peer.subject}'. This usually happens when the client has been configured "
        "to expect the server to have the wrong certificate, or when the certificate on the server has been "
        "regenerated and the client has not been updated. It may also happen if someone is performing a "
        "man-in-the-middle attack on the remote machine, or if a proxy server is intercepting requests. Please check "
        "the certificate used on the server, and verify that the client has been configured correctly."
    )


def _refuse_proxy(estate: Estate, proxy_id: str | None) -> None:
    if proxy_id is None:
        return
    with estate.lock:
        assert estate.octopus is not None
        estate.octopus.count_unknown("connections through a proxy")
    raise ContactFailed("the lab does not know connections through a proxy")


def _cluster_name(estate: Estate, name: str) -> str | None:
    """A network name is registered with the addresses that it depends on; only an online one is certain."""
    for resource in estate.cluster.resources if estate.cluster else []:
        if resource.type is NETWORK_NAME and resource.online and resource.text("DnsName").lower() == name:
            addresses = [p.text("Address") for p in resource.providers if p.type is IP_ADDRESS and p.online]
            return addresses[0] if addresses else None
    return None


def _version_at(estate: Estate, host: str) -> str | None:
    """The Tentacle's version. The real server asks for it in its first message, which the lab does not exchange."""
    address = resolve(estate, host)
    with estate.lock:
        nodes = [node for node in estate.nodes.values() if address in node.addresses]
        versions = [p.version for node in nodes for p in node.products if p.name == PRODUCT]
    return versions[0] if versions else None
