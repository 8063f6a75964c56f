"""Fixtures of the tests that run the real Pulumi engine. What they need is built when it is not there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_tentacle.lab.server import Lab, free_network
from pulumi_tentacle.lab.topology import read_topology
from tests.engine.labs import configuration
from tests.engine.runner import PLUGIN_FOLDER, Engine, build, run

SECONDS_WITH_A_BUILD = 1200


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time that building the engine may take."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SECONDS_WITH_A_BUILD))


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine with its language hosts, and the toolchain with which the Go host builds programs."""
    return Engine((build("engine"), build("go")))


@pytest.fixture(scope="session")
def generator() -> Path:
    """The program that makes an SDK from the schema."""
    return Path(build("generator")) / "pulumi-tentacle-gen"


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Path:
    """A file with the schema of the provider under test."""
    folder = tmp_path_factory.mktemp("schema")
    file = folder / "schema.json"
    file.write_text(run([f"{PLUGIN_FOLDER}/pulumi-tentacle", "schema"], folder, engine.environment()).stdout)
    return file


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """The default estate on a network of its own."""
    with Lab(read_topology(network=free_network()), state=tmp_path / "lab") as running:
        yield running


@pytest.fixture
def listening_lab(lab: Lab) -> dict[str, str]:
    """A lab, as the configuration of a stack on it."""
    return configuration(lab)
