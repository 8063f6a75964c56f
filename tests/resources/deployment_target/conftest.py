from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_tentacle.lab.octopus.certificate import ServerCertificate, make_certificate
from pulumi_tentacle.lab.octopus.server import OctopusServer
from pulumi_tentacle.lab.octopus.state import Octopus
from pulumi_tentacle.lab.tentacle import certificates
from pulumi_tentacle.lab.tentacle.certificates import Identity
from pulumi_tentacle.lab.world import Estate
from tests.resources.deployment_target.support import Site


@pytest.fixture(scope="session")
def server_certificate() -> ServerCertificate:
    return make_certificate()


@pytest.fixture(scope="session")
def identity() -> Identity:
    """The certificate of the Tentacle."""
    return certificates.make()


@pytest.fixture(scope="session")
def other_identity() -> Identity:
    return certificates.make()


@pytest.fixture(scope="session")
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


@pytest.fixture
def site(server_certificate: ServerCertificate, identity: Identity, background: ThreadPoolExecutor) -> Iterator[Site]:
    """An Octopus Server with two spaces, and no target."""
    estate = Estate()
    octopus = estate.octopus = Octopus(server_certificate)
    octopus.add_space("Default")
    other = octopus.add_space("Payment Systems")
    octopus.add_account("admin")
    for name in ("Production", "Test EU"):
        octopus.add_environment(name)
    octopus.add_environment("Live", other)
    octopus.add_tag_set("Ring", ["Early", "Late"])
    octopus.add_tag_set("Default Target Tags", ["web"], scopes=["Target"])
    octopus.add_tenant("Acme", ["Ring/Early"])
    octopus.add_policy("Strict")
    octopus.add_proxy("Gate", "gate.lab.test", 3128)
    server = OctopusServer(estate, octopus, "127.0.0.1")
    site = Site(octopus, server, identity)
    yield site
    site.close()
    background.submit(server.close)  # it takes a moment, which the next test need not wait for
