"""WinRM of one node: its two listeners, http and https, on the node's own address."""

from __future__ import annotations

import threading
from collections.abc import Collection

from pulumi_tentacle.lab.faults import Effect, Fault, Hook, Request
from pulumi_tentacle.lab.wire import soap
from pulumi_tentacle.lab.wire.listener import Dropped, Listener
from pulumi_tentacle.lab.wire.service import Service
from pulumi_tentacle.lab.wire.shell import Alive
from pulumi_tentacle.lab.wire.tls import Authority, endpoint_binding, server_context
from pulumi_tentacle.lab.world import Logon, Node


class NodeServer:
    """A node's running WinRM service. `faults` are asked at each request; the first answer counts."""

    def __init__(
        self, node: Node, authority: Authority, transports: Collection[str], http_port: int, https_port: int
    ) -> None:
        self.node = node
        self.transports: Collection[str] = frozenset(transports)
        self.faults: list[Hook] = []
        self._service = Service(node)
        self._lock = threading.Lock()
        self._requests = 0
        self._closing = threading.Event()
        certificate, key = authority.issue([node.fqdn, node.name], [node.address])
        self._http = Listener(self, (node.address, http_port))
        try:
            tls = server_context(certificate, key)
            self._https = Listener(self, (node.address, https_port), tls, endpoint_binding(certificate))
        except OSError:
            self._http.close()
            raise

    def close(self) -> None:
        """Close both listeners, all connections and all shells; when this returns, no thread of them is left."""
        self._closing.set()
        self._service.close()
        self._http.close()
        self._https.close()

    @property
    def http_port(self) -> int:
        return self._http.port

    @property
    def https_port(self) -> int:
        return self._https.port

    def count_failed_logon(self) -> None:
        with self._lock:
            self.node.failed_logons += 1

    def answer(self, request: soap.Envelope, logon: Logon, alive: Alive) -> tuple[int, bytes]:
        """(HTTP status, envelope) for a request. Raises Dropped, ClientGone."""
        try:
            return 200, soap.reply(request, self._carry_out(request, logon, alive))
        except soap.WSManFault as fault:
            return 500, soap.fault(request, fault, self.node.fqdn)

    def _carry_out(self, request: soap.Envelope, logon: Logon, alive: Alive) -> str:
        work = self._service.prepare(request, logon, alive)
        fault = self._fault(request.operation, work.commands)
        effect = fault.effect if fault else None
        if effect is Effect.DROP_BEFORE:
            raise Dropped
        if fault and effect is Effect.REFUSE:
            raise soap.WSManFault(fault.code, fault.text)
        if fault and effect is Effect.DELAY:
            self._closing.wait(fault.seconds)
        body = work.perform()
        if effect is Effect.DROP_AFTER:
            work.settle()
            raise Dropped
        return body

    def _fault(self, operation: str, commands: tuple[str, ...]) -> Fault | None:
        with self._lock:
            self._requests += 1
            request = Request(self._requests, operation, commands)
            return next((fault for hook in self.faults if (fault := hook(request)) is not None), None)


def serve_node(
    node: Node,
    authority: Authority,
    *,
    transports: Collection[str] = ("negotiate", "basic"),
    http_port: int = 5985,
    https_port: int = 5986,
) -> NodeServer:
    """Start a node's WinRM on its address; port 0 takes a free one. Raises OSError where it is taken."""
    return NodeServer(node, authority, transports, http_port, https_port)
