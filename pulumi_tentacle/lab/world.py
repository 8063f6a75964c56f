"""The state of a simulated estate: plain dataclasses that cmdlets and programs read and change.

One lock guards all of it (`Estate.lock`); every cmdlet and program runs with the lock held. Nothing here
knows a wire protocol.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from cryptography.fernet import Fernet, InvalidToken

from pulumi_tentacle.lab.clock import Clock

if TYPE_CHECKING:
    from pulumi_tentacle.lab.cluster.state import Cluster
    from pulumi_tentacle.lab.node.filesystem import Volume
    from pulumi_tentacle.lab.octopus.state import Octopus

T = TypeVar("T")


class ForeignKey(Exception):
    """Data protected by another machine: "Key not valid for use in specified state" (NTE_BAD_KEY_STATE)."""

    hresult = -2146893813  # 0x8009000B


class RunningService(Protocol):
    """The process behind a running service."""

    def stop(self) -> None:
        """End it in good order; sockets are closed when this returns."""


@dataclass
class Service:
    """An entry of the service control manager. `start_mode` as Win32_Service says it: Auto, Manual, Disabled."""

    name: str
    display_name: str
    image_path: str
    start_mode: str = "Auto"
    account: str = "LocalSystem"
    description: str = ""
    dependencies: list[str] = field(default_factory=list)
    recovery_actions: str = ""
    state: str = "Stopped"
    exit_code: int = 0
    process_id: int = 0
    process: RunningService | None = None
    deleting: bool = False  # marked for deletion: it goes when it stops
    logon_fails: bool = False  # its account was given with a wrong password, or may not log on as a service


@dataclass
class Process:
    """A running process; `started` by the node's clock."""

    id: int
    name: str
    command_line: str
    started: datetime


@dataclass
class FirewallRule:
    """A rule of Windows Defender Firewall. `name` is the key; `display_name` is free and not unique."""

    name: str
    display_name: str
    direction: str = "Inbound"
    action: str = "Allow"
    protocol: str = "TCP"
    local_port: list[str] = field(default_factory=lambda: ["Any"])
    remote_address: list[str] = field(default_factory=lambda: ["Any"])
    profile: str = "Any"
    enabled: bool = True
    description: str = ""


@dataclass
class Product:
    """An installed MSI product, as its Uninstall key shows it."""

    code: str
    name: str
    version: str
    location: str


@dataclass
class Partition:
    """A partition of a LUN; `volume` is None until formatted. `letter` travels with a cluster disk.

    `type` is Basic for data, or Reserved for the small one that Windows makes first on every GPT disk.
    """

    number: int
    size: int
    letter: str | None = None
    volume: Volume | None = None
    guid: str = ""
    type: str = "Basic"


@dataclass
class Lun:
    """A disk of the storage array. `seen_by` maps a node's name to the disk number it has there."""

    serial_number: str
    unique_id: str
    size: int
    seen_by: dict[str, int] = field(default_factory=dict)
    style: str = "RAW"
    guid: str = ""
    partitions: list[Partition] = field(default_factory=list)
    online_on: set[str] = field(default_factory=set)
    read_only: bool = False
    clustered: bool = False
    friendly_name: str = "LAB Virtual Disk"
    unique_ids: dict[str, str] = field(default_factory=dict)  # per node, where they differ (user report U26)

    def unique_id_on(self, node: str) -> str:
        return self.unique_ids.get(node, self.unique_id)


@dataclass
class User:
    """An account. Domain accounts are `DOMAIN\\name` everywhere; a local one exists on each node."""

    name: str
    password: str
    local: bool = False


@dataclass
class Logon:
    """How a WinRM client got in. `delegated`: its credentials can go on to a second machine (CredSSP).

    `profile`: whether Windows loaded the user's profile; some of Tentacle's key operations need it (tentacle.md §8).
    """

    user: str
    delegated: bool = False
    profile: bool = True


@dataclass
class Installer:
    """A Tentacle MSI that the lab offers; `data` is its (fake) content."""

    version: str
    file_name: str
    data: bytes


@dataclass(frozen=True)
class MsiFault:
    """How the next run of msiexec on a node ends: 1603, 1618 … fail, 3010 and 1641 succeed and want a reboot.

    `pending`: the files are in use, and their new versions come with the next boot.
    """

    exit_code: int
    pending: bool = False


@dataclass
class Tripwire:
    """Something that must never happen and did."""

    what: str
    where: str
    detail: str


class Node:
    """One Windows server. Everything on it is plain state; behaviour lives in cmdlets and programs."""

    def __init__(self, estate: Estate, name: str, address: str) -> None:
        # Imported here: the package lab.node registers its cmdlets, and those are written against this module.
        from pulumi_tentacle.lab.node.filesystem import FileSystem, Volume
        from pulumi_tentacle.lab.node.registry import Registry
        from pulumi_tentacle.lab.node.windows import furnish

        self.estate = estate
        self.name = name
        self.address = address
        self.up = True
        self.booted = estate.clock.now()
        self.drives: dict[str, Volume] = {"C": Volume(label="Windows")}
        self.files = FileSystem(self._volumes, estate.clock.now)
        self.registry = Registry()
        self.services: dict[str, Service] = {}  # by lower-case name
        self.processes: dict[int, Process] = {}
        self.firewall: dict[str, FirewallRule] = {}  # by lower-case name
        self.products: list[Product] = []
        self.msi_faults: list[MsiFault] = []  # for the next runs of msiexec, in order
        self.pending_files: dict[str, bytes | None] = {}  # what the next boot puts in place, or (None) deletes
        self.scheduled_tasks: list[str] = []
        self.commands: list[list[str]] = []  # every program run: path and arguments, as `lab world` shows them
        self.cmdlets: list[str] = []  # every cmdlet and script run, by name
        self.listening: set[tuple[str, int]] = set()  # sockets of listeners now open
        self.socket_owners: dict[tuple[str, int], int] = {}  # process ids; needed where several services listen
        self.failed_logons = 0
        self.cluster_addresses: set[str] = set()  # addresses of cluster IP resources online here
        self.address_watchers: list[Callable[[], None]] = []
        self.unknown: dict[str, int] = {}  # what the lab does not know and was asked for -> how often
        self._machine_key = Fernet(Fernet.generate_key())
        self._next_process = 1000 + 4 * secrets.randbelow(500)
        furnish(self)

    @property
    def fqdn(self) -> str:
        return f"{self.name.lower()}.{self.estate.domain}"

    @property
    def addresses(self) -> list[str]:
        """Every IPv4 address of the node now, its own first."""
        return [self.address, *sorted(self.cluster_addresses)]

    def environment(self) -> dict[str, str]:
        """The machine's environment variables, as a WinRM logon sees them."""
        return {
            "COMPUTERNAME": self.name,
            "ProgramData": r"C:\ProgramData",
            "ProgramFiles": r"C:\Program Files",
            "SystemRoot": r"C:\Windows",
            "SystemDrive": "C:",
            "TEMP": r"C:\Windows\Temp",
            "TMP": r"C:\Windows\Temp",
            "USERDOMAIN": self.estate.domain.split(".")[0].upper(),
        }

    def protect(self, data: bytes) -> bytes:
        """DPAPI with machine scope: any process of this node can undo it, no other node."""
        return self._machine_key.encrypt(data)

    def unprotect(self, blob: bytes) -> bytes:
        """Raises ForeignKey for data that another node (or nobody) protected."""
        try:
            return self._machine_key.decrypt(blob)
        except InvalidToken as error:
            raise ForeignKey("Key not valid for use in specified state.") from error

    def new_process(self, name: str, command_line: str) -> Process:
        self._next_process += 4
        process = Process(self._next_process, name, command_line, self.estate.clock.now())
        self.processes[process.id] = process
        return process

    def change_cluster_addresses(self, added: set[str], removed: set[str]) -> None:
        """An IP Address resource came online or went offline here; listeners on "any" follow."""
        self.cluster_addresses = (self.cluster_addresses | added) - removed
        for watcher in list(self.address_watchers):
            watcher()

    def _volumes(self) -> dict[str, Volume]:
        seen = dict(self.drives)
        for lun in self.estate.luns:
            if self.name in lun.online_on:
                seen.update({p.letter: p.volume for p in lun.partitions if p.letter and p.volume})
        return seen


class Estate:
    """All that the lab simulates: nodes, shared disks, the cluster, the directory, Octopus."""

    def __init__(self, domain: str = "lab.test") -> None:
        self.domain = domain
        self.clock = Clock()
        self.lock = threading.RLock()
        self.nodes: dict[str, Node] = {}  # by upper-case name
        self.luns: list[Lun] = []
        self.cluster: Cluster | None = None
        self.octopus: Octopus | None = None
        self.users: list[User] = []
        self.installers: list[Installer] = []
        self.secrets: set[str] = set()  # secrets that must not turn up in a command line (tests and `lab start` add)
        self.tripwires: list[Tripwire] = []
        self.restart: Callable[[Node], None] | None = None  # set by a running lab, which has endpoints to close

    def add_node(self, name: str, address: str) -> Node:
        node = Node(self, name, address)
        self.nodes[name.upper()] = node
        return node

    def without_lock(self, work: Callable[[], T]) -> T:
        """Let `work` run in a thread of its own, and let go of the lock until it is done, however deep it is held.

        For what waits for a network: the other end may need the lock to answer. What `work` raises goes through.
        """
        turn = threading.Condition(self.lock)

        def wake(_: Future[T]) -> None:
            with turn:
                turn.notify_all()

        worker = ThreadPoolExecutor(1, thread_name_prefix="without-lock")
        with turn:
            outcome = worker.submit(work)
            outcome.add_done_callback(wake)
            turn.wait_for(outcome.done)
        worker.shutdown(wait=False)  # the thread may still be waiting for the lock, to wake us
        return outcome.result()

    def trip(self, what: str, where: str, detail: str) -> None:
        """Record something that must never happen. `what` is one of a few fixed names, `where` a node."""
        self.tripwires.append(Tripwire(what, where, detail))
