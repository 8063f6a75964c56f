from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pypsrp.wsman import WSMan
from winrm.protocol import Protocol

from pulumi_tentacle.lab.node.program import PROGRAMS
from pulumi_tentacle.lab.powershell import engine as engine  # registers the generic cmdlets
from pulumi_tentacle.lab.powershell.cmdlet import CMDLETS, SCRIPTS
from pulumi_tentacle.lab.wire.server import NodeServer, serve_node
from pulumi_tentacle.lab.wire.tls import Authority
from pulumi_tentacle.lab.world import Estate, Node, User
from tests.lab.powershell import things

ADMIN = User("LAB\\admin", 'p"ä:1')
LOCAL = User("Operator", "local pw", local=True)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def registries() -> Iterator[None]:
    """What the lab knows is as it was when the test ends."""
    cmdlets, scripts, programs = dict(CMDLETS), dict(SCRIPTS), dict(PROGRAMS)
    yield
    CMDLETS.clear()
    CMDLETS.update(cmdlets)
    SCRIPTS.clear()
    SCRIPTS.update(scripts)
    PROGRAMS.clear()
    PROGRAMS.update(programs)


@pytest.fixture
def ran(registries: None) -> list[str]:
    """Registers the test cmdlets; what they note when they run."""
    noted: list[str] = []
    things.register(noted)
    return noted


@pytest.fixture
def node() -> Node:
    estate = Estate()
    estate.users = [ADMIN, LOCAL]
    return estate.add_node("NODE1", "127.0.0.1")


@pytest.fixture
def server(node: Node, authority: Authority) -> Iterator[NodeServer]:
    running = serve_node(node, authority, http_port=0, https_port=0)
    yield running
    running.close()


@dataclass(frozen=True)
class Client:
    """Makes real clients of the server; https and the domain's administrator unless told otherwise."""

    server: NodeServer
    ca_file: str

    def wsman(self, *, user: User = ADMIN, ssl: bool = True, **options: Any) -> WSMan:
        port = self.server.https_port if ssl else self.server.http_port
        given: dict[str, Any] = {"auth": "negotiate", "username": user.name, "password": user.password, **options}
        given["cert_validation"] = self.ca_file  # pypsrp takes a file, though it declares a bool
        return WSMan(self.server.node.address, port=port, ssl=ssl, **given)

    def winrm(self, *, user: User = ADMIN, ssl: bool = True, **options: Any) -> Protocol:
        port = self.server.https_port if ssl else self.server.http_port
        url = f"{'https' if ssl else 'http'}://{self.server.node.address}:{port}/wsman"
        given = {"transport": "ntlm", "username": user.name, "password": user.password, **options}
        return Protocol(url, ca_trust_path=self.ca_file, proxy=None, **given)


@pytest.fixture
def client(server: NodeServer, authority: Authority) -> Client:
    return Client(server, str(authority.ca_file))
