"""Time as the client sees it: every wait ends at once when the run is cancelled."""

from __future__ import annotations

import random
import threading
import time

from pulumi_tentacle.errors import Cancelled


class Waiter:
    """A clock in seconds, and waits that a cancellation ends."""

    def __init__(self, cancelled: threading.Event) -> None:
        self._cancelled = cancelled

    def now(self) -> float:
        """Seconds of a monotonic clock."""
        return time.monotonic()

    def check(self) -> None:
        """Raises Cancelled once the run is cancelled."""
        if self._cancelled.is_set():
            raise Cancelled("Cancelled before Octopus Server was asked.")

    def wait(self, seconds: float) -> None:
        """Wait. Raises Cancelled as soon as the run is cancelled."""
        if self._cancelled.wait(seconds):
            raise Cancelled("Cancelled while waiting for Octopus Server.")


class Gate:
    """Keeps all threads of one client from asking while Octopus has told one of them to wait (user report U65)."""

    def __init__(self, waiter: Waiter) -> None:
        self._waiter = waiter
        self._lock = threading.Lock()
        self._opens = 0.0

    def close(self, seconds: float) -> None:
        """Let nobody through for so long."""
        with self._lock:
            self._opens = max(self._opens, self._waiter.now() + seconds)

    def pass_through(self) -> None:
        """Wait until the gate is open; a little longer, and not all of them equally long, if it was closed."""
        while (left := self._opens - self._waiter.now()) > 0:
            self._waiter.wait(left + jitter())


def jitter() -> float:
    """Up to a second, so that those who waited for the same moment do not ask at the same moment."""
    return random.uniform(0, 1)
