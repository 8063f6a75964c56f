"""Message encryption over plain HTTP: the MIME form of a sealed envelope (reference/winrm.md §4.2)."""

from __future__ import annotations

import re
import struct

import spnego

from pulumi_tentacle.lab.wire.ntlm import Acceptor

PLAIN_TYPE = "application/soap+xml;charset=UTF-8"
_BOUNDARY = b"--Encrypted Boundary"
_OCTETS = b"\tContent-Type: application/octet-stream\r\n"


class NotDecrypted(Exception):
    """The message does not belong to this connection's logon; Windows answers 400 (winrm.md §0.5)."""


def protocol_of(content_type: str) -> str | None:
    """The protocol of an encrypted message's content type; None for a plain one."""
    found = re.search(r'multipart/encrypted;.*protocol="([^"]+)"', content_type)
    return found[1] if found else None


def unwrap(acceptor: Acceptor, body: bytes) -> bytes:
    """The envelope inside. Raises NotDecrypted."""
    head, _, rest = body.partition(_OCTETS)
    sealed = rest[: rest.rfind(_BOUNDARY)]
    length = re.search(rb"Length=(\d+)", head)
    try:
        (size,) = struct.unpack_from("<I", sealed)
        plain = acceptor.unwrap(sealed[4 : 4 + size], sealed[4 + size :])
    except (struct.error, spnego.exceptions.SpnegoError) as error:
        raise NotDecrypted from error
    if length is None or int(length[1]) != len(plain):
        raise NotDecrypted
    return plain


def wrap(acceptor: Acceptor, protocol: str, plain: bytes) -> tuple[str, bytes]:
    """(content type, body) of an encrypted reply."""
    header, sealed, padding = acceptor.wrap(plain)
    about = f"\tContent-Type: {protocol}\r\n\tOriginalContent: type={PLAIN_TYPE};Length={len(plain) + padding}\r\n"
    body = (
        *(_BOUNDARY, b"\r\n", about.encode(), _BOUNDARY, b"\r\n", _OCTETS),
        *(struct.pack("<I", len(header)), header, sealed, _BOUNDARY, b"--\r\n"),
    )
    return f'multipart/encrypted;protocol="{protocol}";boundary="Encrypted Boundary"', b"".join(body)
