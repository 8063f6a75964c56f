"""Every error that a foreign library can raise on the way to a node is understood: none reaches the user as it is."""

from __future__ import annotations

import inspect
import logging
import struct
from types import ModuleType
from typing import Any

import pypsrp.exceptions
import pytest
import requests
import requests_credssp.exceptions
import spnego.exceptions
import winrm.exceptions

from pulumi_tentacle.errors import Unreachable
from pulumi_tentacle.remoting import powershell, shell
from pulumi_tentacle.remoting.faults import Broken
from pulumi_tentacle.remoting.http import Http
from pulumi_tentacle.remoting.logon import Rejected
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
