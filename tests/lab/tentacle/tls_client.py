"""A plain TLS client, as anyone might point at a Tentacle."""

from __future__ import annotations

import hashlib
import socket
import ssl
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pulumi_tentacle.lab.tentacle.certificates import Identity

TIMEOUT = 20.0  # seconds; only a failing test waits so long


@contextmanager
def connect(
    address: str, port: int = 10933, identity: Identity | None = None, version: ssl.TLSVersion | None = None
) -> Iterator[ssl.SSLSocket]:
    """A connection, with a client certificate or without, with any TLS version or one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # else the client itself would refuse TLS 1.1
    if version is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.1 is
            context.minimum_version = context.maximum_version = version
    if identity is not None:
        _show(context, identity)
    with (
        socket.create_connection((address, port), TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=address) as secured,
    ):
        yield secured


def ask(address: str, request: bytes, port: int = 10933, identity: Identity | None = None) -> bytes:
    """Everything that comes back for a request until the other side closes."""
    with connect(address, port, identity) as stream:
        stream.sendall(request)
        return read_to_end(stream)


def read_to_end(stream: ssl.SSLSocket) -> bytes:
    content = b""
    while piece := stream.recv(65536):
        content += piece
    return content


def thumbprint(stream: ssl.SSLSocket) -> str:
    certificate = stream.getpeercert(binary_form=True)
    assert certificate is not None
    return hashlib.sha1(certificate, usedforsecurity=False).hexdigest().upper()


def _show(context: ssl.SSLContext, identity: Identity) -> None:
    assert identity.key is not None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "client.pem"
        key = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(identity.certificate.public_bytes(Encoding.PEM) + key)
        context.load_cert_chain(file)
