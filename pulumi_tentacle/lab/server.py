"""The lab as a whole: an estate with everything that answers on the network."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import secrets
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import pulumi_tentacle.lab.node
import pulumi_tentacle.lab.tentacle  # noqa: F401
from pulumi_tentacle.lab.building import build
from pulumi_tentacle.lab.cluster import membership
from pulumi_tentacle.lab.cluster.formation import form_cluster
from pulumi_tentacle.lab.control import PORT as CONTROL_PORT
from pulumi_tentacle.lab.control import ControlServer
from pulumi_tentacle.lab.http import AddressTaken, listen
from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.octopus.server import OctopusServer
from pulumi_tentacle.lab.topology import Topology, read_topology
from pulumi_tentacle.lab.wire.server import NodeServer, serve_node
from pulumi_tentacle.lab.wire.tls import Authority
from pulumi_tentacle.lab.world import Node

HTTP_PORT, HTTPS_PORT = 5985, 5986


class Lab:
    """A running lab. `with Lab(topology, state=folder) as lab:` starts it and stops it.

    `stop_requested` is set by `lab stop`; whoever runs the lab waits for it.
    """

    def __init__(self, topology: Topology | None = None, *, state: Path) -> None:
        """`state`: the folder for certificates and installers; made if needed."""
        self.topology = topology or read_topology()
        self.state = state
        self.estate = build(self.topology)
        self.stop_requested = threading.Event()
        self.octopus_server: OctopusServer | None = None
        self._authority: Authority | None = None
        self._node_servers: dict[str, NodeServer] = {}
        self._control: ControlServer | None = None
        self._restarts: list[threading.Thread] = []

    def __enter__(self) -> Lab:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open every address of the topology.

        Raises:
            AddressTaken: another lab (or program) uses the network; nothing is left open.
        """
        self.state.mkdir(parents=True, exist_ok=True)
        self._authority = Authority(self.state / "tls")
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            self._control = ControlServer(self, self.topology.services_address)
            for node in self.estate.nodes.values():
                self._serve(node)
            self._form_cluster()
            self._serve_octopus()
            self._write_installers()
            undo.pop_all()
        self.estate.restart = self._restart_soon

    def stop(self) -> None:
        """Close every address; running Tentacles end."""
        for thread in self._restarts:
            thread.join()
        for server in self._node_servers.values():
            server.close()
        self._node_servers.clear()
        if self.octopus_server:
            self.octopus_server.close()
            self.octopus_server = None
        with self.estate.lock:
            for node in self.estate.nodes.values():
                _end_processes(node)
        if self._control:
            self._control.close()
            self._control = None

    def document(self) -> dict[str, Any]:
        """What `lab start` prints (resources.md): every address, account, disk and installer."""
        assert self._authority is not None
        assert self._control is not None
        octopus = self.estate.octopus
        return {
            "nodes": [
                {"name": n.name, "fqdn": n.fqdn, "address": n.address, "http": HTTP_PORT, "https": HTTPS_PORT}
                for n in self.estate.nodes.values()
            ],
            "users": [{"name": u.name, "password": u.password, "local": u.local} for u in self.estate.users],
            "ca": str(self._authority.ca_file.resolve()),
            "disks": [
                {"uniqueId": lun.unique_id, "serialNumber": lun.serial_number, "size": lun.size}
                for lun in self.estate.luns
            ],
            "installers": [
                {
                    "version": installer.version,
                    "url": self._control.download_url(installer.file_name),
                    "file": str((self.state / "installers" / installer.file_name).resolve()),
                    "sha256": hashlib.sha256(installer.data).hexdigest(),
                }
                for installer in self.estate.installers
            ],
            "octopus": {"url": self.octopus_server.url, "apiKey": next(iter(octopus.api_keys))}
            if octopus and self.octopus_server
            else None,
            "roleAddress": self.topology.free_role_address,
            "control": self._control.url,
        }

    def node_server(self, node: Node) -> NodeServer:
        """The WinRM service of a node that is up."""
        return self._node_servers[node.name]

    def power_off(self, node: Node) -> None:
        """The node is gone from the network; the cluster takes its roles elsewhere."""
        server = self._node_servers.pop(node.name, None)
        if server:
            server.close()
        with self.estate.lock:
            if self.estate.cluster and self.estate.cluster.find_node(node.name):
                membership.node_down(self.estate.cluster, node.name)
            services.shutdown(node)

    def power_on(self, node: Node) -> None:
        """The node boots: disks and Automatic services, its place in the cluster, then WinRM."""
        if node.up:
            return
        with self.estate.lock:
            services.boot(node)
            if self.estate.cluster and self.estate.cluster.find_node(node.name):
                membership.node_up(self.estate.cluster, node.name)
        self._serve(node)

    def _restart_soon(self, node: Node) -> None:
        """A program on the node asked for it, and its answer is still to go out by the server that is closed here."""

        def restart() -> None:
            self.power_off(node)
            self.power_on(node)

        thread = threading.Thread(target=restart, name=f"{node.name} restarts", daemon=True)
        self._restarts.append(thread)
        thread.start()

    def _serve(self, node: Node) -> None:
        assert self._authority is not None
        try:
            self._node_servers[node.name] = serve_node(
                node,
                self._authority,
                transports=self.topology.transports,
                http_port=HTTP_PORT,
                https_port=HTTPS_PORT,
            )
        except OSError as error:
            raise AddressTaken(f"cannot listen at {node.address}: {error.strerror}") from None

    def _form_cluster(self) -> None:
        wanted = self.topology.cluster
        if wanted:
            assert wanted.address is not None
            form_cluster(
                self.estate, wanted.name.upper(), wanted.address, list(self.estate.nodes), network=self.topology.network
            )

    def _serve_octopus(self) -> None:
        wanted = self.topology.octopus
        if wanted and self.estate.octopus:
            assert wanted.address is not None
            self.octopus_server = OctopusServer(self.estate, self.estate.octopus, wanted.address, wanted.port)

    def _write_installers(self) -> None:
        folder = self.state / "installers"
        folder.mkdir(exist_ok=True)
        for installer in self.estate.installers:
            (folder / installer.file_name).write_bytes(installer.data)


def _end_processes(node: Node) -> None:
    """End what listens, without a word to the cluster: it would carry its roles to the next node."""
    for service in list(node.services.values()):
        if service.process is not None and service.name != membership.CLUSTER_SERVICE:
            services.stop(node, service.name, by_cluster=True)


def free_network() -> str:
    """A network for a lab of one's own, used by no other lab of this machine just now.

    Picked at random out of many, so that test processes that ask at the same time do not meet; should they, the
    second lab's start fails with AddressTaken and changes nothing.
    """
    while True:
        # Not `random`: test runners seed it alike in every process.
        candidate = f"127.{11 + secrets.randbelow(240)}.{secrets.randbelow(256)}.0/24"
        try:
            listen(str(ipaddress.IPv4Network(candidate)[1]), CONTROL_PORT).close()
        except AddressTaken:
            continue
        return candidate
