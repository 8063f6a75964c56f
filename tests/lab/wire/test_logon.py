"""Who gets in, how, and what a failed logon leaves behind."""

from __future__ import annotations

import base64
import http.client
import ssl
from typing import Any

import pytest
import spnego
from pypsrp.exceptions import AuthenticationError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
from spnego.channel_bindings import GssChannelBindings
from winrm.exceptions import InvalidCredentialsError

from pulumi_tentacle.lab.wire.accounts import find_account
from pulumi_tentacle.lab.wire.server import NodeServer, serve_node
from pulumi_tentacle.lab.wire.tls import Authority
from pulumi_tentacle.lab.world import Estate, Node, User
from tests.lab.wire.conftest import ADMIN, LOCAL, Client


def echo(wsman: WSMan) -> list[Any]:
    with wsman, RunspacePool(wsman) as pool:
        shell = PowerShell(pool)
        shell.add_cmdlet("Write-Output").add_parameter("InputObject", "hello")
        output: list[Any] = shell.invoke()
        return output


@pytest.mark.parametrize(
    ("auth", "tls", "user", "name"),
    [
        ("negotiate", True, ADMIN, "LAB\\admin"),
        ("ntlm", True, ADMIN, "lab.test\\ADMIN"),
        ("negotiate", False, ADMIN, "admin@lab.test"),
        ("ntlm", False, ADMIN, "admin"),
        ("negotiate", True, LOCAL, "NODE1\\operator"),
        ("negotiate", False, LOCAL, ".\\Operator"),
        ("basic", True, LOCAL, "Operator"),
    ],
)
def test_every_transport_and_spelling(client: Client, auth: str, tls: bool, user: User, name: str) -> None:
    assert echo(client.wsman(user=user, ssl=tls, auth=auth, username=name)) == ["hello"]
    assert client.server.node.failed_logons == 0


@pytest.mark.parametrize(("auth", "tls"), [("negotiate", True), ("ntlm", False), ("negotiate", False), ("basic", True)])
def test_a_wrong_password_is_one_failed_logon(client: Client, auth: str, tls: bool) -> None:
    with pytest.raises(AuthenticationError):
        echo(client.wsman(user=LOCAL, ssl=tls, auth=auth, password="wrong"))
    assert client.server.node.failed_logons == 1


def test_a_wrong_password_of_pywinrm_is_one_failed_logon(client: Client) -> None:
    with pytest.raises(InvalidCredentialsError):
        client.winrm(password="wrong").open_shell()
    assert client.server.node.failed_logons == 1


@pytest.mark.parametrize("name", ["LAB\\nobody", "OTHER\\admin", "NODE1\\admin", "LAB\\Operator"])
def test_accounts_that_do_not_exist(client: Client, name: str) -> None:
    with pytest.raises(AuthenticationError):
        echo(client.wsman(username=name))
    assert client.server.node.failed_logons == 1


def test_basic_is_for_local_accounts(client: Client) -> None:
    with pytest.raises(AuthenticationError):
        echo(client.wsman(auth="basic"))


def challenges(connection: http.client.HTTPConnection, **headers: str) -> tuple[int, list[str]]:
    connection.request("POST", "/wsman", b"", headers)
    response = connection.getresponse()
    response.read()
    found = response.headers.get_all("WWW-Authenticate") or []
    connection.close()
    return response.status, found


def test_each_scheme_is_offered_in_a_header_of_its_own(server: NodeServer, authority: Authority) -> None:
    address, context = server.node.address, ssl.create_default_context(cafile=authority.ca_file)
    secure = http.client.HTTPSConnection(address, server.https_port, context=context)
    assert challenges(secure) == (401, ["Negotiate", 'Basic realm="WSMAN"'])
    assert challenges(http.client.HTTPConnection(address, server.http_port)) == (401, ["Negotiate"])
    password = base64.b64encode(f"{LOCAL.name}:{LOCAL.password}".encode()).decode()
    plain = http.client.HTTPConnection(address, server.http_port)
    assert challenges(plain, Authorization=f"Basic {password}") == (401, ["Negotiate"])
    assert server.node.failed_logons == 0


@pytest.mark.parametrize("header", ["Basic !", "Basic /w==", "Negotiate !", "Negotiate AAAA", "NTLM TlRMTVNTUAABAAAA"])
def test_a_broken_header_is_a_failed_logon(server: NodeServer, authority: Authority, header: str) -> None:
    context = ssl.create_default_context(cafile=authority.ca_file)
    connection = http.client.HTTPSConnection(server.node.address, server.https_port, context=context)
    assert challenges(connection, Authorization=header)[0] == 401
    assert server.node.failed_logons == 1


@pytest.mark.parametrize(("binding", "status"), [(b"", 200), (b"tls-server-end-point:wrong", 401)])
def test_channel_binding_is_checked_when_given(
    server: NodeServer, authority: Authority, binding: bytes, status: int
) -> None:
    bindings = GssChannelBindings(application_data=binding) if binding else None
    initiator = spnego.client(ADMIN.name, ADMIN.password, channel_bindings=bindings, protocol="ntlm")
    context = ssl.create_default_context(cafile=authority.ca_file)
    connection = http.client.HTTPSConnection(server.node.address, server.https_port, context=context)
    token = initiator.step()
    while token is not None:
        header = f"Negotiate {base64.b64encode(token).decode()}"
        connection.request("POST", "/wsman", b"", {"Authorization": header})
        response = connection.getresponse()
        response.read()
        answer = (response.headers.get("WWW-Authenticate") or "").partition(" ")[2]
        token = None if initiator.complete else initiator.step(base64.b64decode(answer))
    connection.close()
    assert response.status == status


def test_pywinrm_with_and_without_channel_binding(client: Client) -> None:
    for send_cbt in (True, False):
        protocol = client.winrm(send_cbt=send_cbt)
        protocol.close_shell(protocol.open_shell())


def test_plain_messages_over_http_are_refused(client: Client) -> None:
    wsman = client.wsman(ssl=False, encryption="never", auth="negotiate")
    with wsman, pytest.raises(Exception, match="500"):
        RunspacePool(wsman).open()


def test_a_message_that_does_not_decrypt_is_a_bad_request(client: Client) -> None:
    wsman = client.wsman(ssl=False)
    with wsman, RunspacePool(wsman) as pool:
        assert wsman.transport.encryption is not None
        wsman.transport.encryption.context.wrap_winrm(b"the sequence numbers no longer agree")
        with pytest.raises(Exception, match="400"):
            PowerShell(pool).add_cmdlet("Write-Output").invoke()
        wsman.transport.close()
        wsman.transport.session = wsman.transport.encryption = None  # a new logon repairs it: the shell is still there
        assert PowerShell(pool).add_cmdlet("Write-Output").add_argument(1).invoke() == [1]


def test_estates_of_one_process_have_their_own_accounts(client: Client, authority: Authority) -> None:
    other = Estate()
    other.users = [User(ADMIN.name, "another password")]
    running = serve_node(other.add_node("NODE1", "127.0.0.1"), authority, http_port=0, https_port=0)
    try:
        there = Client(running, client.ca_file)
        assert echo(there.wsman(password="another password")) == ["hello"]
        assert echo(client.wsman()) == ["hello"]
        with pytest.raises(AuthenticationError):
            echo(there.wsman())
    finally:
        running.close()


def test_without_a_domain_the_nodes_own_account_comes_first(node: Node) -> None:
    twin = User("admin", "local", local=True)
    node.estate.users = [ADMIN, twin]
    assert find_account(node, "admin") is twin
    assert find_account(node, "LAB\\admin") is ADMIN
    assert find_account(node, "node1.lab.test\\admin") is twin
