"""Certificates as Tentacle uses them: made, read and re-packed where the provider runs, never on a node."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate


@dataclass(frozen=True)
class Identity:
    """A certificate with its private key. `pfx` is PKCS#12 without a password, in base64: a secret."""

    pfx: str = field(repr=False)
    thumbprint: str
    not_after: datetime


class UnusableCertificate(ValueError):
    """A PFX that Tentacle could not use; the text says why."""


def make(subject: str, key_bits: int, validity_years: int) -> Identity:
    """A self-signed certificate like Tentacle's own (tentacle.md §8): SHA-256 with RSA, from yesterday's midnight."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=key_bits)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(_years_later(start, validity_years))
        .sign(key, hashes.SHA256())
    )
    return _identity(certificate, key)


def load(pfx: str, password: str | None = None) -> Identity:
    """Read a PFX given as base64 and pack it anew without a password.

    Raises:
        UnusableCertificate: no PFX, wrong password, no private key, or a key that is not RSA.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        data = base64.b64decode("".join(pfx.split()), validate=True)
    except (binascii.Error, ValueError):
        raise UnusableCertificate("this is not base64; give the bytes of the PFX file in base64") from None
    if not data.startswith(b"\x30"):
        raise UnusableCertificate("this is no PFX (PKCS#12) file in base64")
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(data, password.encode() if password else None)
    except ValueError as error:
        if "password" in str(error).lower():
            raise UnusableCertificate("the PFX does not open with this certificatePassword") from None
        raise UnusableCertificate("this is no PFX (PKCS#12) file in base64") from None
    if key is None or certificate is None:
        raise UnusableCertificate("the PFX holds no private key; export it again together with the key")
    if not isinstance(key, RSAPrivateKey):
        raise UnusableCertificate("the private key is not RSA; Tentacle can use RSA keys only")
    return _identity(certificate, key)


def _identity(certificate: Certificate, key: RSAPrivateKey) -> Identity:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

    packed = pkcs12.serialize_key_and_certificates(None, key, certificate, None, NoEncryption())
    return Identity(
        pfx=base64.b64encode(packed).decode(),
        thumbprint=certificate.fingerprint(hashes.SHA1()).hex().upper(),
        not_after=certificate.not_valid_after_utc,
    )


def _years_later(moment: datetime, years: int) -> datetime:
    year = min(moment.year + years, 9999)
    try:
        return moment.replace(year=year)
    except ValueError:  # 29 February
        return moment.replace(year=year, day=28)
