"""Which installation answers, its spaces, its certificate."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pulumi_tentacle.errors import NotFound, Unlooked
from pulumi_tentacle.octopus import server
from tests.octopus.support import VirtualWaiter, client, routes

SPACES = [
    {"Id": "Spaces-1", "Name": "Default", "Slug": "default", "IsDefault": True},
    {"Id": "Spaces-2", "Name": "Payment Systems", "Slug": "payment-systems", "IsDefault": False},
]


def test_the_installation() -> None:
    octopus = client(routes(api={"InstallationId": "abc", "Version": "2026.3.1"}), VirtualWaiter())
    assert server.installation(octopus) == server.Installation("abc", "2026.3.1")


@pytest.mark.parametrize("root", [{"Application": "Something"}, ["x"], "hello"])
def test_something_that_is_no_octopus_server(root: Any) -> None:
    with pytest.raises(Unlooked, match="no Octopus Server"):
        server.installation(client(routes(api=root), VirtualWaiter()))


@pytest.mark.parametrize(
    ("wanted", "configured", "id"),
    [
        (None, None, "Spaces-1"),
        (None, "payment systems", "Spaces-2"),
        ("Default", "Payment Systems", "Spaces-1"),
        ("payment-systems", None, "Spaces-2"),
        ("spaces-2", None, "Spaces-2"),
        (" Payment Systems ", None, "Spaces-2"),
    ],
)
def test_a_space_by_name_slug_or_id(wanted: str | None, configured: str | None, id: str) -> None:
    octopus = client(routes(api__spaces__all=SPACES), VirtualWaiter(), space=configured)
    assert server.space(octopus, wanted).id == id


def test_a_space_that_is_not_there_has_near_names() -> None:
    octopus = client(routes(api__spaces__all=SPACES), VirtualWaiter())
    with pytest.raises(NotFound, match=r"no space 'Payment System'\. Did you mean 'Payment Systems'\?"):
        server.space(octopus, "Payment System")


def test_no_default_space_names_the_setting() -> None:
    octopus = client(routes(api__spaces__all=SPACES[1:]), VirtualWaiter())
    with pytest.raises(NotFound, match="tentacle:space"):
        server.space(octopus, None)


def test_a_space_made_meanwhile_is_found() -> None:
    answers = [SPACES[:1], SPACES]
    octopus = client(lambda request: httpx.Response(200, json=answers.pop(0)), VirtualWaiter())
    assert server.space(octopus, None).id == "Spaces-1"
    assert server.space(octopus, "Payment Systems").id == "Spaces-2"


def test_the_certificate() -> None:
    known = {"Id": "certificate-global", "Name": "Octopus Portal", "Thumbprint": "ab" * 20}
    octopus = client(routes(api__configuration__certificates__certificate_global=known), VirtualWaiter())
    assert server.certificate(octopus) == server.ServerCertificate("Octopus Portal", "AB" * 20)
