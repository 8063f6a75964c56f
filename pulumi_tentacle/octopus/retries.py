"""Sending again what may be sent again: after the time that Octopus asks for, or with growing, uneven waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pulumi_tentacle.octopus.answers import Again
from pulumi_tentacle.octopus.waiting import Waiter, jitter

T = TypeVar("T")
_FIRST, _LONGEST = 0.5, 8.0  # seconds


def persist(attempt: Callable[[], T], waiter: Waiter) -> T:
    """The result of `attempt`, which is repeated as long as it raises Again and its patience lasts.

    Raises:
        TentacleError: that of the last Again, or any other that `attempt` raises.
        Cancelled: while waiting.
    """
    from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

    started = waiter.now()
    growing = wait_exponential(multiplier=_FIRST, max=_LONGEST)

    def pause(state: RetryCallState) -> float:
        after = _again(state).after
        return growing(state) * (0.5 + jitter()) if after is None else after + jitter()

    def enough(state: RetryCallState) -> bool:
        return waiter.now() + state.upcoming_sleep > started + _again(state).patience

    retrying = Retrying(retry=retry_if_exception_type(Again), wait=pause, stop=enough, sleep=waiter.wait, reraise=True)
    try:
        return retrying(attempt)
    except Again as last:
        raise last.error from last.__cause__


def _again(state: object) -> Again:
    outcome = getattr(state, "outcome", None)
    failure = outcome.exception() if outcome else None
    assert isinstance(failure, Again)
    return failure
