"""The WS-Management service of a node: its shells, and what each operation does with them."""

from __future__ import annotations

import threading
import uuid

from pulumi_tentacle.lab.wire.psrp import PsrpShell
from pulumi_tentacle.lab.wire.shell import Alive, Shell, Work
from pulumi_tentacle.lab.wire.soap import (
    MAX_ENVELOPE,
    RSP,
    Envelope,
    not_known,
    resource_not_found,
    shell_created,
    shell_not_found,
)
from pulumi_tentacle.lab.wire.winrs import WinrsShell
from pulumi_tentacle.lab.world import Logon, Node

_SHELLS: dict[str, type[PsrpShell] | type[WinrsShell]] = {
    f"{RSP}/cmd": WinrsShell,
    "http://schemas.microsoft.com/powershell/Microsoft.PowerShell": PsrpShell,
}
_CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"


class Service:
    """Shells live here, not in a connection: any connection of the same account may go on with them."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._shells: dict[str, Shell] = {}
        self._lock = threading.Lock()

    def prepare(self, request: Envelope, logon: Logon, alive: Alive) -> Work:
        """What the request asks for, checked, with no effect yet. Raises WSManFault."""
        match request.operation:
            case "Create":
                return Work(lambda: self._create(request, logon))
            case "Command":
                return self._shell(request, logon).command(request)
            case "Send":
                return self._shell(request, logon).send(request)
            case "Receive":
                shell = self._shell(request, logon)
                return Work(lambda: shell.receive(request, alive))
            case "Signal":
                shell = self._shell(request, logon)
                return Work(lambda: self._signal(shell, request))
            case "Delete":
                shell = self._shell(request, logon)
                return Work(lambda: self._delete(shell, request))
            case "Get":
                return Work(lambda: self._get(request, logon))
        raise not_known(f"the WS-Management operation {request.operation}")

    def close(self) -> None:
        """End all shells."""
        with self._lock:
            shells = list(self._shells.values())
            self._shells.clear()
        for shell in shells:
            shell.close()

    def _shell(self, request: Envelope, logon: Logon) -> Shell:
        with self._lock:
            shell = self._shells.get(request.shell_id)
        if shell is None or shell.logon.user != logon.user:  # another account's shells do not show
            raise shell_not_found(request.shell_id)
        return shell

    def _create(self, request: Envelope, logon: Logon) -> str:
        kind = _SHELLS.get(request.resource)
        if kind is None:
            raise resource_not_found(request.resource)
        shell_id = (request.child("rsp:Shell").get("ShellId") or str(uuid.uuid4())).upper()
        shell = kind(self._node, logon, request)
        with self._lock:
            self._shells[shell_id] = shell
        return shell_created(request.resource, shell_id, logon.user, self._node.address)

    def _signal(self, shell: Shell, request: Envelope) -> str:
        shell.signal(request)
        return "<rsp:SignalResponse/>"

    def _delete(self, shell: Shell, request: Envelope) -> str:
        with self._lock:
            self._shells.pop(request.shell_id, None)
        shell.close()
        return ""

    def _get(self, request: Envelope, logon: Logon) -> str:
        if request.resource == _CONFIG:
            return f"<cfg:Config><cfg:MaxEnvelopeSizekb>{MAX_ENVELOPE // 1024}</cfg:MaxEnvelopeSizekb></cfg:Config>"
        self._shell(request, logon)
        return f"<rsp:Shell><rsp:ShellId>{request.shell_id}</rsp:ShellId><rsp:State>Connected</rsp:State></rsp:Shell>"
