"""One HTTP(S) connection to a node's WinRM service: pypsrp's transport, whose logon serves PSRP and WinRS alike.

pywinrm has a transport of its own, but its NTLM is not Negotiate (no Kerberos), and one time-out stands for
connecting and reading; so its messages travel here too, and foreign errors need to be understood once only.
"""

from __future__ import annotations

import logging
import ssl
import struct
import traceback
from collections.abc import Iterator
from typing import Any

import requests
import requests_credssp.exceptions
import spnego.exceptions
import urllib3.exceptions
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError
from pypsrp.wsman import WSMan

from pulumi_tentacle.errors import Unreachable
from pulumi_tentacle.remoting.faults import Broken
from pulumi_tentacle.remoting.logon import Rejected
from pulumi_tentacle.remoting.settings import Settings
from pulumi_tentacle.remoting.soap import Reply
from pulumi_tentacle.remoting.tls import PemFiles, issuer

_OK = 200
# OpenSSL's X509_V_ERR_…
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNKNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21})
_OTHER_NAME = frozenset({62, 64})
# A logon that failed before the node could judge it, or in CredSSP's own layers.
_LOGON_ERRORS = (
    spnego.exceptions.SpnegoError,
    spnego.exceptions.NativeError,
    spnego.exceptions.FeatureMissingError,
    requests_credssp.exceptions.AuthenticationException,
    requests_credssp.exceptions.NTStatusException,
    requests_credssp.exceptions.InvalidConfigurationException,
)
# What pypsrp's decryption raises on bytes that are not what they should be.
_GARBLED = (AttributeError, LookupError, ValueError, struct.error)

for _name in ("pypsrp", "spnego"):  # they log whole messages, the secrets in them included
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class Http:
    """One connection, used by one thread at a time. Not usable after `close`."""

    def __init__(self, address: str, settings: Settings, files: PemFiles) -> None:
        self._address = address
        self._settings = settings
        self._answered = False
        self._transport = WSMan(**_arguments(address, settings, files)).transport

    def post(self, message: bytes, seconds: float) -> Reply:
        """Send a message and wait up to `seconds` for the answer.

        Raises:
            Unreachable: nothing was sent.
            Rejected: the logon was refused; the message was not taken.
            Broken: it may have been taken.
        """
        try:
            body = self._transport.send(message, timeout=(self._settings.connect_timeout, seconds))
        except AuthenticationError as error:
            _release(error)
            raise (Rejected() if self._tried() else self._not_offered()) from error
        except WinRMTransportError as error:
            self._answered = True
            return Reply(error.code, error.response_text.encode())
        except requests.RequestException as error:
            raise self._failure(error) from error
        except OSError as error:  # requests cannot find the file that it should verify with
            raise Unreachable(f"{self._address}: TLS cannot be verified: {error}") from error
        except _LOGON_ERRORS as error:
            raise Rejected(" ".join(str(error).split())) from error
        except (WinRMError, *_GARBLED) as error:
            if not self._answered and not self._tried():
                raise self._not_offered() from error
            raise Broken("the reply could not be decrypted") from error
        self._answered = True
        return Reply(_OK, body)

    def reset(self) -> None:
        """Drop the TCP connection and its logon; the next message makes both anew.

        Needed wherever messages are encrypted: the key belongs to the connection (psrp.md §0.3).
        """
        self._transport.close()
        self._transport.session = None
        self._transport.encryption = None

    def close(self) -> None:
        """Close the TCP connection."""
        self._transport.close()

    def _tried(self) -> bool:
        """Whether a logon was sent at all: pypsrp keeps a context for each; basic and certificate have none."""
        session = self._transport.session
        return bool(getattr(session.auth if session else None, "contexts", True))

    def _not_offered(self) -> Unreachable:
        return Unreachable(
            f"{self._address}: WinRM does not offer to log on by '{self._settings.transport}' there. Nothing was tried. "
            "Set tentacle:winrmTransport to one that it offers; on the node, "
            "`winrm get winrm/config/service/auth` shows them."
        )

    def _failure(self, error: requests.RequestException) -> Unreachable | Broken:
        causes = list(_causes(error))
        untrusted = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
        if untrusted is not None:
            return Unreachable(f"{self._address}: {self._distrust(untrusted.verify_code)}")
        if isinstance(error, requests.exceptions.SSLError) and not self._answered:
            return Unreachable(
                f"{self._address}: no TLS on port {self._settings.effective_port}: the handshake failed. Is that the "
                "https listener of WinRM (`winrm enumerate winrm/config/listener` on the node)?"
            )
        if isinstance(error, requests.ConnectTimeout):
            return self._unreachable(f"no connection within {self._settings.connect_timeout:g} seconds")
        if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in causes):
            return Unreachable(f"{self._address}: this name is not known to DNS on the machine that runs Pulumi.")
        if any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes):
            refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
            system = next((c.strerror for c in causes if type(c) is OSError and c.strerror), None)
            return self._unreachable("the connection was refused" if refused else system or "no connection")
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
            return Unreachable(f"{self._address}: this is no host name or address.")
        if any(isinstance(cause, TimeoutError) for cause in causes):
            return Broken("the node did not answer in time", timed_out=True)
        return Broken("the connection broke")

    def _unreachable(self, reason: str) -> Unreachable:
        port = self._settings.effective_port
        return Unreachable(
            f"{self._address} cannot be reached on port {port} ({self._settings.scheme}): {reason}. Is the computer on, "
            "does WinRM listen there (`winrm enumerate winrm/config/listener` on the node), and does the firewall let "
            "it through?"
        )

    def _distrust(self, code: int) -> str:
        if code in _OTHER_NAME:
            return (
                "the https certificate of WinRM is made out to another name. Name the node as its certificate does, or "
                "give its WinRM listener a certificate for this name."
            )
        if code in (_NOT_YET_VALID, _EXPIRED):
            return "the https certificate of WinRM is not valid today: it has expired, or a clock is wrong."
        if code not in _UNKNOWN_AUTHORITY:
            return f"the https certificate of WinRM is not trusted (OpenSSL's reason {code})."
        who = issuer(self._address, self._settings.effective_port, self._settings.connect_timeout)
        by = f" It was issued by '{who}'." if who else ""
        if self._settings.ca_certificate is None:
            advice = "Set tentacle:winrmCaCertificate to the certificate of that authority (PEM text or a file)."
        else:
            advice = "That is not the authority in tentacle:winrmCaCertificate."
        return f"the https certificate of WinRM comes from an authority that is not trusted here.{by} {advice}"


def _arguments(address: str, settings: Settings, files: PemFiles) -> dict[str, Any]:
    certificate = settings.transport == "certificate"
    username: str | bytes | None = settings.username or None
    password: str | bytes | None = settings.password or None
    if settings.transport == "basic":  # requests would send text as Latin-1, and refuse what that lacks
        username, password = settings.username.encode(), settings.password.encode()
    arguments: dict[str, Any] = {
        "server": address,
        "port": settings.effective_port,
        "username": None if certificate else username,
        "password": None if certificate else password,
        "ssl": settings.scheme == "https",
        "auth": settings.transport,
        "cert_validation": False if settings.insecure else files.authority(settings.ca_certificate),
        "no_proxy": True,  # NTLM does not survive most proxies; nodes are on the administrator's own network
    }
    if certificate and settings.client_certificate and settings.client_key:
        arguments["certificate_pem"] = files.path("winrmClientCertificate", settings.client_certificate)
        arguments["certificate_key_pem"] = files.path("winrmClientKey", settings.client_key)
    return arguments


def _release(error: BaseException) -> None:
    """Close the connection of the answer that an error is about: pypsrp keeps it open where no logon is offered."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        response = frame.f_locals.get("response")
        if isinstance(response, requests.Response):
            response.close()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that led to it."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
