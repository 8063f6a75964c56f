"""Nodes with Tentacle installed, each with a loopback address of its own; their listeners end with the test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pulumi_tentacle.lab.node.services import stop
from pulumi_tentacle.lab.tentacle.agent import Agent
from pulumi_tentacle.lab.world import Estate, Node
from tests.lab.tentacle.tentacle_node import VERSION, Installed, install


@pytest.fixture
def make_node(request: pytest.FixtureRequest) -> Callable[..., Installed]:
    def make(name: str = "NODE1", estate: Estate | None = None, version: str = VERSION) -> Installed:
        installed = install(name, estate, version)
        request.addfinalizer(lambda: _stop_all(installed.node))
        return installed

    return make


@pytest.fixture
def installed(make_node: Callable[..., Installed]) -> Installed:
    return make_node()


def _stop_all(node: Node) -> None:
    with node.estate.lock:
        for service in list(node.services.values()):
            if isinstance(service.process, Agent):
                stop(node, service.name)
