"""Models of Tentacle's constant scripts: is the certificate readable here, and does the listener answer."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pulumi_tentacle.lab.node import firewall
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, script
from pulumi_tentacle.lab.world import ForeignKey, Node

CHECK_CERTIFICATE = "6ddb15bb5986a9925d0d56ad8cabfc1617d3fee82b78ed0dd4500d484c13f959"
PROBE_LISTENER = "a5b1c12e93e19e8e954d7ce653df2154c346757ddd689a03b89b141b3edd2599"

_FORMAT_EXCEPTION = -2146233033  # COR_E_FORMAT
_PAGE = b"<title>Octopus Tentacle</title>"


@script("check-certificate", CHECK_CERTIFICATE)
def check_certificate(call: Call) -> Iterator[Live]:
    text = "".join(str(call.parameters.get("Protected") or "").split())
    if not text:
        refuse(call, "what ProtectedData.Unprotect makes of nothing")
    try:
        call.node.unprotect(base64.b64decode(text, validate=True))
    except binascii.Error:
        yield _custom(Readable=False, HResult=_FORMAT_EXCEPTION)
    except ForeignKey as error:
        yield _custom(Readable=False, HResult=error.hresult)
    else:
        yield _custom(Readable=True, HResult=0)


@dataclass
class _Probe:
    connected: bool = False
    thumbprint: str = ""
    page: bool = False
    detail: str = ""


@script("probe-listener", PROBE_LISTENER)
def probe_listener(call: Call) -> Iterator[Live]:
    """A real TLS connection, to addresses of the estate's nodes only."""
    node, port = call.node, int(call.parameters.get("Port") or 0)
    address = str(call.parameters.get("Address") or "")
    milliseconds = int(call.parameters.get("TimeoutMs") or 0)
    targets = _resolve(node, address)
    if targets is None and node.estate.cluster is not None:
        refuse(call, f"the address of {address}: it may be a name of the cluster")
    reachable = [target for target in targets or () if _reaches(node, target, port)]
    if targets is None:
        probe = _Probe(detail="No such host is known")
    elif reachable:
        probe = node.estate.without_lock(lambda: _ask_first(reachable, port, address, milliseconds))
    else:
        node.estate.clock.sleep(milliseconds / 1000)
        probe = _Probe(detail=f"no connection within {milliseconds} ms")
    yield _custom(Connected=probe.connected, Thumbprint=probe.thumbprint, Page=probe.page, Detail=probe.detail)


def _resolve(node: Node, address: str) -> list[str] | None:
    """The addresses to try in turn; None for a name that nobody knows.

    What listens on every address answers on 127.0.0.1 too. The lab's nodes share one loopback, so that is played by
    the node's own addresses.
    """
    low = address.lower()
    if low in ("localhost", "127.0.0.1", "::1", node.name.lower(), node.fqdn):
        return node.addresses
    for other in node.estate.nodes.values():
        if low in (other.name.lower(), other.fqdn):
            return [other.address]
    try:
        return [str(ipaddress.ip_address(address))]
    except ValueError:
        return None


def _reaches(node: Node, address: str, port: int) -> bool:
    """Whether packets come through: from itself always, else to a node that is up and whose firewall lets them in."""
    if address in node.addresses:
        return True
    owner = next((n for n in node.estate.nodes.values() if n.up and address in n.addresses), None)
    return owner is not None and firewall.admits(owner, port, node.address)


def _ask_first(addresses: Sequence[str], port: int, name: str, milliseconds: int) -> _Probe:
    probe = _Probe()
    for address in addresses:
        probe = _ask(address, port, name, milliseconds / 1000)
        if probe.connected:
            return probe
    return probe


def _ask(address: str, port: int, name: str, seconds: float) -> _Probe:
    """What the script does with TcpClient and SslStream; `detail` is the innermost exception's message."""
    probe = _Probe()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with socket.create_connection((address, port), seconds) as plain:
            probe.connected = True
            with context.wrap_socket(plain, server_hostname=name) as secured:
                certificate = secured.getpeercert(binary_form=True) or b""
                probe.thumbprint = hashlib.sha1(certificate, usedforsecurity=False).hexdigest().upper()
                secured.sendall(f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode("ascii"))
                probe.page = _PAGE in _read_to_end(secured)
    except ConnectionRefusedError:
        probe.detail = f"No connection could be made because the target machine actively refused it {address}:{port}"
    except TimeoutError:
        probe.detail = "A connection attempt failed because the connected party did not properly respond after a time"
        if not probe.connected:
            probe.detail = f"no connection within {seconds * 1000:.0f} ms"
    except ssl.SSLEOFError:
        probe.detail = "Authentication failed because the remote party has closed the transport stream."
    except ssl.SSLError:
        probe.detail = "The handshake failed due to an unexpected packet format."
    except OSError:
        probe.detail = "An existing connection was forcibly closed by the remote host"
    return probe


def _read_to_end(secured: ssl.SSLSocket) -> bytes:
    content = b""
    while piece := secured.recv(65536):
        content += piece
    return content


def _custom(**properties: object) -> Live:
    return Live(("System.Management.Automation.PSCustomObject",), "", dict(properties))
