"""The sessions to one node: few, reused, and closed on every way out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pulumi_tentacle.errors import Cancelled
from pulumi_tentacle.remoting.limits import Limits
from pulumi_tentacle.remoting.session import NoRoom, Session

SESSIONS_PER_NODE = 4  # each is up to two of the 30 shells that a node allows an account (winrm.md §3)


class SessionPool:
    """Lends sessions; each to one thread at a time."""

    def __init__(self, make: Callable[[], Session], most: int = SESSIONS_PER_NODE) -> None:
        self._make = make
        self._most = most
        self._changed = threading.Condition()
        self._idle: list[Session] = []
        self._alive = 0  # lent, idle, or being closed
        self._closed = False

    @contextmanager
    def lend(self, limits: Limits) -> Iterator[Session]:
        """A session for the block; one that saw an exception is closed afterwards, not used again.

        Raises:
            Cancelled: while waiting for one to become free, or after `close`.
        """
        session = self._take(limits)
        reusable = too_much = False
        try:
            yield session
            reusable = session.usable
        except NoRoom:
            too_much = True
            raise
        finally:
            if too_much:
                self._close(session)  # at once: whoever makes room must not count it
            else:
                self._give_back(session, reusable)

    def make_room(self, limits: Limits) -> bool:
        """Wait until another session of ours is free or has ended, and end what is idle. False if there is none."""
        with self._changed:
            others = self._alive
            idle, self._idle = self._idle, []
        for session in idle:
            self._close_in_background(session)
        if others:
            self._wait(lambda: bool(self._idle) or self._alive < others, limits)
        return bool(others)

    def close(self, seconds: float) -> None:
        """Close what is idle and let nothing more be lent; waits up to `seconds` for what is being closed."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
        for session in idle:
            self._close_in_background(session)
        with self._changed:
            self._changed.wait_for(lambda: self._alive == 0, seconds)

    def _take(self, limits: Limits) -> Session:
        limits.check()
        while True:
            with self._changed:
                if self._closed:
                    raise Cancelled(f"{limits.doing}: not begun, as all sessions are being closed.")
                if self._idle:
                    return self._idle.pop()
                if self._alive < self._most:
                    self._alive += 1
                    break
            self._wait(lambda: bool(self._idle) or self._alive < self._most or self._closed, limits)
        made = None
        try:
            made = self._make()
            return made
        finally:
            if made is None:
                self._forget()

    def _wait(self, condition: Callable[[], bool], limits: Limits) -> None:
        def ready(seconds: float) -> bool:
            with self._changed:
                return self._changed.wait_for(condition, seconds)

        limits.without_deadline().wait(ready)  # those that hold the sessions have deadlines

    def _give_back(self, session: Session, reusable: bool) -> None:
        with self._changed:
            if reusable and not self._closed:
                self._idle.append(session)
                self._changed.notify_all()
                return
        self._close_in_background(session)

    def _close_in_background(self, session: Session) -> None:
        """Whoever has waited for a broken session need not wait for its end as well."""
        threading.Thread(target=self._close, args=(session,), name="closing a session", daemon=True).start()

    def _close(self, session: Session) -> None:
        try:
            session.close()
        finally:
            self._forget()

    def _forget(self) -> None:
        with self._changed:
            self._alive -= 1
            self._changed.notify_all()
