"""Why Octopus met another certificate, or none that trusts it: what the nodes themselves say.

Asked only when something failed, and only for a better error: whoever cannot be asked is left out.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pulumi_tentacle.errors import TentacleError
from pulumi_tentacle.octopus import server
from pulumi_tentacle.octopus.client import Octopus
from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.resources import fanout
from pulumi_tentacle.resources.deployment_target.model import DeploymentTargetInputs
from pulumi_tentacle.resources.references import InstanceReference
from pulumi_tentacle.resources.resource import Run
from pulumi_tentacle.tentacle import configuration, listener
from pulumi_tentacle.windows import files

_SECONDS = 5.0
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Presented:
    """A certificate that somebody presented. `issuer` None: it signed itself, as a Tentacle's does."""

    thumbprint: str
    issuer: str | None


def mismatch(run: Run, inputs: DeploymentTargetInputs, uri: str, discovered: str) -> str:
    """The error for a discovered thumbprint that is not the expected one."""
    assert inputs.expected_thumbprint is not None
    nodes = _on_nodes(run, inputs.instance, inputs.port) if inputs.instance else {}
    return mismatch_text(uri, inputs.expected_thumbprint, discovered, nodes, presented(inputs.host, inputs.port))


def mismatch_text(
    uri: str, expected: str, discovered: str, nodes: Mapping[str, str], from_here: Presented | None
) -> str:
    """Tells what stands between Octopus and the Tentacle apart from a wrong node, as far as can be known. Pure.

    `nodes`: the thumbprint that each node's own listener presents on the node itself.
    """
    met = (
        f"Octopus Server meets a certificate with the thumbprint {discovered} at {uri}, but expectedThumbprint is "
        f"{expected}. Nothing was registered or changed."
    )
    return f"{met} {_cause(expected, discovered, nodes, from_here)}"


def _cause(expected: str, discovered: str, nodes: Mapping[str, str], from_here: Presented | None) -> str:
    between = (
        "so TLS is terminated by something else in front of the Tentacle (a load balancer or reverse proxy, or one that "
        "inspects TLS). Let it pass the connection through as plain TCP."
    )
    wrong = sorted(node for node, thumbprint in nodes.items() if thumbprint == discovered)
    if wrong:
        return (
            f"The listener on {', '.join(wrong)} itself presents that certificate: give every node the same "
            "`certificate` (TentacleInstance), and restart the listener if it was changed by hand."
        )
    right = sorted(node for node, thumbprint in nodes.items() if thumbprint == expected)
    if right:
        return f"The listener on {', '.join(right)} itself presents the expected certificate, {between}"
    if from_here is not None and from_here.thumbprint == expected:
        return f"The machine that runs Pulumi meets the expected certificate there, {between}"
    if from_here is not None and from_here.thumbprint == discovered and from_here.issuer is not None:
        return f"That certificate was issued by '{from_here.issuer}', while a Tentacle signs its own, {between}"
    return (
        "Either the address leads to another Tentacle, whose certificate this is (check `host`, `port` and which "
        "certificate that node has), or TLS is terminated by something else in front of it (a load balancer or proxy)."
    )


def presented(host: str, port: int) -> Presented | None:
    """The certificate that the machine that runs Pulumi meets; None if it meets none."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), _SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=host) as stream,
        ):
            der = stream.getpeercert(binary_form=True)
        certificate = x509.load_der_x509_certificate(der or b"")
    except (OSError, ValueError):
        return None
    issuer = None if certificate.issuer == certificate.subject else certificate.issuer.rfc4514_string()
    return Presented(certificate.fingerprint(hashes.SHA1()).hex().upper(), issuer)


def distrust(run: Run, octopus: Octopus, instance: InstanceReference | None) -> list[str]:
    """The nodes that do not trust this Octopus Server, in words, with both sides' thumbprints (user report U07)."""
    if instance is None:
        return []
    try:
        shown = server.certificate(octopus).thumbprint
    except TentacleError:
        return []

    def trusts(node: str) -> list[str] | None:
        return _ask(lambda n: _trusts(n, instance.config_path), run, node)

    return [
        f"{node} does not trust this Octopus Server: the server presents the certificate {shown}, and trusted there is "
        f"{', '.join(trusted) or 'none'}. Add a TrustedServer with the thumbprint {shown}."
        for node, trusted in sorted(fanout.each(instance.nodes, trusts).items())
        if trusted is not None and shown not in trusted
    ]


def _trusts(node: Node, config_path: str) -> list[str]:
    (file,) = files.read(node, [config_path])
    return [thumbprint.upper() for thumbprint in configuration.parse(file.content).trusts]


def _on_nodes(run: Run, instance: InstanceReference, port: int) -> dict[str, str]:
    def thumbprint(node: str) -> str | None:
        return _ask(lambda n: listener.probe(n, "127.0.0.1", port).thumbprint, run, node)

    return {node: found for node, found in fanout.each(instance.nodes, thumbprint).items() if found}


def _ask(question: Callable[[Node], Answer], run: Run, node: str) -> Answer | None:
    """The answer of a node; None if it cannot be had."""
    try:
        return question(run.nodes.node(node))
    except (TentacleError, ValueError):  # ValueError: no file there, or not a configuration
        return None
