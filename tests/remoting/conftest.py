from __future__ import annotations

import threading
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from pulumi_tentacle.lab.node.program import PROGRAMS
from pulumi_tentacle.lab.powershell import engine as engine  # registers the generic cmdlets
from pulumi_tentacle.lab.powershell.cmdlet import CMDLETS, SCRIPTS
from pulumi_tentacle.lab.wire.tls import Authority
from pulumi_tentacle.lab.world import Estate, User
from pulumi_tentacle.lab.world import Node as LabNode
from pulumi_tentacle.remoting.node import Node, Nodes
from tests.remoting import cmdlets
from tests.remoting.inprocess import SETTINGS, Service5985


@pytest.fixture
def ran() -> Iterator[list[str]]:
    """Registers the test cmdlets and programs; what they note when they run."""
    noted: list[str] = []
    with patch.dict(CMDLETS), patch.dict(SCRIPTS), patch.dict(PROGRAMS):
        cmdlets.register(noted)
        yield noted


@pytest.fixture
def lab_node(ran: list[str]) -> LabNode:
    estate = Estate()
    estate.users = [User("LAB\\admin", "secret")]
    node = estate.add_node("NODE1", "127.0.0.1")
    node.files.make_folder(cmdlets.FOLDER)
    for name in cmdlets.PROGRAM_FILES:
        node.files.write(rf"{cmdlets.FOLDER}\{name}", b"MZ")
    return node


@pytest.fixture
def service(lab_node: LabNode) -> Iterator[Service5985]:
    running = Service5985(lab_node)
    yield running
    running.service.close()


@pytest.fixture
def cancelled() -> threading.Event:
    return threading.Event()


@pytest.fixture
def nodes(service: Service5985, cancelled: threading.Event) -> Iterator[Nodes]:
    made = Nodes(SETTINGS, cancelled, connect=service.connect)
    yield made
    made.close()


@pytest.fixture
def node(nodes: Nodes) -> Node:
    return nodes.node("NODE1")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))
