"""The Tentacle service: what happens between the service control manager's start and the open port.

Everything is read once, at the start (tentacle.md §7). What fails before the process reports to the service control
manager is a failed start (1053); what fails after that ends a service that was Running (tentacle.md §5).
"""

from __future__ import annotations

import errno
import threading
from dataclasses import replace

from pulumi_tentacle.lab.node import services, win32
from pulumi_tentacle.lab.node.filesystem import FileError
from pulumi_tentacle.lab.node.program import Invocation, ServiceStartFailed, service_main
from pulumi_tentacle.lab.node.unknown import not_known
from pulumi_tentacle.lab.tentacle import certificates, installation, trust
from pulumi_tentacle.lab.tentacle.certificates import Identity
from pulumi_tentacle.lab.tentacle.console import Console
from pulumi_tentacle.lab.tentacle.executable import Startup, find_instance, open_log_folder
from pulumi_tentacle.lab.tentacle.failures import Advice, ControlledFailure, DotNetError, NotModelled
from pulumi_tentacle.lab.tentacle.instance import Instance
from pulumi_tentacle.lab.tentacle.listener import Listener
from pulumi_tentacle.lab.tentacle.settings import LISTEN_IP, NO_LISTEN, Settings
from pulumi_tentacle.lab.world import Logon, Node

SYSTEM = Logon(r"NT AUTHORITY\SYSTEM")
FALLBACK_LOGS = r"C:\Windows\System32\config\systemprofile\AppData\Local\Octopus\Logs"
SOCKET_EXCEPTION = "System.Net.Sockets.SocketException"
ANY_ADDRESS = ("0.0.0.0", "::")
PORT_IN_USE = Advice(
    "A required communications port is already in use.",
    "The required port is being used by another process. The Windows `netstat -o -n -a` command can be used to show "
    "which process this is (compare PIDs with those shown in Task Manager).",
    "http://g.octopushq.com/HttpPortInUse",
)


class Agent:
    """The process of a running service. `ended` is set once it has ended by itself."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._listener: Listener | None = None
        self._only: str | None = None
        self._port = 0
        self._open: set[tuple[str, int]] = set()
        self.ended = threading.Event()

    def listen(self, identity: Identity, trusted: list[str], address: str | None, port: int) -> None:
        """Open the port on one address, or on all that the node has and will have.

        Raises:
            DotNetError: it cannot be had.
        """
        if identity.key is None:
            message = (
                "The X509 certificate provided does not have a private key, and so it cannot be used for listening."
            )
            raise DotNetError("System.Exception", message)
        if not 0 <= port <= 65535:  # configure takes any number (golden/README.md)
            message = "Specified argument was out of the range of valid values. (Parameter 'port')"
            raise DotNetError("System.ArgumentOutOfRangeException", message)
        if address is not None and address not in self._node.addresses:
            raise DotNetError(SOCKET_EXCEPTION, "The requested address is not valid in its context.")
        self._listener, self._only, self._port = Listener(identity, trusted), address, port
        try:
            self._follow()
        except OSError as error:
            self.stop()
            if error.errno != errno.EADDRINUSE:
                raise DotNetError(SOCKET_EXCEPTION, str(error)) from error
            message = "Only one usage of each socket address (protocol/network address/port) is normally permitted."
            raise DotNetError(SOCKET_EXCEPTION, message, advice=PORT_IN_USE) from error
        self._node.address_watchers.append(self._follow)

    def stop(self) -> None:
        """Close the sockets."""
        if self._listener is None:
            return
        if self._follow in self._node.address_watchers:
            self._node.address_watchers.remove(self._follow)
        self._listener.close()
        self._now_open(set())
        self._listener = None

    def crash(self) -> None:
        """End by itself, but only after whoever is starting it now has seen it Running and lets go of the estate."""
        threading.Thread(target=self._exit, name="tentacle crash", daemon=True).start()

    def _exit(self) -> None:
        with self._node.estate.lock:
            own = [service.name for service in self._node.services.values() if service.process is self]
            for name in own:
                services.exited(self._node, name)
        self.ended.set()

    def _follow(self) -> None:
        assert self._listener is not None
        addresses = [a for a in self._node.addresses if self._only in (None, a)]
        self._now_open(self._listener.listen_on(addresses, self._port))

    def _now_open(self, sockets: set[tuple[str, int]]) -> None:
        self._node.listening -= self._open
        self._node.listening |= sockets
        self._open = sockets


@service_main("tentacle.exe")
def run_service(node: Node, arguments: list[str]) -> Agent:
    """Start the process of a Tentacle service."""
    startup = Startup()
    try:
        instance = _load(node, arguments, startup)
    except NotModelled as missing:
        not_known(node, str(missing))
        raise ServiceStartFailed(win32.SERVICE_REQUEST_TIMEOUT, f"The lab does not know {missing}.") from None
    except (ControlledFailure, DotNetError, FileError) as error:
        startup.console.error(str(error), "FATAL")
        node.files.make_folder(FALLBACK_LOGS)
        startup.console.save_log(node, FALLBACK_LOGS)
        code = win32.SERVICE_REQUEST_TIMEOUT
        raise ServiceStartFailed(code, win32.message(code)) from error
    agent = Agent(node)
    try:
        _work(agent, node, instance.settings, startup.console)
    except (DotNetError, FileError) as error:
        raised = error if isinstance(error, DotNetError) else DotNetError.of(error)
        startup.console.error(raised.report(), "FATAL")
        agent.crash()
    if startup.logs is not None:
        startup.console.save_log(node, startup.logs)
    return agent


def _load(node: Node, arguments: list[str], startup: Startup) -> Instance:
    path = installation.installed(node).path
    if not arguments or arguments[0].lower() not in ("run", "agent"):
        raise NotModelled(f"Tentacle.exe {' '.join(arguments[:1])} as a service")
    invocation = Invocation(node, SYSTEM, path, arguments, node.environment())
    _, selector = find_instance(invocation, arguments, startup.console)
    open_log_folder(node, selector, startup)
    return selector.current()


def _work(agent: Agent, node: Node, settings: Settings, console: Console) -> None:
    identity = certificates.installed(node, settings)
    if identity is None:
        identity = certificates.make()
        certificates.install(node, settings, identity)
        console.info(
            "A new certificate has been generated and installed as none were yet available. Thumbprint:\n"
            f"{identity.thumbprint}"
        )
    no_listen = settings.boolean(NO_LISTEN)
    if not no_listen:
        _fix_styles(settings, console)
    servers = trust.load(settings)
    if any(server.style == trust.ACTIVE for server in servers):
        not_known(node, "polling Tentacles")
    trusted = [server.thumbprint for server in servers]
    for thumbprint in trusted:
        console.info(f"Agent will trust Octopus Servers with the thumbprint: {thumbprint}")
    if not trusted:
        console.info("The agent is not configured to trust any Octopus Servers.")
    if no_listen:
        console.info("Agent will not listen on any TCP ports")
        return
    address = settings.text(LISTEN_IP)
    agent.listen(identity, trusted, None if address in ANY_ADDRESS else address, settings.port)
    console.info(f"Agent listening on: {address or '[::]'}:{settings.port}\nThe Windows Service has started")


def _fix_styles(settings: Settings, console: Console) -> None:
    """An entry without a style becomes a listening one, and with it the whole file is written anew."""
    for server in trust.load(settings):
        if server.style == trust.NONE:
            fixed = replace(server, style=trust.PASSIVE)
            trust.save(settings, trust.add_or_update(trust.load(settings), fixed))
            console.info(f"Fixed communication style for: {server.thumbprint}")
