"""How long work may still take, and whether the user has cancelled it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from pulumi_tentacle.errors import Cancelled, DeadlineExceeded

_LOOK = 0.25  # seconds between two looks at the user's Ctrl-C


class Limits:
    """The limits of one piece of work, in seconds from now.

    `doing` says where and what ("NODE1: Get-Disk"), `advice` what helps when the time is too short.
    """

    def __init__(
        self, doing: str, seconds: float = math.inf, cancelled: threading.Event | None = None, advice: str = ""
    ) -> None:
        self.doing = doing
        self._advice = advice
        self._seconds = seconds
        self.cancelled = cancelled
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the deadline, never below 0."""
        return max(0.0, self._end - time.monotonic())

    def anew(self) -> Limits:
        """The same limits, counted from now."""
        return Limits(self.doing, self._seconds, self.cancelled, self._advice)

    def without_deadline(self) -> Limits:
        """The same work, waiting for others that have deadlines of their own."""
        return Limits(self.doing, cancelled=self.cancelled)

    def check(self, grace: float = 0.0) -> None:
        """Raises Cancelled, or DeadlineExceeded once `grace` seconds past the deadline have gone by."""
        if self.cancelled is not None and self.cancelled.is_set():
            raise Cancelled(f"{self.doing}: cancelled.")
        if time.monotonic() >= self._end + grace:
            raise DeadlineExceeded(f"{self.doing}: not finished within {self._seconds:g} seconds.{self._advice}")

    def wait(self, ready: Callable[[float], bool], grace: float = 0.0) -> None:
        """Wait until `ready(seconds)`, which waits itself for so long, says True. Raises as `check` does."""
        while not ready(min(_LOOK, self.left + grace)):
            self.check(grace)
