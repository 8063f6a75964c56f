from __future__ import annotations

from collections.abc import Iterator

import pytest

import pulumi_tentacle.lab.node  # noqa: F401 - registers what a node can do
from pulumi_tentacle.lab.node.program import SERVICE_MAINS
from pulumi_tentacle.lab.world import Estate, Lun, Node, User
from tests.lab.node.helpers import register_daemon


@pytest.fixture
def estate() -> Estate:
    """Two servers that see one raw LUN, under different numbers."""
    estate = Estate()
    estate.add_node("NODE1", "127.0.0.1")
    estate.add_node("NODE2", "127.0.0.2")
    estate.luns.append(Lun("LUN-0001", "6002248A0001", 20 * 2**30, seen_by={"NODE1": 1, "NODE2": 2}))
    estate.users = [User("LAB\\Administrator", "secret-of-admin"), User("labadmin", "secret-of-local", local=True)]
    return estate


@pytest.fixture
def node(estate: Estate) -> Node:
    return estate.nodes["NODE1"]


@pytest.fixture
def other(estate: Estate) -> Node:
    return estate.nodes["NODE2"]


@pytest.fixture
def lun(estate: Estate) -> Lun:
    return estate.luns[0]


@pytest.fixture
def daemons() -> Iterator[None]:
    """Services of daemon.exe can start."""
    register_daemon()
    yield
    del SERVICE_MAINS["daemon.exe"]
