"""Inputs that pass Check, to be changed by tests; and certificates to give."""

from __future__ import annotations

import base64
import datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12

SHA256 = "0" * 64
DISK = {"uniqueId": "600A", "driveLetter": "E", "nodes": ["node1", "node2"]}
INSTANCE = {
    "nodes": ["node1", "node2"],
    "instanceName": "Tentacle",
    "serviceName": "OctopusDeploy Tentacle",
    "configPath": r"C:\Octopus\Tentacle.config",
    "sharedDisk": DISK,
    "exclusiveTrust": False,
}


def good(kind: str) -> dict[str, Any]:
    """Inputs of a resource that are right."""
    inputs: dict[str, dict[str, Any]] = {
        "Certificate": {},
        "TentacleInstance": {"nodes": ["node1"], "certificate": pfx()},
        "TrustedServer": {"instance": INSTANCE, "thumbprint": "AB" * 20},
        "SharedDisk": {"nodes": ["node1", "node2"], "serialNumber": "LUN-0001", "driveLetter": "E"},
        "ClusterRole": {"instance": INSTANCE, "disk": DISK, "name": "OCTOPUS", "staticAddresses": ["10.1.0.5"]},
        "DeploymentTarget": {"host": "10.1.0.5", "environments": ["Production"], "roles": ["app"]},
    }
    return inputs[kind]


@cache
def pfx(kind: str = "rsa", password: str | None = None) -> str:
    """A PFX in base64: with an RSA key, an EC key, or none (`nokey`)."""
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    if kind == "nokey":
        data = pkcs12.serialize_key_and_certificates(b"x", None, certificate, None, NoEncryption())
    else:
        data = pkcs12.serialize_key_and_certificates(None, key, certificate, None, encryption)
    return base64.b64encode(data).decode()
