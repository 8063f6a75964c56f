"""Waiting for something to become true, with a bound, and ended by Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable

from pulumi_tentacle.errors import Cancelled

_PAUSE = 1.0


def wait_until(
    check: Callable[[], bool], seconds: float, cancelled: Callable[[], bool], what: str, pause: float = _PAUSE
) -> bool:
    """Ask until `check` says yes (True) or `seconds` have passed (False).

    Raises:
        Cancelled: the run was cancelled meanwhile.
    """
    end = time.monotonic() + seconds
    while not check():
        if cancelled():
            raise Cancelled(f"Cancelled while waiting for {what}.")
        if time.monotonic() >= end:
            return False
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
    return True
