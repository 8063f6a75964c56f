"""The lab's certificate authority."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest

from pulumi_tentacle.lab.wire.tls import Authority, server_context


def connect(authority: Authority, files: tuple[Path, Path], name: str) -> str | None:
    """The TLS version that a client gets who expects `name` and trusts the authority."""
    ours, theirs = socket.socketpair()
    context = server_context(*files)

    def serve() -> None:
        try:
            context.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cafile=authority.ca_file)
    try:
        with client.wrap_socket(ours, server_hostname=name) as connection:
            return connection.version()
    finally:
        ours.close()
        thread.join()


@pytest.mark.parametrize("name", ["node1.lab.test", "NODE1", "127.0.0.9"])
def test_clients_that_trust_the_authority_trust_its_certificates(tmp_path: Path, name: str) -> None:
    authority = Authority(tmp_path / "ca")
    files = authority.issue(["node1.lab.test", "NODE1"], ["127.0.0.9"])
    assert connect(authority, files, name) == "TLSv1.3"


def test_names_that_the_certificate_lacks_are_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        connect(authority, authority.issue(["node1"]), "node2")


def test_another_authority_is_not_trusted(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path / "a"), Authority(tmp_path / "b")
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        connect(other, authority.issue(["node1"]), "node1")


def test_the_folder_is_the_authority_and_its_keys_are_private(tmp_path: Path) -> None:
    files = Authority(tmp_path).issue(["node1"])
    assert connect(Authority(tmp_path), files, "node1") == "TLSv1.3"
    assert {file.stat().st_mode & 0o077 for file in tmp_path.glob("*.key")} == {0}
