"""The TLS listener of a running Tentacle, as Halibut makes it (tentacle.md §9; golden/README.md, "on the wire").

Its threads never take the estate's lock, so it can be closed by whoever holds that.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Iterable

from OpenSSL import SSL

from pulumi_tentacle.lab.tentacle.certificates import Identity, thumbprint_of
from pulumi_tentacle.lab.tentacle.landing_page import RESPONSE

LONGEST_REQUEST = 20_000
CLIENT_GREETING, SERVER_GREETING = "MX-CLIENT 1.0\n\n", b"MX-SERVER 1.0\r\n\r\n"


class Listener:
    """Listens on addresses of the node, which may come and go; what it serves is fixed when it starts."""

    def __init__(self, identity: Identity, trusted: Iterable[str]) -> None:
        self._context = _server_context(identity)
        self._trusted = {thumbprint.upper() for thumbprint in trusted}
        self._acceptors: dict[str, _Acceptor] = {}
        self._connections: set[_Connection] = set()
        self._lock = threading.Lock()

    def listen_on(self, addresses: Iterable[str], port: int) -> set[tuple[str, int]]:
        """Open what is not open yet and close the rest; the sockets that are open now.

        Raises:
            OSError: an address or the port cannot be had; the others may be open.
        """
        wanted = set(addresses)
        for gone in set(self._acceptors) - wanted:
            self._acceptors.pop(gone).close()
        for address in sorted(wanted - set(self._acceptors)):
            self._acceptors[address] = _Acceptor(address, port, self._accepted)
        return {acceptor.address for acceptor in self._acceptors.values()}

    def close(self) -> None:
        """Close every socket and end every thread."""
        while self._acceptors:
            self._acceptors.popitem()[1].close()
        with self._lock:
            open_now = list(self._connections)
        for connection in open_now:
            connection.close()

    def _accepted(self, plain: socket.socket) -> None:
        connection = _Connection(plain, self._context, self._trusted, self._ended)
        with self._lock:
            self._connections.add(connection)
        connection.start()

    def _ended(self, connection: _Connection) -> None:
        with self._lock:
            self._connections.discard(connection)


class _Acceptor:
    """One listening socket and the thread that accepts on it."""

    def __init__(self, address: str, port: int, accepted: Callable[[socket.socket], None]) -> None:
        self._socket = socket.create_server((address, port))
        self.address: tuple[str, int] = self._socket.getsockname()
        self._accepted = accepted
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, name=f"tentacle {self.address}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._wake.close()
        self._thread.join()
        self._woken.close()
        self._socket.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while all(key.fileobj is self._socket for key, _ in selector.select()):
                with contextlib.suppress(ConnectionError):  # a client that gave up before we came to it
                    self._accepted(self._socket.accept()[0])


class _Connection:
    """One client, served by a thread of its own."""

    def __init__(
        self,
        plain: socket.socket,
        context: SSL.Context,
        trusted: set[str],
        ended: Callable[[_Connection], None],
    ) -> None:
        self._socket = plain
        self._stream = SSL.Connection(context, plain)
        self._trusted = trusted
        self._ended = ended
        self._thread = threading.Thread(target=self._run, name=f"tentacle {plain.getsockname()}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Break the connection off and wait for its thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._stream.set_accept_state()
            self._stream.do_handshake()
            self._serve()
            self._stream.shutdown()
        except (SSL.Error, OSError):
            pass  # the client is gone, or never spoke TLS as we do
        finally:
            self._socket.close()
            self._ended(self)

    def _serve(self) -> None:
        request = self._read_request()
        if len(request) < 2:
            return
        if not request.startswith("MX"):
            self._stream.sendall(RESPONSE)
        elif self._is_trusted() and self._read_request() == CLIENT_GREETING:
            self._stream.sendall(SERVER_GREETING)
            self._exchange()

    def _is_trusted(self) -> bool:
        certificate = self._stream.get_peer_certificate(as_cryptography=True)
        return certificate is not None and thumbprint_of(certificate) in self._trusted

    def _exchange(self) -> None:
        """Stay open until the client says END. No record holds a message: at one, the lab's Tentacle ends too."""
        while self._read(lambda line: line.endswith("\n")) == "\n":
            pass

    def _read_request(self) -> str:
        return self._read(lambda request: request.endswith("\n\n"))

    def _read(self, is_complete: Callable[[str], bool]) -> str:
        """What the client sends until that is complete, or until it stops sending; carriage returns do not count."""
        text = ""
        while len(text) < LONGEST_REQUEST and not is_complete(text):
            try:
                text += self._stream.recv(1).decode("latin-1").strip("\r")
            except (SSL.ZeroReturnError, SSL.SysCallError):
                break
        return text


def _server_context(identity: Identity) -> SSL.Context:
    """TLS 1.2 and 1.3; any client certificate or none.

    Python's own ssl module cannot do this: it refuses a self-signed client certificate that it was not told of, and
    only the thumbprints of the trusted ones are known.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_cipher_list(b"DEFAULT:@SECLEVEL=1")  # Windows serves an RSA key of 1024 bits, which Tentacle imports
    context.use_certificate(identity.certificate)
    assert identity.key is not None
    context.use_privatekey(identity.key)
    return context
