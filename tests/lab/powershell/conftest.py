from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_tentacle.lab.powershell import engine as engine  # registers the generic cmdlets
from pulumi_tentacle.lab.powershell.cmdlet import CMDLETS, SCRIPTS
from pulumi_tentacle.lab.world import Estate, Node
from tests.lab.powershell import things


@pytest.fixture
def registries() -> Iterator[None]:
    """CMDLETS and SCRIPTS are as they were when the test ends."""
    cmdlets, scripts = dict(CMDLETS), dict(SCRIPTS)
    yield
    CMDLETS.clear()
    CMDLETS.update(cmdlets)
    SCRIPTS.clear()
    SCRIPTS.update(scripts)


@pytest.fixture
def ran(registries: None) -> list[str]:
    """Registers the test cmdlets; what they note when they run."""
    noted: list[str] = []
    things.register(noted)
    return noted


@pytest.fixture
def node(ran: list[str]) -> Node:
    return Estate().add_node("NODE1", "127.0.0.1")
