"""The way of every message to a node: logon gate, limits, re-sending where that is safe, checked replies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from pulumi_tentacle.errors import TentacleError, Unreachable
from pulumi_tentacle.remoting import soap
from pulumi_tentacle.remoting.faults import Broken
from pulumi_tentacle.remoting.limits import Limits
from pulumi_tentacle.remoting.logon import LogonGate, Rejected
from pulumi_tentacle.remoting.settings import Settings
from pulumi_tentacle.remoting.soap import Reply

GRACE = 5.0  # seconds that an answer may come later than the service was told to answer
_LONGEST_REQUEST = 60  # seconds; WinRM's MaxTimeoutms cuts longer ones (winrm.md §1.5)
_LONGEST_POLL = 20  # seconds
_RESENDS = 3
_PAUSE = 0.5  # seconds before the first re-sending; doubled each time
_IDLE = 90.0  # seconds after which http.sys may have closed an encrypted connection (winrm.md §0.4)
_BAD_REQUEST, _NOT_FOUND, _UNAVAILABLE = 400, 404, 503


class Connection(Protocol):
    """What a channel needs of the HTTP layer; see `http.Http`."""

    def post(self, message: bytes, seconds: float) -> Reply:
        """Send and await the answer. Raises Unreachable, Rejected, Broken."""

    def reset(self) -> None:
        """Drop the TCP connection and its logon."""

    def close(self) -> None:
        """Close for good."""


class Channel:
    """One logged-on connection to a node, used by one thread at a time.

    Each request runs in a thread of its own, so that a cancelled run or a deadline ends the wait for it at once;
    the connection is then given up. `usable` turns False at the first failure that may have left the other side in
    an unknown state (user report U83).
    """

    def __init__(self, address: str, settings: Settings, connect: Callable[[], Connection], gate: LogonGate) -> None:
        self.address = address
        self.settings = settings
        self.usable = True
        self.request_seconds = max(1, int(min(settings.operation_timeout, _LONGEST_REQUEST)))
        """What the service is told as its time to answer a request."""
        self._connect = connect
        self._gate = gate
        self._connection: Connection | None = None
        self._used = time.monotonic()
        self._limits = Limits(address)

    @contextmanager
    def within(self, limits: Limits) -> Iterator[None]:
        """Hold all requests of the block to these limits."""
        before, self._limits = self._limits, limits
        try:
            yield
        finally:
            self._limits = before

    def poll_seconds(self, limits: Limits) -> int:
        """What the service is told as its time to answer a Receive, at most until the deadline."""
        return max(1, int(min(_LONGEST_POLL, self.request_seconds, limits.left)))

    def send(self, message: bytes, seconds: float) -> bytes:
        """The checked answer to a message that the service has been told to answer within `seconds`.

        A Receive whose answer did not come is sent again as it is: the service keeps answers by message id
        (winrm.md §0.6), so that nothing is lost or done twice. Nothing else is ever repeated.

        Raises:
            Fault: the service refused.
            Broken: the outcome is unknown.
            Unlooked: it was not taken: unreachable, logon refused.
            Cancelled, DeadlineExceeded: by the limits; the connection is given up.
        """
        receives = soap.operation(message) == "Receive"
        reply = self._received(message, seconds) if receives else self._exchange(message, seconds, grace=0.0)
        self._refuse_status(reply)
        try:
            return soap.check(message, reply)
        except Broken:
            self.usable = False
            raise

    def close(self) -> None:
        """Close the connection; the next message makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _received(self, message: bytes, seconds: float) -> Reply:
        grace, pause = seconds + GRACE, _PAUSE
        for _ in range(_RESENDS):
            try:
                return self._exchange(message, seconds, grace)
            except Broken:
                self._limits.wait(_after(pause))
                pause *= 2
        return self._exchange(message, seconds, grace)

    def _exchange(self, message: bytes, seconds: float, grace: float) -> Reply:
        try:
            if self.settings.encrypts_messages and time.monotonic() - self._used > _IDLE:
                self._reset()
            reply = self._post(message, seconds, grace)
            if reply.status == _BAD_REQUEST and self.settings.encrypts_messages:
                # The connection was replaced under an old key: the message was not decrypted, so not taken.
                self._reset()
                reply = self._post(message, seconds, grace)
        except Broken:
            self.usable = False
            self.close()
            raise
        self._used = time.monotonic()
        return reply

    def _post(self, message: bytes, seconds: float, grace: float) -> Reply:
        self._limits.check(grace)
        with self._gate.logon(self.settings, self.address, self._limits.without_deadline()):
            if self._connection is None:
                self._connection = self._connect()
            request = _Request(self._connection, message, seconds + GRACE)
            try:
                self._limits.wait(request.ended.wait, grace)
            except TentacleError:
                self.usable = False
                self._connection = None
                request.abandon()
                raise
            return request.result()

    def _reset(self) -> None:
        if self._connection is not None:
            self._connection.reset()

    def _refuse_status(self, reply: Reply) -> None:
        """Raises Unreachable for answers of the HTTP layer, which come before WinRM has seen the message."""
        if reply.status == _NOT_FOUND:
            raise Unreachable(f"{self.address}: what answers there is no WinRM (HTTP 404 for /wsman).")
        if reply.status in (_BAD_REQUEST, _UNAVAILABLE):
            raise Unreachable(f"{self.address}: WinRM does not serve now (HTTP {reply.status}).")


class _Request:
    """A request in a thread of its own."""

    def __init__(self, connection: Connection, message: bytes, seconds: float) -> None:
        self.ended = threading.Event()
        self._connection = connection
        self._message = message
        self._seconds = seconds
        self._abandoned = False
        self._outcome: Reply | TentacleError | Rejected | Broken = Broken("the request could not be made")
        threading.Thread(target=self._run, name="WinRM request", daemon=True).start()

    def result(self) -> Reply:
        """What came back, or raises what went wrong."""
        if isinstance(self._outcome, Reply):
            return self._outcome
        raise self._outcome

    def abandon(self) -> None:
        """Nobody waits any more: the connection is closed as soon as its thread lets go of it."""
        self._abandoned = True
        if self.ended.is_set():
            self._connection.close()

    def _run(self) -> None:
        try:
            self._outcome = self._connection.post(self._message, self._seconds)
        except (TentacleError, Rejected, Broken) as error:
            self._outcome = error
        finally:
            self.ended.set()
            if self._abandoned:
                self._connection.close()


def _after(seconds: float) -> Callable[[float], bool]:
    """A wait that is over when `seconds` have passed."""
    end = time.monotonic() + seconds

    def ready(at_most: float) -> bool:
        time.sleep(max(0.0, min(at_most, end - time.monotonic())))
        return time.monotonic() >= end

    return ready
