"""Every error that a foreign library can raise on the way to a node is understood: none reaches the user as it is."""

from __future__ import annotations

import inspect
import logging
import ssl
import stat
import struct
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pypsrp.exceptions
import pytest
import requests
import requests_credssp.exceptions
import spnego.exceptions
import winrm.exceptions

from pulumi_tentacle.errors import Unreachable
from pulumi_tentacle.lab.wire.tls import Authority
from pulumi_tentacle.remoting import powershell, shell
from pulumi_tentacle.remoting.faults import Broken
from pulumi_tentacle.remoting.http import Http
from pulumi_tentacle.remoting.logon import Rejected
from pulumi_tentacle.remoting.settings import TRANSPORTS
from pulumi_tentacle.remoting.soap import Reply
from pulumi_tentacle.remoting.tls import PemFiles
from tests.remoting.inprocess import SETTINGS

ARGUMENTS: dict[type[Exception], tuple[Any, ...]] = {
    pypsrp.exceptions.WinRMTransportError: ("http", 500, "text"),
    pypsrp.exceptions.WSManFaultError: (1, "m", "r", "p", "pp", "pf"),
    requests_credssp.exceptions.NTStatusException: (0xC000006D,),
    spnego.exceptions.FeatureMissingError: (spnego.exceptions.NegotiateOptions.negotiate_kerberos,),
}


def exceptions_of(*modules: ModuleType) -> list[type[Exception]]:
    found = {
        member
        for module in modules
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Exception) and not issubclass(member, Warning) and member.__module__ == module.__name__
    }
    return sorted(found, key=lambda each: each.__name__)


class Raising:
    """pypsrp's transport, which fails."""

    session = None

    def __init__(self, error: Exception) -> None:
        self._error = error

    def send(self, message: bytes, timeout: object) -> bytes:
        raise self._error

    def close(self) -> None:
        """Nothing to close."""


def made(kind: type[Exception]) -> Exception:
    try:
        return kind(*ARGUMENTS.get(kind, ("text",)))
    except TypeError:
        error = kind.__new__(kind)
        error.args = ("text",)
        return error


@pytest.mark.parametrize(
    "kind",
    [
        *exceptions_of(
            requests.exceptions,
            pypsrp.exceptions,
            requests_credssp.exceptions,
            spnego.exceptions,
        ),
        ValueError,
        KeyError,
        AttributeError,
        struct.error,
    ],
)
def test_whatever_the_transport_raises_is_told_apart(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Http("NODE1", SETTINGS, PemFiles())
    monkeypatch.setattr(connection, "_transport", Raising(made(kind)))
    try:
        answer: object = connection.post(b"message", 1)
    except (Unreachable, Rejected, Broken) as error:
        answer = error
    assert isinstance(answer, Reply | Unreachable | Rejected | Broken)
    assert isinstance(answer, Reply) == (kind is pypsrp.exceptions.WinRMTransportError)


@pytest.mark.parametrize("kind", [*exceptions_of(pypsrp.exceptions), KeyError, ValueError, TypeError, struct.error])
def test_whatever_pypsrp_makes_of_a_reply_is_broken(kind: type[Exception]) -> None:
    def failing() -> None:
        raise made(kind)

    with pytest.raises(Broken):
        powershell._understood(failing)


@pytest.mark.parametrize(
    "kind",
    [
        *(each for each in exceptions_of(winrm.exceptions) if issubclass(each, winrm.exceptions.WinRMError)),
        *(AssertionError, StopIteration, ValueError),
    ],
)
def test_whatever_pywinrm_makes_of_a_reply_is_broken(kind: type[Exception]) -> None:
    def failing() -> None:
        raise made(kind)

    with pytest.raises(Broken):
        shell._understood(failing)


def test_the_libraries_log_nothing() -> None:
    """Their debug output holds whole messages, secrets and all."""
    assert logging.getLogger("pypsrp.wsman").getEffectiveLevel() > logging.CRITICAL
    assert logging.getLogger("spnego._ntlm").getEffectiveLevel() > logging.CRITICAL


def distrusted(code: int) -> Exception:
    cause = ssl.SSLCertVerificationError()
    cause.verify_code = code
    error = requests.exceptions.SSLError("text")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (requests.ConnectTimeout(), r"NODE1 cannot be reached on port 5986 \(https\): no connection within 2 seconds"),
        (requests.exceptions.InvalidURL(), "NODE1: this is no host name or address"),
        (distrusted(9), "not valid today"),
        (distrusted(10), "not valid today"),
        (distrusted(62), "made out to another name"),
        (distrusted(64), "made out to another name"),
        (distrusted(23), r"not trusted \(OpenSSL's reason 23\)"),
    ],
    ids=str,
)
def test_what_was_not_sent_tells_why(error: Exception, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Http("NODE1", SETTINGS, PemFiles())
    monkeypatch.setattr(connection, "_transport", Raising(error))
    with pytest.raises(Unreachable, match=text):
        connection.post(b"message", 1)


def test_a_file_that_verifies_and_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Http("NODE1", SETTINGS, PemFiles())
    monkeypatch.setattr(connection, "_transport", Raising(OSError("no such bundle: x.pem")))
    with pytest.raises(Unreachable, match=r"^NODE1: TLS cannot be verified: no such bundle: x\.pem"):
        connection.post(b"message", 1)


@pytest.mark.parametrize("transport", sorted(TRANSPORTS))
def test_every_transport_is_one_of_pypsrps(transport: str, authority: Authority) -> None:
    certificate, key = authority.issue(["client"])
    settings = replace(SETTINGS, transport=transport, client_certificate=str(certificate), client_key=key.read_text())
    files = PemFiles()
    connection = Http("NODE1", settings, files)
    connection.reset()
    connection.close()
    files.close()


def test_pem_texts_lie_in_private_files_that_go(authority: Authority) -> None:
    files = PemFiles()
    text = authority.ca_file.read_text()
    path = Path(files.path("key", text))
    assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert files.path("key", text) == str(path)
    files.close()
    assert not path.parent.exists()
