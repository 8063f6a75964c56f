"""new-certificate, import-certificate and show-thumbprint (tentacle.md §1.3)."""

from __future__ import annotations

import base64
import codecs
import json
import ntpath

from pulumi_tentacle.lab.tentacle import certificates
from pulumi_tentacle.lab.tentacle.certificates import RECOMMENDED_BITS, Identity
from pulumi_tentacle.lab.tentacle.command import FORMAT_OPTION, Run, command
from pulumi_tentacle.lab.tentacle.failures import CRYPTOGRAPHIC, FORMAT, Advice, ControlledFailure, DotNetError
from pulumi_tentacle.lab.tentacle.options import Option

LEGACY_KEY, LEGACY_VALUE = r"Software\Octopus", "Cert-cn=Octopus Tentacle"
NEEDS_PROFILE = Advice(
    "Crypto functions require the Windows User Profile",
    "Various cryptographic functions used by Octopus Deploy require the Windows user profile to have been loaded. Some "
    "remote administration scenarios run commands in processes without user profile information; to successfully run "
    'the problem command, invoke it from the command-line using RUNAS, e.g.: `runas /profile /user:<username> "C:\\...\\'
    'Tentacle.exe new-certificate"`.',
    "http://g.octopushq.com/CryptoRequiresUserProfile",
)


@command(
    "new-certificate",
    "Creates and installs a new certificate for this Tentacle",
    Option("b|if-blank", "Only if there is none"),
    Option("e|export-file=", "DEPRECATED: write a new certificate to this file as base64 text, and install nothing"),
    Option("export-pfx=", "Write a new certificate to this file as a PFX, and install nothing"),
    Option("pfx-password=", "Password for the exported PFX", sensitive=True),
    standard=True,
)
def new_certificate(run: Run) -> None:
    preserve = run.options.has("b")
    export_file, export_pfx = (run.options.text(name) for name in ("e", "export-pfx"))
    for first, second, clash in (
        ("if-blank", "export-file", preserve and export_file),
        ("if-blank", "export-pfx", preserve and export_pfx),
        ("export-file", "export-pfx", export_file and export_pfx),
    ):
        if clash:
            raise ControlledFailure(f"Invalid command: --{first} and --{second} cannot be specified together")
    if export_file or export_pfx:
        _export(run, export_file, export_pfx)
    elif preserve and certificates.installed(run.node, run.instance.settings) is not None:
        run.console.info("A certificate already exists, no changes will be applied.")
    else:
        identity = _generate(run)
        certificates.install(run.node, run.instance.settings, identity)
        run.restart_needed = True
        run.console.info(f"A new certificate has been generated and installed. Thumbprint:\n{identity.thumbprint}")


@command(
    "import-certificate",
    "Replaces the certificate that this Tentacle uses",
    Option("r|from-registry", "Import the certificate of a Tentacle 1.x from the registry"),
    Option("f|from-file=", "Import a certificate from a file: base64 text or a PFX"),
    Option("b|from-base64=", "Import a certificate from base64 text"),
    Option("pw|pfx-password=", "Password of the PFX", sensitive=True),
    standard=True,
)
def import_certificate(run: Run) -> None:
    from_registry = run.options.has("r")
    file, text = (run.options.text(name) for name in ("f", "b"))
    sources = sum(map(bool, (from_registry, file, text)))
    if sources == 0:
        raise ControlledFailure("Please specify the certificate to import.")
    if sources > 1:
        raise ControlledFailure("Please specify only one of either from-registry or from-file or from-base64")
    if from_registry:
        identity = _from_registry(run)
    elif file:
        identity = _from_file(run, file)
    else:
        run.console.info("Importing the certificate via base64...")
        identity = _from_base64(run, text)
    certificates.install(run.node, run.instance.settings, identity)
    run.restart_needed = True
    if identity.rsa_bits is not None and identity.rsa_bits < RECOMMENDED_BITS:
        run.console.warn(
            "The imported certificate's private key is smaller than the currently-recommended bit length; generating a "
            "new key for the tentacle is advised."
        )
    run.console.info(f"Certificate with thumbprint {identity.thumbprint} imported successfully.")


@command(
    "show-thumbprint",
    "Shows the thumbprint of this Tentacle's certificate",
    Option("e|export-file=", "Write the thumbprint to a file"),
    Option("thumbprint-only", "DEPRECATED: without effect"),
    FORMAT_OPTION,
    standard=True,
    data_only=True,
)
def show_thumbprint(run: Run) -> None:
    output_format = run.output_format()
    identity = certificates.installed(run.node, run.instance.settings)
    thumbprint = identity.thumbprint if identity else None
    as_json = json.dumps({"Thumbprint": thumbprint}, separators=(",", ":"))
    content = as_json if output_format == "json" else thumbprint or ""
    file = run.options.text("e")
    if file:
        run.node.files.write(run.selector.full_path(file), content.encode("ascii"))
        run.console.info(f"The thumbprint has been written to {file}.")
    else:
        run.console.write(content)


def _generate(run: Run) -> Identity:
    if not run.invocation.logon.profile:
        denied = "Access to the path is denied."
        raise DotNetError("System.UnauthorizedAccessException", denied, advice=NEEDS_PROFILE)
    return certificates.make()


def _export(run: Run, export_file: str, export_pfx: str) -> None:
    identity = _generate(run)
    pfx = identity.pfx("" if export_file else run.options.last("pfx-password"))
    target = export_file or export_pfx
    data = codecs.BOM_UTF8 + base64.b64encode(pfx) if export_file else pfx
    run.node.files.write(run.selector.full_path(target), data)
    run.console.info(
        f"A new certificate has been generated and written to {target}. Thumbprint:\n{identity.thumbprint}"
    )


def _from_registry(run: Run) -> Identity:
    run.console.info("Importing the Octopus 1.x certificate stored in the Windows registry...")
    encoded = str((run.node.registry.get(LEGACY_KEY) or {}).get(LEGACY_VALUE, ""))
    if not encoded.strip():
        raise ControlledFailure("No Octopus 1.x Tentacle certificate was found.")
    return _from_base64(run, encoded)


def _from_file(run: Run, file: str) -> Identity:
    path = run.selector.full_path(file)
    if not run.node.files.is_file(path):
        raise ControlledFailure(f"Certificate '{file}' was not found.")
    data = run.node.files.read(path)
    if ntpath.splitext(file)[1].lower() == ".pfx":
        return _from_pfx(run, file, data)
    run.console.info(f"Importing the certificate stored in {file}...")
    try:
        return _from_base64(run, data.decode("utf-8-sig", errors="replace"))
    except DotNetError as error:
        if error.type_name != FORMAT:
            raise
        return _from_pfx(run, file, data)


def _from_base64(run: Run, text: str) -> Identity:
    """By way of the machine's key store. Whether there is a private key is warned of, not refused (CertificateEncoder)."""
    identity = certificates.open_encoded(text)
    if identity.rsa_bits is None:
        _warn_of_missing_key(run, identity)
    return identity


def _from_pfx(run: Run, file: str, data: bytes) -> Identity:
    """By way of the user's key store, which a logon without a profile does not have (tentacle.md §8)."""
    password = run.options.last("pw")
    with_password = " using the provided password" if password else ""
    run.console.info(f"Importing the certificate stored in PFX file in {file}{with_password}...")
    if not run.invocation.logon.profile:
        raise DotNetError(CRYPTOGRAPHIC, "The system cannot find the file specified.")
    identity, count = certificates.open_pfx(data, password)
    if count > 1:
        run.console.info(f"PFX file {file} contains multiple certificates, taking the first one.")
    if identity.rsa_bits is None:
        _warn_of_missing_key(run, identity)
        raise DotNetError(
            CRYPTOGRAPHIC,
            "Unable to load X509 Certificate file. The X509 certificate file you provided does not include the private "
            "key. Please make sure the private key is included in your X509 certificate file and try again.",
        )
    return identity


def _warn_of_missing_key(run: Run, identity: Identity) -> None:
    subject = identity.certificate.subject.rfc4514_string()
    run.console.warn(
        f"The X509 certificate {subject} was loaded but the private key was not loaded.\n"
        "Furthermore, the private key file could not be located: Unable to obtain private key file name"
    )
