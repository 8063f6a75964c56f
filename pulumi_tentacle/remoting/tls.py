"""What verifies a node's TLS: files for the PEM texts of the configuration, and a look at a certificate's issuer."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
from pathlib import Path

from cryptography import x509

from pulumi_tentacle.errors import InvalidInput


class PemFiles:
    """Files for PEM texts, which the HTTP library takes by path only; they are private, and go with `close`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: dict[str, str] = {}

    def authority(self, pem: str | None) -> str | bool:
        """What to verify against: a file, or True for the authorities that this machine trusts. Raises InvalidInput."""
        if pem is None:
            return True
        path = self.path("winrmCaCertificate", pem)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except OSError as error:  # ssl.SSLError is one
            raise InvalidInput([("winrmCaCertificate", "this holds no certificate in PEM format")]) from error
        return path

    def path(self, key: str, pem: str) -> str:
        """The path of a file with this PEM text, or `pem` itself if it is a path. Raises InvalidInput."""
        if "-----BEGIN " not in pem:
            if not Path(pem).is_file():
                raise InvalidInput([(key, "this is neither PEM text nor a file on the machine that runs Pulumi")])
            return pem
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="pulumi-tentacle-")  # mode 0700
            if pem not in self._files:
                file = Path(self._folder.name) / f"{len(self._files)}.pem"
                file.touch(mode=0o600)
                file.write_text(pem)
                self._files[pem] = str(file)
            return self._files[pem]

    def close(self) -> None:
        """Delete the files."""
        with self._lock:
            if self._folder is not None:
                self._folder.cleanup()
            self._folder = None
            self._files.clear()


def issuer(address: str, port: int, seconds: float) -> str | None:
    """Who issued the certificate that a server shows, unverified; None if it cannot be seen."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent: only the certificate is read
    try:
        with (
            socket.create_connection((address, port), timeout=seconds) as connection,
            context.wrap_socket(connection, server_hostname=address) as tls,
        ):
            der = tls.getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(der).issuer.rfc4514_string() if der else None
    except (OSError, ValueError):
        return None
