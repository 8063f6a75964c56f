"""The same question to several nodes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")


def each(keys: Iterable[Key], function: Callable[[Key], Answer]) -> dict[Key, Answer]:
    """`function` of every key, side by side; the first failure, in the order of the keys, is raised.

    All of them have ended when this returns, so nothing goes on unseen.
    """
    keys = list(keys)
    if len(keys) == 1:
        return {keys[0]: function(keys[0])}
    with ThreadPoolExecutor(max_workers=max(1, len(keys))) as pool:
        futures = [pool.submit(function, key) for key in keys]
    return {key: future.result() for key, future in zip(keys, futures, strict=True)}
