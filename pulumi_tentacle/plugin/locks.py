"""What must be one at a time on this machine: lock files of the operating system.

Each provider resource has a process of its own, so a lock inside the process would not do. The operating
system frees a lock when its process dies.
"""

from __future__ import annotations

import getpass
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pulumi_tentacle.errors import Cancelled


@contextmanager
def held(key: str, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Hold the lock of `key` (`cluster LABCLU`, `computer LAB\\NODE1`), waiting for others to let it go.

    Raises:
        Cancelled: the run was cancelled while it waited.
    """
    from filelock import FileLock, Timeout  # here: it costs the plugin's start 45 ms

    folder = Path(tempfile.gettempdir()) / f"pulumi_tentacle-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(folder / f"{hashlib.sha256(key.lower().encode()).hexdigest()[:32]}.lock")
    try:
        lock.acquire(poll_interval=0.1, cancel_check=cancelled)
    except Timeout:
        raise Cancelled(f"Cancelled while waiting for another operation on {key}.") from None
    try:
        yield
    finally:
        lock.release()
