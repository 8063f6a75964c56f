"""What the service does from its start to its end (tentacle.md §5, §7; golden/README.md)."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable

import pytest

from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.filesystem import Volume
from pulumi_tentacle.lab.node.program import ServiceStartFailed
from pulumi_tentacle.lab.tentacle import certificates
from pulumi_tentacle.lab.tentacle.agent import FALLBACK_LOGS
from pulumi_tentacle.lab.tentacle.certificates import Identity
from pulumi_tentacle.lab.tentacle.settings import THUMBPRINT, TRUSTED_SERVERS
from pulumi_tentacle.lab.world import Estate
from tests.lab.tentacle import tls_client
from tests.lab.tentacle.tentacle_node import CONFIGURATION, SERVICE, Installed, own_address

PORT = 10933
GREETING = b"MX\r\n\r\nMX-CLIENT 1.0\r\n\r\n"
TRUST = '[{"Thumbprint":"%s","CommunicationStyle":0,"Address":null,"Squid":null,"SubscriptionId":null}]'


@pytest.fixture(scope="session")
def identity() -> Identity:
    return certificates.make()


@pytest.fixture(scope="session")
def server() -> Identity:
    return certificates.make()


def with_certificate(installed: Installed, identity: Identity) -> Installed:
    text = base64.b64encode(identity.pfx()).decode()
    installed.do("import-certificate", "--instance", "Tentacle", "--from-base64", text)
    return installed


def wait_for_end(installed: Installed) -> None:
    agent = installed.start()
    assert installed.service.state in ("Running", "Stopped")  # Running when started, Stopped a moment later
    assert agent.ended.wait(tls_client.TIMEOUT)
    assert (installed.service.state, installed.service.exit_code) == ("Stopped", 1067)
    assert installed.node.listening == set()
    assert installed.node.address_watchers == []


def test_a_started_service_listens_with_the_imported_certificate(installed: Installed, identity: Identity) -> None:
    with_certificate(installed.configured(), identity).start()
    assert installed.service.state == "Running"
    assert installed.node.listening == {(installed.node.address, PORT)}
    with tls_client.connect(installed.node.address) as stream:
        assert tls_client.thumbprint(stream) == identity.thumbprint
    installed.stop()
    assert installed.node.listening == set()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((installed.node.address, PORT), tls_client.TIMEOUT)


def test_without_a_certificate_it_makes_one_and_saves_it(installed: Installed) -> None:
    installed.configured().start()
    made = installed.settings()[THUMBPRINT]
    with tls_client.connect(installed.node.address) as stream:
        assert tls_client.thumbprint(stream) == made
    assert f"as none were yet available. Thumbprint:\r\n{made}" in installed.log()
    installed.stop()
    installed.start()
    assert installed.settings()[THUMBPRINT] == made


def test_a_change_shows_after_the_next_start_only(installed: Installed, identity: Identity, server: Identity) -> None:
    with_certificate(installed.configured(), identity).start()
    address = installed.node.address
    installed.do("configure", "--instance", "Tentacle", "--trust", server.thumbprint, "--port", "10940")
    assert tls_client.ask(address, GREETING, identity=server) == b""
    installed.stop()
    installed.start()
    assert installed.node.listening == {(address, 10940)}
    with tls_client.connect(address, 10940, server) as stream:
        stream.sendall(GREETING)
        assert stream.recv(100) == b"MX-SERVER 1.0\r\n\r\n"


def test_an_entry_without_a_style_is_mended_when_it_listens(installed: Installed, identity: Identity) -> None:
    with_certificate(installed.configured(), identity)
    settings = installed.node.files.read(CONFIGURATION).decode("utf-8-sig")
    entry = f'<set key="{TRUSTED_SERVERS}">{TRUST % "AA"}</set><set key="Own">kept</set>'
    installed.node.files.write(
        CONFIGURATION, settings.replace("</octopus-settings>", entry + "</octopus-settings>").encode()
    )
    before = installed.node.files.file(CONFIGURATION).modified
    installed.start()
    assert installed.settings()[TRUSTED_SERVERS] == (TRUST % "AA").replace(
        '"CommunicationStyle":0', '"CommunicationStyle":1'
    )
    assert installed.settings()["Own"] == "kept"
    assert installed.node.files.file(CONFIGURATION).modified > before
    assert "Fixed communication style for: AA" in installed.log()


@pytest.mark.parametrize("no_listen", ["true", "false"])
def test_what_is_right_is_not_written_again(installed: Installed, identity: Identity, no_listen: str) -> None:
    with_certificate(installed.configured("--trust", "AA", "--noListen", no_listen), identity)
    before = installed.node.files.file(CONFIGURATION).modified
    installed.start()
    assert installed.node.files.file(CONFIGURATION).modified == before


def test_no_listen_runs_and_listens_nowhere(installed: Installed, identity: Identity) -> None:
    with_certificate(installed.configured("--noListen", "true"), identity).start()
    assert (installed.service.state, installed.node.listening) == ("Running", set())
    assert "Agent will not listen on any TCP ports" in installed.log()
    installed.stop()
    assert installed.service.state == "Stopped"


def test_any_address_follows_the_cluster(installed: Installed, identity: Identity) -> None:
    with_certificate(installed.configured(), identity).start()
    node, role = installed.node, own_address()
    with node.estate.lock:
        node.change_cluster_addresses({role}, set())
    assert node.listening == {(node.address, PORT), (role, PORT)}
    assert b"Octopus Tentacle" in tls_client.ask(role, b"HELLO\r\n\r\n")
    with node.estate.lock:
        node.change_cluster_addresses(set(), {role})
    assert node.listening == {(node.address, PORT)}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((role, PORT), tls_client.TIMEOUT)


def test_one_address_only(installed: Installed, identity: Identity) -> None:
    role = own_address()
    installed.node.change_cluster_addresses({role}, set())
    with_certificate(installed.configured("--listenIpAddress", role), identity).start()
    assert installed.node.listening == {(role, PORT)}


@pytest.mark.parametrize(
    "settings",
    [["--listenIpAddress", "10.0.0.5"], ["--listenIpAddress", "::1"], ["--port", "65536"], ["--port", "-1"]],
    ids=" ".join,
)
def test_what_it_cannot_listen_on_ends_the_running_service(
    installed: Installed, identity: Identity, settings: list[str]
) -> None:
    wait_for_end(with_certificate(installed.configured(*settings), identity))


def test_a_taken_port_ends_the_running_service(installed: Installed, identity: Identity) -> None:
    with_certificate(installed.configured(), identity)
    with socket.create_server((installed.node.address, PORT)):
        wait_for_end(installed)
    assert "A required communications port is already in use." in installed.log()
    installed.start()  # mended: the port is free again
    assert installed.service.state == "Running"


def test_the_key_of_another_machine_ends_the_running_service(
    make_node: Callable[..., Installed], identity: Identity
) -> None:
    estate = Estate()
    one, other = make_node("NODE1", estate), make_node("NODE2", estate)
    with_certificate(one.configured(), identity)
    other.configured()
    other.node.files.write(CONFIGURATION, one.node.files.read(CONFIGURATION))
    printed = other.do("service", "--instance", "Tentacle", "--start")  # sees it Running, and is content
    assert printed.endswith("Service started\r\n")
    with estate.lock:
        assert other.service.state in ("Running", "Stopped")
    assert "Unable to parse configuration key 'Tentacle.Certificate'" in other.log()


def test_the_service_ends_with_1067_after_that(make_node: Callable[..., Installed], identity: Identity) -> None:
    estate = Estate()
    one, other = make_node("NODE1", estate), make_node("NODE2", estate)
    with_certificate(one.configured(), identity)
    other.configured()
    other.node.files.write(CONFIGURATION, one.node.files.read(CONFIGURATION))
    wait_for_end(other)


def test_a_certificate_without_its_key_ends_the_running_service(installed: Installed, identity: Identity) -> None:
    wait_for_end(with_certificate(installed.configured(), Identity(identity.certificate, None)))


def test_home_on_an_absent_drive_fails_the_start(installed: Installed, identity: Identity) -> None:
    with_certificate(installed.configured(), identity)
    installed.node.drives["E"] = Volume()
    installed.do("configure", "--instance", "Tentacle", "--home", r"E:\Octopus\Home")
    del installed.node.drives["E"]
    with pytest.raises(ServiceStartFailed) as failure:
        installed.start()
    assert failure.value.code == 1053
    assert (installed.service.state, installed.service.exit_code) == ("Stopped", 1053)
    assert r"Could not find a part of the path 'E:\Octopus\Home\Logs'." in installed.log(FALLBACK_LOGS)
    installed.node.drives["E"] = Volume()
    installed.start()
    assert installed.service.state == "Running"
    assert installed.node.files.is_file(r"E:\Octopus\Home\Logs\OctopusTentacle.txt")


@pytest.mark.parametrize("spoil", ["index", "configuration"])
def test_an_instance_that_is_gone_fails_the_start(installed: Installed, identity: Identity, spoil: str) -> None:
    with_certificate(installed.configured(), identity)
    if spoil == "index":
        installed.do("delete-instance", "--instance", "Tentacle")
    else:
        installed.node.files.delete(CONFIGURATION)
    with pytest.raises(ServiceStartFailed) as failure:
        installed.start()
    assert failure.value.code == 1053


def test_a_running_service_outlives_its_instance(installed: Installed, identity: Identity) -> None:
    with_certificate(installed.configured(), identity).start()
    installed.do("delete-instance", "--instance", "Tentacle")
    assert b"Octopus Tentacle" in tls_client.ask(installed.node.address, b"HELLO\r\n\r\n")


def test_polling_servers_are_counted_as_not_known(installed: Installed, identity: Identity) -> None:
    with_certificate(installed.configured("--noListen", "true"), identity)
    settings = installed.node.files.read(CONFIGURATION).decode("utf-8-sig")
    entry = f'<set key="{TRUSTED_SERVERS}">{TRUST.replace(":0", ":2") % "AA"}</set>'
    installed.node.files.write(
        CONFIGURATION, settings.replace("</octopus-settings>", entry + "</octopus-settings>").encode()
    )
    installed.start()
    assert installed.node.unknown == {"polling Tentacles": 1}


def test_only_the_agent_is_a_service(installed: Installed) -> None:
    installed.configured()
    installed.service.image_path = installed.service.image_path.replace(" run ", " version ")
    with pytest.raises(ServiceStartFailed):
        installed.start()
    assert list(installed.node.unknown) == ["Tentacle.exe version as a service"]


def test_without_its_msi_it_is_no_service(installed: Installed) -> None:
    installed.configured()
    installed.node.products.clear()
    with pytest.raises(ServiceStartFailed):
        installed.start()
    assert list(installed.node.unknown) == ["Tentacle without its MSI"]


def test_a_start_trips_nothing_without_a_cluster(installed: Installed, identity: Identity) -> None:
    with_certificate(installed.configured(), identity).start()
    assert services.find(installed.node, SERVICE) is installed.service
    assert installed.node.estate.tripwires == []
