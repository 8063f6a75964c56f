"""The lab's clock: waits cost nothing unless a test is about time."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Virtual time that starts at the real time and only moves by `sleep` and by passing real time.

    A service that needs two minutes to stop lets the clock jump by two minutes; nobody waits.
    Times are aware datetimes in UTC.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead = timedelta()
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """The present moment; each answer is later than the one before (Windows' file times too)."""
        with self._lock:
            moment = datetime.fromtimestamp(time.time(), UTC) + self._ahead
            self._last = max(moment, self._last + timedelta(microseconds=1))
            return self._last

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of virtual time pass at once."""
        with self._lock:
            self._ahead += timedelta(seconds=seconds)
