"""How nodes are reached and with which account."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_tentacle.errors import InvalidInput

TRANSPORTS = frozenset({"negotiate", "ntlm", "kerberos", "credssp", "certificate", "basic"})
_ENCRYPTING = frozenset({"negotiate", "ntlm", "kerberos", "credssp"})  # over plain http too (winrm.md §4.1)
_PORTS = {"https": 5986, "http": 5985}


@dataclass(frozen=True)
class Settings:
    """Account, transport and times, as the provider's configuration gives them.

    `ca_certificate`, `client_certificate` and `client_key` are PEM text or the path of a PEM file. Times are in
    seconds: `operation_timeout` for a single request and for a command that has no deadline of its own,
    `connect_timeout` for a connection to be accepted.

    Raises:
        InvalidInput: settings that cannot be right together, by their configuration key.
    """

    username: str
    password: str = field(repr=False)
    transport: str = "negotiate"
    scheme: str = "https"
    port: int | None = None
    ca_certificate: str | None = field(default=None, repr=False)
    insecure: bool = False
    operation_timeout: float = 60
    connect_timeout: float = 15
    client_certificate: str | None = field(default=None, repr=False)
    client_key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        failures = _failures(self)
        if failures:
            raise InvalidInput(failures)

    @property
    def effective_port(self) -> int:
        """The port given, or WinRM's own for the scheme."""
        return self.port or _PORTS[self.scheme]

    @property
    def encrypts_messages(self) -> bool:
        """True where WinRM's own message encryption protects what TLS does not."""
        return self.scheme == "http"


def _failures(settings: Settings) -> list[tuple[str, str]]:
    failures = []
    if settings.transport not in TRANSPORTS:
        failures.append(("winrmTransport", f"must be one of {', '.join(sorted(TRANSPORTS))}"))
    if settings.scheme not in _PORTS:
        failures.append(("winrmScheme", "must be https or http"))
    elif settings.scheme == "http" and settings.transport not in _ENCRYPTING:
        failures.append(
            (
                "winrmScheme",
                f"plain http with the transport {settings.transport} would send secrets unencrypted; use https, or a "
                f"transport that encrypts ({', '.join(sorted(_ENCRYPTING))})",
            )
        )
    if settings.transport == "certificate":
        failures += [
            (key, "the transport certificate needs it")
            for key, value in (
                ("winrmClientCertificate", settings.client_certificate),
                ("winrmClientKey", settings.client_key),
            )
            if not value
        ]
    failures += [
        (key, "must be more than 0 seconds")
        for key, seconds in (
            ("operationTimeout", settings.operation_timeout),
            ("connectTimeout", settings.connect_timeout),
        )
        if seconds <= 0
    ]
    return failures
