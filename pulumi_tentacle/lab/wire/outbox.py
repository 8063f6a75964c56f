"""What a shell or a command has to say, waiting for the client's Receive."""

from __future__ import annotations

import base64
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pulumi_tentacle.lab.wire.soap import RSP, Envelope, WSManFault, timed_out

_OVERHEAD = 4096  # bytes of a ReceiveResponse besides its streams


class ClientGone(Exception):
    """The client closed the connection on which it waited."""


@dataclass(frozen=True)
class Chunk:
    """Bytes of one stream; `end` closes it."""

    stream: str
    data: bytes
    end: bool = False


class Outbox:
    """Chunks in their order, and at last an exit code. Output that nobody has fetched stays."""

    def __init__(self, command_id: str = "") -> None:
        self._command_id = command_id
        self._changed = threading.Condition()
        self._chunks: deque[Chunk] = deque()
        self._done = False
        self._exit_code: int | None = None
        self._closed = False
        self._answered: tuple[str, str] | None = None  # the last MessageID and its reply

    def put(self, *chunks: Chunk) -> None:
        with self._changed:
            self._chunks.extend(chunks)
            self._changed.notify_all()

    def finish(self, exit_code: int | None = None) -> None:
        """Nothing more will come."""
        with self._changed:
            self._done, self._exit_code = True, exit_code
            self._changed.notify_all()

    def close(self) -> None:
        """The shell is gone: whoever waits gets fault 995 (operation aborted)."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_done(self) -> None:
        """Return when nothing more will come."""
        with self._changed:
            self._changed.wait_for(lambda: self._done or self._closed)

    def receive(self, request: Envelope, alive: Callable[[], bool]) -> str:
        """The body of a ReceiveResponse, as soon as there is something to say.

        A request with the MessageID of the one before is answered with the same again: its reply was lost
        (winrm.md §0.6). Raises WSManFault at the operation timeout, ClientGone when `alive` denies.
        """
        with self._changed:
            ready = self._changed.wait_for(
                lambda: self._chunks or self._done or self._closed or self._repeated(request), request.timeout
            )
            if not ready:
                raise timed_out()
            repeated = self._repeated(request)
            if repeated:
                return repeated
            if self._closed:
                raise WSManFault(995, "The I/O operation has been aborted because of a thread exit.")
            if not alive():
                raise ClientGone
            response = self._response(request.max_size - _OVERHEAD)
            self._answered = (request.message_id, response)
            return response

    def _repeated(self, request: Envelope) -> str:
        return self._answered[1] if self._answered and self._answered[0] == request.message_id else ""

    def _response(self, room: int) -> str:
        parts: list[str] = []
        attribute = f' CommandId="{self._command_id}"' if self._command_id else ""
        while self._chunks:
            chunk = self._chunks[0]
            end = ' End="true"' if chunk.end else ""
            text = base64.b64encode(chunk.data).decode()
            part = f'<rsp:Stream Name="{chunk.stream}"{attribute}{end}>{text}</rsp:Stream>'
            if parts and len(part) > room:
                break
            room -= len(part)
            parts.append(part)
            self._chunks.popleft()
        if self._command_id:
            parts.append(self._state(attribute))
        return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"

    def _state(self, attribute: str) -> str:
        if self._chunks or not self._done:
            return f'<rsp:CommandState{attribute} State="{RSP}/CommandState/Running"/>'
        code = "" if self._exit_code is None else f"<rsp:ExitCode>{self._exit_code & 0xFFFFFFFF}</rsp:ExitCode>"
        return f'<rsp:CommandState{attribute} State="{RSP}/CommandState/Done">{code}</rsp:CommandState>'
