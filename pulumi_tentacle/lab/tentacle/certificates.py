"""The Tentacle's own certificate: made, read from a PFX, kept in the configuration file (tentacle.md §8)."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12

from pulumi_tentacle.lab.tentacle.failures import CRYPTOGRAPHIC, FORMAT, DotNetError
from pulumi_tentacle.lab.tentacle.settings import CERTIFICATE, THUMBPRINT, Settings, unreadable
from pulumi_tentacle.lab.world import ForeignKey, Node

SUBJECT = "Octopus Tentacle"
RECOMMENDED_BITS = 2048
NOT_OPENED = "The specified network password is not correct."
NO_PFX = "Cannot find the requested object."  # CRYPT_E_NO_MATCH: what Windows answers to anything else than a PFX


@dataclass(frozen=True)
class Identity:
    """A certificate and, if there is one, its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None

    @property
    def thumbprint(self) -> str:
        return thumbprint_of(self.certificate)

    @property
    def rsa_bits(self) -> int | None:
        """The size of the RSA key; None without one."""
        return self.key.key_size if isinstance(self.key, rsa.RSAPrivateKey) else None

    def pfx(self, password: str = "") -> bytes:
        encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        return pkcs12.serialize_key_and_certificates(None, self.key, self.certificate, None, encryption)


def thumbprint_of(certificate: x509.Certificate) -> str:
    """SHA-1 of the DER encoding, 40 upper-case hex digits."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()


def make() -> Identity:
    """A new key and certificate, as Tentacle makes them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RECOMMENDED_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SUBJECT)])
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1 + secrets.randbelow(2**63 - 1))
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(_in_a_hundred_years(today))
        .sign(key, hashes.SHA256())
    )
    return Identity(certificate, key)


def open_pfx(data: bytes, password: str) -> tuple[Identity, int]:
    """What a PFX holds: the certificate with the key, and how many certificates there are.

    Windows takes the first certificate of several, which need not be the one with the key; the reference does not
    say in which order it counts, so this takes the one with the key (tentacle.md §8).

    Raises:
        DotNetError: no PFX, or the wrong password.
    """
    try:
        bag = _unlock(data, password)
    except ValueError as error:
        wrong_password = "password" in str(error).lower()
        raise DotNetError(CRYPTOGRAPHIC, NOT_OPENED if wrong_password else NO_PFX) from None
    found = [entry.certificate for entry in (bag.cert, *bag.additional_certs) if entry is not None]
    if not found:
        raise DotNetError("System.Exception", "The PFX file does not contain any certificates.")
    key = bag.key if isinstance(bag.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) else None
    return Identity(found[0], key), len(found)


def installed(node: Node, settings: Settings) -> Identity | None:
    """The certificate in the configuration file; None when there is none.

    Raises:
        DotNetError: another machine protected it, or it is no PFX.
    """
    protected = settings.text(CERTIFICATE)
    if settings.text(THUMBPRINT) is None or protected is None:
        return None
    try:
        encoded = node.unprotect(base64.b64decode(protected))
    except (ForeignKey, binascii.Error) as error:
        message = "Key not valid for use in specified state."
        raise unreadable(CERTIFICATE, "String", None, DotNetError(CRYPTOGRAPHIC, message)) from error
    return open_encoded(encoded.decode())


def install(node: Node, settings: Settings, identity: Identity) -> None:
    """Put a certificate into the configuration file; the key can be read on this machine only."""
    protected = node.protect(base64.b64encode(identity.pfx()))
    settings.set(CERTIFICATE, base64.b64encode(protected).decode())
    settings.set(THUMBPRINT, identity.thumbprint)


def open_encoded(text: str) -> Identity:
    """A PFX without a password as base64 text; it need not hold a private key (CertificateEncoder.FromBase64String).

    Raises:
        DotNetError: FormatException for what is no base64, InvalidOperationException for what is no such PFX.
    """
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        message = (
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding "
            "characters, or an illegal character among the padding characters."
        )
        raise DotNetError(FORMAT, message) from None
    try:
        return open_pfx(data, "")[0]
    except DotNetError:
        raise DotNetError("System.InvalidOperationException", "Unable to load certificate") from None


def _unlock(data: bytes, password: str) -> pkcs12.PKCS12KeyAndCertificates:
    if password:
        return pkcs12.load_pkcs12(data, password.encode())
    try:
        return pkcs12.load_pkcs12(data, None)
    except ValueError:
        return pkcs12.load_pkcs12(data, b"")  # protected with the empty password: Windows takes both for one


def _in_a_hundred_years(day: datetime) -> datetime:
    try:
        return day.replace(year=day.year + 100)
    except ValueError:  # 29 February, and no leap year
        return day.replace(year=day.year + 100, day=28)
