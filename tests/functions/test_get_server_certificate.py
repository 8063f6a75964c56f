"""getServerCertificate, as the plugin calls it."""

from __future__ import annotations

import httpx
import pytest

from pulumi_tentacle.errors import InvalidInput, LogonRefused
from pulumi_tentacle.functions.get_server_certificate import GetServerCertificate
from pulumi_tentacle.plugin import operations, table
from tests.octopus.support import VirtualWaiter, client, routes
from tests.resources.deployment_target.support import run_of

KNOWN = {"Id": "certificate-global", "Name": "Octopus Portal", "Thumbprint": "ab" * 20}


def test_it_answers_thumbprint_and_name() -> None:
    octopus = client(routes(api__configuration__certificates__certificate_global=KNOWN), VirtualWaiter())
    answer = operations.call(GetServerCertificate(), run_of(octopus), {})
    assert answer == {"thumbprint": "AB" * 20, "name": "Octopus Portal"}


def test_it_takes_no_argument() -> None:
    octopus = client(routes(), VirtualWaiter())
    with pytest.raises(InvalidInput, match="url"):
        operations.call(GetServerCertificate(), run_of(octopus), {"url": "https://x"})


def test_a_refused_key_is_told() -> None:
    refused = httpx.Response(401, json={"ErrorMessage": "no"})
    with pytest.raises(LogonRefused, match="certificate that it presents to Tentacles"):
        operations.call(GetServerCertificate(), run_of(client(lambda request: refused, VirtualWaiter())), {})


def test_the_plugin_knows_it() -> None:
    assert isinstance(table.function("tentacle:index:getServerCertificate"), GetServerCertificate)
