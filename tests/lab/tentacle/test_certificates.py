"""Certificates on their way in and out (tentacle.md §1.3, §8)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

from pulumi_tentacle.lab.tentacle import certificates
from pulumi_tentacle.lab.tentacle.certificates import Identity
from pulumi_tentacle.lab.tentacle.settings import CERTIFICATE, THUMBPRINT
from pulumi_tentacle.lab.world import Estate
from tests.lab.tentacle.tentacle_node import CONFIGURATION, Installed


@pytest.fixture(scope="session")
def identity() -> Identity:
    return certificates.make()


@pytest.fixture
def instance(installed: Installed) -> Installed:
    installed.do("create-instance", "--instance", "Tentacle", "--config", CONFIGURATION)
    return installed


def put(installed: Installed, path: str, data: bytes) -> str:
    installed.node.files.write(path, data)
    return path


def test_a_new_certificate_is_like_tentacles(identity: Identity) -> None:
    certificate, key = identity.certificate, identity.key
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert certificate.subject == certificate.issuer
    assert certificate.subject.rfc4514_string() == "CN=Octopus Tentacle"
    assert isinstance(certificate.signature_hash_algorithm, hashes.SHA256)
    today = datetime.now(UTC).date()
    assert certificate.not_valid_before_utc.date() in (today - timedelta(days=1), today - timedelta(days=2))
    assert certificate.not_valid_after_utc.year == certificate.not_valid_before_utc.year + 100


@pytest.mark.parametrize("password", ["", "S3cret!"])
def test_an_exported_pfx_is_not_installed_but_can_be(instance: Installed, password: str) -> None:
    printed = instance.do(
        "new-certificate", "--instance", "Tentacle", "--export-pfx", r"C:\new.pfx", "--pfx-password", password
    )
    assert THUMBPRINT not in instance.settings()
    thumbprint = printed.split("\r\n")[1]
    printed = instance.do("import-certificate", "--instance", "Tentacle", "-f", r"C:\new.pfx", "--pw", password)
    assert f"Certificate with thumbprint {thumbprint} imported successfully." in printed
    assert instance.do("show-thumbprint", "--instance", "Tentacle") == thumbprint


def test_an_exported_text_can_be_imported(instance: Installed) -> None:
    printed = instance.do("new-certificate", "--instance", "Tentacle", "--export-file", r"C:\new.txt")
    instance.do("import-certificate", "--instance", "Tentacle", "-f", r"C:\new.txt")
    assert instance.settings()[THUMBPRINT] in printed


@pytest.mark.parametrize("profile", [True, False])
def test_base64_text_needs_no_profile(instance: Installed, identity: Identity, profile: bool) -> None:
    instance.logon.profile = profile
    path = put(instance, r"C:\import.txt", base64.b64encode(identity.pfx()))
    instance.do("import-certificate", "--instance", "Tentacle", "--from-file", path)
    instance.do(
        "import-certificate", "--instance", "Tentacle", "--from-base64", base64.b64encode(identity.pfx()).decode()
    )
    assert instance.settings()[THUMBPRINT] == identity.thumbprint


def test_a_pfx_file_needs_the_profile(instance: Installed, identity: Identity) -> None:
    instance.logon.profile = False
    path = put(instance, r"C:\import.pfx", identity.pfx())
    assert instance.run("import-certificate", "--instance", "Tentacle", "--from-file", path).exit_code == 100
    assert CERTIFICATE not in instance.settings()


def test_a_pfx_under_another_name_is_tried_as_text_first(instance: Installed, identity: Identity) -> None:
    path = put(instance, r"C:\import.dat", identity.pfx("S3cret!"))
    printed = instance.do("import-certificate", "--instance", "Tentacle", "-f", path, "--pw", "S3cret!")
    assert printed.startswith(
        "Importing the certificate stored in C:\\import.dat...\r\n"
        "Importing the certificate stored in PFX file in C:\\import.dat using the provided password...\r\n"
    )


def test_text_of_a_pfx_with_a_password_is_refused(instance: Installed, identity: Identity) -> None:
    text = base64.b64encode(identity.pfx("S3cret!")).decode()
    completed = instance.run("import-certificate", "--instance", "Tentacle", "-b", text, "--pw", "S3cret!")
    assert completed.exit_code == 100


@pytest.mark.parametrize("key", [None, ec.generate_private_key(ec.SECP256R1())], ids=["no key", "EC key"])
def test_text_without_an_rsa_key_is_warned_of_only(
    instance: Installed, identity: Identity, key: ec.EllipticCurvePrivateKey | None
) -> None:
    text = base64.b64encode(Identity(_certificate_of(key) or identity.certificate, key).pfx()).decode()
    printed = instance.do("import-certificate", "--instance", "Tentacle", "--from-base64", text)
    assert "was loaded but the private key was not loaded." in printed
    assert "imported successfully." in printed


def test_a_certificate_of_another_machine_ends_what_reads_it(
    make_node: Callable[..., Installed], identity: Identity
) -> None:
    estate = Estate()
    one, other = make_node("NODE1", estate), make_node("NODE2", estate)
    one.do("create-instance", "--instance", "Tentacle", "--config", CONFIGURATION)
    text = base64.b64encode(identity.pfx()).decode()
    one.do("import-certificate", "--instance", "Tentacle", "--from-base64", text)
    other.node.files.make_folder(r"C:\Octopus")
    put(other, CONFIGURATION, one.node.files.read(CONFIGURATION))
    other.do("create-instance", "--instance", "Tentacle", "--config", CONFIGURATION)
    for arguments in (["show-thumbprint"], ["show-configuration"], ["new-certificate", "--if-blank"]):
        completed = other.run(*arguments, "--instance", "Tentacle")
        assert completed.exit_code == 100
        assert "Unable to parse configuration key 'Tentacle.Certificate' as a 'String'.\r\n" in completed.stderr
        assert "Key not valid for use in specified state." in completed.stderr
    other.do("configure", "--instance", "Tentacle", "--port", "10940")
    other.do("import-certificate", "--instance", "Tentacle", "--from-base64", text)  # mends it
    assert other.do("show-thumbprint", "--instance", "Tentacle") == identity.thumbprint


def test_of_several_certificates_that_with_the_key_is_taken(instance: Installed, identity: Identity) -> None:
    issuer = Identity(certificates.make().certificate, None)
    data = pkcs12.serialize_key_and_certificates(
        None, identity.key, identity.certificate, [issuer.certificate], NoEncryption()
    )
    printed = instance.do("import-certificate", "--instance", "Tentacle", "-f", put(instance, r"C:\chain.pfx", data))
    assert "contains multiple certificates, taking the first one." in printed
    assert instance.settings()[THUMBPRINT] == identity.thumbprint


def test_the_certificate_of_tentacle_1(instance: Installed, identity: Identity) -> None:
    text = base64.b64encode(identity.pfx()).decode()
    instance.node.registry.set(r"Software\Octopus", "Cert-cn=Octopus Tentacle", text)
    instance.do("import-certificate", "--instance", "Tentacle", "--from-registry")
    assert instance.settings()[THUMBPRINT] == identity.thumbprint


def test_a_blank_thumbprint_means_no_certificate(instance: Installed) -> None:
    instance.node.files.write(
        CONFIGURATION, b'<octopus-settings><set key="Tentacle.Certificate">AAAA</set></octopus-settings>'
    )
    assert instance.do("show-thumbprint", "--instance", "Tentacle", "--format", "json") == '{"Thumbprint":null}'


def test_passwords_are_masked_in_the_log(instance: Installed, identity: Identity) -> None:
    path = put(instance, r"C:\import.pfx", identity.pfx("S3cret!"))
    instance.do("import-certificate", "--instance", "Tentacle", "-f", path, "--pw=S3cret!")
    assert "--pw=********" in instance.log()
    assert "S3cret!" not in instance.log()


def _certificate_of(key: ec.EllipticCurvePrivateKey | None) -> x509.Certificate | None:
    if key is None:
        return None
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "EC")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
