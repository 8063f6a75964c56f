"""The certificate that the simulated Octopus Server shows to Tentacles."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SUBJECT = "Octopus Portal"


@dataclass(frozen=True)
class ServerCertificate:
    """Certificate and key as PEM, with the SHA-1 thumbprint that Tentacles trust."""

    thumbprint: str
    certificate: bytes
    key: bytes = field(repr=False)
    signature_algorithm: str = "sha256RSA"


def make_certificate() -> ServerCertificate:
    """A new self-signed certificate, RSA 2048, valid for 100 years as Octopus makes them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SUBJECT)])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36525))
        .sign(key, hashes.SHA256())
    )
    return ServerCertificate(
        thumbprint=thumbprint_of(certificate),
        certificate=certificate.public_bytes(Encoding.PEM),
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def thumbprint_of(certificate: x509.Certificate) -> str:
    """SHA-1 of the DER encoding, 40 upper-case hex digits: how Octopus and Windows name a certificate."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()


def signature_algorithm_of(certificate: x509.Certificate) -> str:
    """As .NET spells it, e.g. `sha256RSA` (octopus-api.md §2.2, CertificateSignatureAlgorithm)."""
    algorithm = certificate.signature_hash_algorithm
    return f"{algorithm.name}RSA" if algorithm else ""
