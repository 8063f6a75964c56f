"""HTTP servers of the lab (Octopus, downloads, control): an ASGI application on a loopback address, in a thread."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn

START_SECONDS = 30


class AddressTaken(Exception):
    """Something listens at the address already."""


class HttpServer:
    """Serves until `close`."""

    def __init__(self, application: Any, address: str, port: int) -> None:
        """Raises AddressTaken. `port` 0: a free one."""
        self._socket = listen(address, port)
        self.address, self.port = self._socket.getsockname()[:2]
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name=f"http {address}:{self.port}", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started and self._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        if not self._server.started:
            raise RuntimeError(f"the HTTP server at {self.url} did not start")

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    def close(self) -> None:
        """Stop listening and end open connections."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


def listen(address: str, port: int) -> socket.socket:
    """A listening socket. Raises AddressTaken when the port is in use or the address is not of this machine."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise AddressTaken(f"cannot listen at {address}:{port}: {error.strerror}") from None
    return listener


@contextlib.contextmanager
def serving(application: Any, address: str, port: int = 0) -> Iterator[HttpServer]:
    server = HttpServer(application, address, port)
    try:
        yield server
    finally:
        server.close()
