"""A whole lab on a network of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_tentacle.lab.server import Lab, free_network
from pulumi_tentacle.lab.topology import read_topology


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab(read_topology(network=free_network()), state=tmp_path / "state") as lab:
        yield lab
