"""One first logon at a time, and none again with what was refused: accounts get locked by wrong passwords.

A first logon is the first of an account and its secret in this process; once a node has let them in, their first
on each other node.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pulumi_tentacle.errors import LogonRefused, Unlooked
from pulumi_tentacle.remoting.faults import Broken
from pulumi_tentacle.remoting.limits import Limits
from pulumi_tentacle.remoting.settings import Settings


class Rejected(Exception):
    """The node did not let the account in; the text is the reason, if there is one that helps."""


@dataclass
class _Attempt:
    """A first logon under way, or done."""

    node: str
    done: threading.Event = field(default_factory=threading.Event)
    failure: Unlooked | Broken | None = None


class LogonGate:
    """Lets first logons through one at a time; shared by all nodes of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._accepted: set[tuple[str, str]] = set()  # (account, node)
        self._refused: dict[str, str] = {}  # account -> the node that refused it first
        self._attempts: dict[tuple[str, str], _Attempt] = {}  # (account, node) or (account, "") -> under way

    @contextmanager
    def logon(self, settings: Settings, node: str, limits: Limits) -> Iterator[None]:
        """Around each request, as each may have to log on.

        Raises:
            LogonRefused: now or earlier; then nothing is sent.
            Unlooked, Broken: also what another caller got that tried the first logon on this node meanwhile.
            Cancelled: while waiting for another's first logon.
        """
        key = (_account(settings), node.casefold())
        slot = self._enter(key, settings, node, limits)
        failure: Unlooked | Broken | None = None
        try:
            yield
            with self._lock:
                self._accepted.add(key)
        except Rejected as rejected:
            failure = self._refuse(key, settings, node, str(rejected))
            raise failure from rejected
        except (Unlooked, Broken) as error:
            failure = error
            raise
        finally:
            if slot is not None:
                with self._lock:
                    attempt = self._attempts.pop(slot)
                attempt.failure = failure
                attempt.done.set()

    def _enter(self, key: tuple[str, str], settings: Settings, node: str, limits: Limits) -> tuple[str, str] | None:
        """The slot of the attempt that this caller now makes; None where the account is known to be good."""
        account, _ = key
        while True:
            with self._lock:
                if key in self._accepted:
                    return None
                if account in self._refused:
                    raise self._remembered(account, settings, node)
                slot = key if self._good_elsewhere(key) else (account, "")
                other = self._attempts.get(slot)
                if other is None:
                    self._attempts[slot] = _Attempt(key[1])
                    return slot
            limits.wait(other.done.wait)
            if other.node == key[1] and other.failure is not None:
                raise _copy(other.failure)

    def _good_elsewhere(self, key: tuple[str, str]) -> bool:
        return any(account == key[0] and node != key[1] for account, node in self._accepted)

    def _refuse(self, key: tuple[str, str], settings: Settings, node: str, reason: str) -> LogonRefused:
        with self._lock:
            elsewhere = self._good_elsewhere(key)
            self._accepted.discard(key)
            self._refused.setdefault(key[0], node)
        causes = f"{node} refused to log on {_who(settings)}{f' ({reason})' if reason else ''}: {_causes(settings)}."
        if elsewhere and settings.scheme == "https":
            causes += (
                " Another node accepted the same account and password. If they are right for this one too, something "
                "between here and the node ends TLS (a proxy, a load balancer), which breaks the channel binding "
                "that WinRM asks for (CbtHardeningLevel)."
            )
        return LogonRefused(
            f"{causes} It is not tried again in this run, so that no account gets locked. Look at {_keys(settings)}."
        )

    def _remembered(self, account: str, settings: Settings, node: str) -> LogonRefused:
        first = self._refused[account]
        return LogonRefused(
            f"{node} was not asked: {first} refused to log on {_who(settings)} before. It is not tried again in this "
            f"run, so that no account gets locked. Look at {_keys(settings)}."
        )


def _copy(failure: Unlooked | Broken) -> Unlooked | Broken:
    """Another's failure, for raising it in this thread."""
    if isinstance(failure, Broken):
        return Broken(str(failure), timed_out=failure.timed_out)
    return type(failure)(str(failure))


def _account(settings: Settings) -> str:
    """Stands for an account with its secret, and tells neither."""
    parts = (settings.username.casefold(), settings.password, settings.client_certificate or "")
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _who(settings: Settings) -> str:
    if settings.transport == "certificate":
        return "the client certificate"
    return f"the account '{settings.username}'"


def _causes(settings: Settings) -> str:
    if settings.transport == "certificate":
        return "it is mapped to no account there, comes from an authority that the node does not trust, or has expired"
    return (
        "the user name or the password is wrong, or the account is locked, disabled or may not log on over the network"
    )


def _keys(settings: Settings) -> str:
    if settings.transport == "certificate":
        return "tentacle:winrmClientCertificate and at the certificate mappings of WinRM on the node"
    return "tentacle:winrmUsername and tentacle:winrmPassword (`pulumi config set --secret tentacle:winrmPassword`)"
