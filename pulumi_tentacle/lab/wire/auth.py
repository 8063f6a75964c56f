"""Who is on the other end of a connection: HTTP authentication as WinRM does it (reference/winrm.md §4)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection
from dataclasses import dataclass

from pulumi_tentacle.lab.wire.accounts import check_password
from pulumi_tentacle.lab.wire.ntlm import Acceptor, LogonError
from pulumi_tentacle.lab.world import Logon, Node


@dataclass(frozen=True)
class Verdict:
    """`logon` is None for an answer 401; `challenges` are the values of its WWW-Authenticate headers."""

    logon: Logon | None = None
    challenges: tuple[str, ...] = ()


class Authenticator:
    """The logon of one TCP connection. `count_failure` is called once for each failed logon.

    `binding` is the channel binding of the connection's TLS, None on plain HTTP: there Basic is not offered,
    and messages are encrypted with the key of `acceptor`.
    """

    def __init__(
        self, node: Node, transports: Collection[str], binding: bytes | None, count_failure: Callable[[], None]
    ) -> None:
        self._node = node
        self._binding = binding
        self._count_failure = count_failure
        self._negotiate = "negotiate" in transports
        self._basic = "basic" in transports and binding is not None
        self._logon: Logon | None = None
        self.acceptor: Acceptor | None = None

    def check(self, header: str) -> Verdict:
        """Judge a request by its Authorization header; without one, the connection's logon goes on."""
        scheme, _, credentials = header.partition(" ")
        if not header:
            return Verdict(self._logon) if self._logon else self._refused()
        if scheme.lower() == "basic" and self._basic:
            return self._check_basic(credentials)
        if scheme.lower() in ("negotiate", "ntlm") and self._negotiate:
            return self._check_negotiate(scheme, credentials)
        return self._refused()

    def _check_basic(self, credentials: str) -> Verdict:
        try:
            name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return self._refused(failed=True)
        user = check_password(self._node, name, password)
        return Verdict(Logon(user.name)) if user else self._refused(failed=True)

    def _check_negotiate(self, scheme: str, credentials: str) -> Verdict:
        """A step of the exchange; a first message on a connection that is logged on begins another one."""
        try:
            token = base64.b64decode(credentials, validate=True)
            if self.acceptor is None or self.acceptor.complete:
                self._logon = None
                self.acceptor = Acceptor(self._node, token, self._binding)
            answer = self.acceptor.step(token)
        except LogonError:
            self.acceptor = None
            return self._refused(failed=True)
        header = f"{scheme} {base64.b64encode(answer or b'').decode()}"
        if not self.acceptor.complete:
            return Verdict(challenges=(header,))
        user = self.acceptor.user
        assert user is not None, "the exchange cannot complete without an account"
        self._logon = Logon(user.name)
        return Verdict(self._logon, (header,) if answer else ())

    def _refused(self, *, failed: bool = False) -> Verdict:
        if failed:
            self._count_failure()
        offers = [("Negotiate", self._negotiate), ('Basic realm="WSMAN"', self._basic)]
        return Verdict(challenges=tuple(offer for offer, offered in offers if offered))
