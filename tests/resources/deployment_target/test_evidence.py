"""Errors that say which side is at fault: what the nodes themselves say goes into them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from pulumi_tentacle.errors import Conflict, HalfMade, Unreachable
from pulumi_tentacle.lab.tentacle.certificates import Identity
from pulumi_tentacle.resources.deployment_target.evidence import Presented, mismatch_text, presented
from pulumi_tentacle.tentacle.configuration import TRUST, Configuration, serialise
from tests.resources.deployment_target.support import Site

EXPECTED, MET, THIRD = "AA" * 20, "BB" * 20, "CC" * 20
CONFIG = r"C:\Octopus\Tentacle.config"
INSTANCE = {
    "nodes": ["NODE1", "NODE2"],
    "instanceName": "Tentacle",
    "serviceName": "OctopusDeploy Tentacle",
    "configPath": CONFIG,
    "exclusiveTrust": False,
}


class FakeNodes:
    """Nodes that answer the two constant scripts by which evidence is collected.

    For each node: the thumbprints that its configuration trusts, and what its own listener presents. None for a node
    that cannot be reached.
    """

    def __init__(self, nodes: Mapping[str, tuple[list[str], str] | None]) -> None:
        self._nodes = nodes

    def node(self, address: str) -> FakeNode:
        return FakeNode(address, self._nodes[address])


class FakeNode:
    def __init__(self, name: str, answers: tuple[list[str], str] | None) -> None:
        self._name = name
        self._answers = answers

    def script(self, script: object, **parameters: Any) -> list[dict[str, Any]]:
        if self._answers is None:
            raise Unreachable(f"{self._name} does not answer")
        trusts, listener = self._answers
        if "Address" in parameters:
            return [{"Connected": bool(listener), "Thumbprint": listener.lower(), "Page": True, "Detail": ""}]
        assert parameters["Path"] == [CONFIG]
        servers = [{"Thumbprint": t, "CommunicationStyle": 1} for t in trusts]
        content = serialise(Configuration({TRUST: json.dumps(servers)}))
        return [{"Path": CONFIG, "Content": content, "Modified": "2026-01-01T00:00:00.0000000Z"}]


@pytest.mark.parametrize(
    ("nodes", "from_here", "words", "without"),
    [
        (
            {"N1": EXPECTED, "N2": ""},
            None,
            ["The listener on N1 itself", "terminated by something else", "TCP"],
            ["N2"],
        ),
        ({"N1": EXPECTED, "N2": MET}, None, ["The listener on N2 itself presents that"], ["something else"]),
        ({"N1": THIRD}, None, ["Either the address leads to another Tentacle"], ["N1"]),
        ({}, Presented(EXPECTED, None), ["that runs Pulumi meets the expected", "something else"], []),
        ({}, Presented(MET, "CN=Proxy CA"), ["issued by 'CN=Proxy CA'", "something else"], ["Either"]),
        ({}, Presented(MET, None), ["Either", "check `host`"], []),
        ({}, Presented(THIRD, "CN=Proxy CA"), ["Either"], ["Proxy CA"]),
        ({}, None, ["Either"], []),
    ],
)
def test_u55_a_middle_box_is_told_apart_from_a_wrong_node(
    nodes: dict[str, str], from_here: Presented | None, words: list[str], without: list[str]
) -> None:
    text = mismatch_text("https://web:10933/", EXPECTED, MET, nodes, from_here)
    assert [w for w in (EXPECTED, MET, "https://web:10933/", "Nothing was registered", *words) if w not in text] == []
    assert [w for w in without if w in text] == []


def test_u55_the_nodes_are_asked(site: Site, other_identity: Identity) -> None:
    """NODE1 presents the right certificate on itself, NODE2 cannot be asked: something stands in front."""
    port = site.listen(identity=other_identity)
    site.nodes = FakeNodes({"NODE1": ([], site.identity.thumbprint), "NODE2": None})
    with pytest.raises(Conflict, match="NODE1 itself presents the expected certificate"):
        site.create(site.inputs(port, instance=INSTANCE, expectedThumbprint=site.identity.thumbprint))
    assert site.octopus.machines == []


def test_what_this_machine_meets(site: Site) -> None:
    port = site.listen()
    assert presented("127.0.0.1", port) == Presented(site.identity.thumbprint, None)
    site.listeners.pop().close()
    assert presented("127.0.0.1", port) is None


def test_u07_a_node_that_does_not_trust_is_named_with_both_thumbprints(site: Site) -> None:
    server = site.octopus.certificate.thumbprint
    site.nodes = FakeNodes({"NODE1": ([server.lower()], ""), "NODE2": ([THIRD], "")})
    with pytest.raises(HalfMade) as raised:
        site.create(site.inputs(site.listen(trusting=False), instance=INSTANCE))
    (about,) = [r for r in raised.value.reasons if "NODE2" in r]
    assert "TrustedServer" in about
    assert server in about
    assert THIRD in about
    assert not any("NODE1" in r for r in raised.value.reasons)


def test_u07_nodes_that_cannot_be_asked_do_not_hide_the_error(site: Site) -> None:
    site.nodes = FakeNodes({"NODE1": None, "NODE2": None})
    with pytest.raises(HalfMade, match="cannot connect"):
        site.create(site.inputs(site.listen(trusting=False), instance=INSTANCE))
