"""A lab and a configured plugin, for life cycles of resources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulumi_tentacle.lab.report import world
from pulumi_tentacle.lab.server import Lab, free_network
from pulumi_tentacle.lab.topology import read_topology
from tests.plugin.server import Provider, running_provider


@dataclass
class Bench:
    """The lab and the plugin side by side."""

    lab: Lab
    provider: Provider

    @property
    def nodes(self) -> list[str]:
        return [n["address"] for n in self.lab.document()["nodes"]]

    @property
    def installer(self) -> dict[str, str]:
        found = self.lab.document()["installers"][-1]
        return {key: found[key] for key in ("url", "version", "sha256")}

    def world(self) -> dict[str, Any]:
        return world(self.lab.estate)

    def configuration(self) -> dict[str, Any]:
        document = self.lab.document()
        admin = next(u for u in document["users"] if not u["local"])
        return {
            "winrmUsername": admin["name"],
            "winrmPassword": admin["password"],
            "winrmCaCertificate": document["ca"],
            "octopusUrl": document["octopus"]["url"],
            "octopusApiKey": document["octopus"]["apiKey"],
        }

    def make(self, kind: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Check and Create: (id, checked inputs, outputs)."""
        checked, failures = self.provider.check(kind, inputs)
        assert failures == {}
        id, outputs = self.provider.create(kind, checked)
        return id, checked, outputs


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Lab(read_topology(network=free_network()), state=tmp_path / "lab") as lab, running_provider() as provider:
        made = Bench(lab, provider)
        provider.configure(**made.configuration())
        yield made
