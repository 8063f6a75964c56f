"""One port of a node's WinRM service: HTTP/1.1 with keep-alive, a thread for each connection."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
from collections.abc import Collection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from pulumi_tentacle.lab.wire import encryption, soap
from pulumi_tentacle.lab.wire.auth import Authenticator, Verdict
from pulumi_tentacle.lab.wire.outbox import ClientGone
from pulumi_tentacle.lab.wire.shell import Alive
from pulumi_tentacle.lab.world import Logon, Node

_HANDSHAKE_TIMEOUT = 30.0  # seconds
_JOIN_TIMEOUT = 5.0  # seconds
_POLL = 0.05  # seconds until the accepting thread sees `close`


class Dropped(Exception):
    """A fault breaks the connection."""


class Owner(Protocol):
    """What a listener serves."""

    node: Node
    transports: Collection[str]

    def answer(self, request: soap.Envelope, logon: Logon, alive: Alive) -> tuple[int, bytes]:
        """(HTTP status, envelope) for a request. Raises Dropped, ClientGone."""

    def count_failed_logon(self) -> None: ...


class Listener(ThreadingHTTPServer):
    """A listening socket and its connections; `binding` is the channel binding of `tls`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, owner: Owner, address: tuple[str, int], tls: ssl.SSLContext | None = None, binding: bytes | None = None
    ) -> None:
        self.owner = owner
        self.binding = binding
        self._tls = tls
        self._open: dict[socket.socket, threading.Thread] = {}
        self._guard = threading.Lock()
        self._closing = False
        super().__init__(address, _Connection)
        self.port: int = self.socket.getsockname()[1]
        name = f"{owner.node.name} WinRM"
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL,), name=name, daemon=True)
        self._thread.start()

    def server_bind(self) -> None:
        """Without HTTPServer's look-up of the host's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls is not None:  # the handshake is left to the connection's thread
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are dealt with where they do: what comes here is a defect."""
        raise

    def opened(self, connection: socket.socket) -> bool:
        """Note a connection with its thread; False when the listener is closing."""
        with self._guard:
            if not self._closing:
                self._open[connection] = threading.current_thread()
            return not self._closing

    def closed(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.pop(connection, None)

    def close(self) -> None:
        """Close the port, then every connection; their threads have ended when this returns."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._guard:
            self._closing = True
            connections = dict(self._open)
        for connection, thread in connections.items():
            _break(connection)
            thread.join(_JOIN_TIMEOUT)


class _Connection(BaseHTTPRequestHandler):
    """One TCP connection, from its TLS handshake to its end."""

    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    disable_nagle_algorithm = True
    server: Listener

    def setup(self) -> None:
        super().setup()
        owner = self.server.owner
        self._auth = Authenticator(owner.node, owner.transports, self.server.binding, owner.count_failed_logon)

    def handle(self) -> None:
        if not self.server.opened(self.connection):
            return
        try:
            if isinstance(self.connection, ssl.SSLSocket):
                self.connection.settimeout(_HANDSHAKE_TIMEOUT)
                self.connection.do_handshake()
                self.connection.settimeout(None)
            super().handle()
        except (OSError, Dropped, ClientGone):
            pass  # the connection is closed, and the client sees that

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """The lab shows what matters in `lab world`."""

    def do_POST(self) -> None:
        body = self._read_body()
        if self.path.partition("?")[0].lower() != "/wsman":
            return self._reply(404)
        verdict = self._auth.check(self.headers.get("Authorization", ""))
        if verdict.logon is None:
            return self._reply(401, verdict=verdict)
        if not body:  # only the logon was wanted: encrypted messages follow
            return self._reply(200, verdict=verdict)
        protocol = encryption.protocol_of(self.headers.get("Content-Type", ""))
        acceptor = self._auth.acceptor
        try:
            if protocol and acceptor:
                body = encryption.unwrap(acceptor, body)
            elif protocol or self.server.binding is None:
                return self._reply(400 if protocol else 500)  # AllowUnencrypted is false (winrm.md §1.7)
            request = soap.parse(body)
        except (encryption.NotDecrypted, ValueError):
            return self._reply(400)
        status, data = self.server.owner.answer(request, verdict.logon, self._is_alive)
        content_type = encryption.PLAIN_TYPE
        if protocol and acceptor:
            content_type, data = encryption.wrap(acceptor, protocol, data)
        return self._reply(status, data, content_type, verdict)

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _reply(self, status: int, body: bytes = b"", content_type: str = "", verdict: Verdict | None = None) -> None:
        self.send_response(status)
        for challenge in verdict.challenges if verdict else ():
            self.send_header("WWW-Authenticate", challenge)
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _is_alive(self) -> bool:
        """A client that waits for a reply sends nothing, so what can be read now is the connection's end."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            return not selector.select(0)


def _break(connection: socket.socket) -> None:
    """Wake the thread that reads from the connection (below TLS: its objects belong to that thread)."""
    with contextlib.suppress(OSError):  # closed already
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
