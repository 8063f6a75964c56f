"""The provider's configuration: its properties, and where each comes from when the program gives none."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr

from pulumi_tentacle.resources.model import Model, parse, properties_of
from pulumi_tentacle.resources.values import Port, Text


class Environment:
    """Marks a property that an environment variable may give."""

    def __init__(self, *names: str) -> None:
        self.names = names


def _from_text(value: Any) -> Any:
    """Configuration values arrive as strings (reference/pulumi.md §2)."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


Flag = Annotated[bool, BeforeValidator(_from_text)]


class ProviderConfig(Model):
    """Where and with which account to work. Missing credentials are an error at their first use, not before."""

    winrm_username: Annotated[
        Text | None,
        Field(description="Account for the nodes, an administrator there: DOMAIN\\user, user@domain or a local name."),
        Environment("TENTACLE_WINRM_USERNAME"),
    ] = None
    winrm_password: Annotated[
        SecretStr | None, Field(description="Password of that account."), Environment("TENTACLE_WINRM_PASSWORD")
    ] = None
    winrm_transport: Annotated[
        Literal["negotiate", "ntlm", "kerberos", "credssp", "certificate", "basic"],
        Field(
            description="How to log on: negotiate (Kerberos or NTLM), ntlm, kerberos, credssp (passes the account on "
            "to a second machine), certificate, or basic (https and local accounts only)."
        ),
        Environment("TENTACLE_WINRM_TRANSPORT"),
    ] = "negotiate"
    winrm_scheme: Annotated[
        Literal["https", "http"],
        Field(description="https, or http with a transport that encrypts its messages (not basic or certificate)."),
        Environment("TENTACLE_WINRM_SCHEME"),
    ] = "https"
    winrm_port: Annotated[
        Port | None,
        Field(description="WinRM port of the nodes; 5986 for https and 5985 for http if absent."),
        Environment("TENTACLE_WINRM_PORT"),
    ] = None
    winrm_ca_certificate: Annotated[
        Text | None,
        Field(description="Certificate authority that the nodes' https certificates come from: PEM text, or a file."),
        Environment("TENTACLE_WINRM_CA_CERTIFICATE"),
    ] = None
    winrm_insecure: Annotated[
        Flag,
        Field(description="Do not verify the nodes' https certificates. Anyone in between can then read passwords."),
        Environment("TENTACLE_WINRM_INSECURE"),
    ] = False
    winrm_client_certificate: Annotated[
        Text | None,
        Field(description="Client certificate for the transport certificate: PEM text, or a file."),
        Environment("TENTACLE_WINRM_CLIENT_CERTIFICATE"),
    ] = None
    winrm_client_key: Annotated[
        SecretStr | None,
        Field(description="Private key of the client certificate: PEM text, or a file."),
        Environment("TENTACLE_WINRM_CLIENT_KEY"),
    ] = None
    operation_timeout: Annotated[
        float,
        Field(gt=0, description="Seconds that a node may take to answer a single request."),
        Environment("TENTACLE_OPERATION_TIMEOUT"),
    ] = 60
    connect_timeout: Annotated[
        float,
        Field(gt=0, description="Seconds that a node may take to accept a connection."),
        Environment("TENTACLE_CONNECT_TIMEOUT"),
    ] = 15
    octopus_url: Annotated[
        Text | None,
        Field(description="Address of the Octopus Server, such as https://octopus.example.com."),
        Environment("OCTOPUS_URL"),
    ] = None
    octopus_api_key: Annotated[
        SecretStr | None,
        Field(description="API key of Octopus (API-…). Give this or octopusAccessToken."),
        Environment("OCTOPUS_API_KEY"),
    ] = None
    octopus_access_token: Annotated[
        SecretStr | None,
        Field(description="Access token of Octopus, for instance from OpenID Connect."),
        Environment("OCTOPUS_ACCESS_TOKEN"),
    ] = None
    octopus_ca_certificate: Annotated[
        Text | None,
        Field(
            description="Certificate authority of the Octopus Server's https certificate, if it is not a public one."
        ),
        Environment("OCTOPUS_CA_CERTIFICATE"),
    ] = None
    space: Annotated[
        Text | None,
        Field(description="Space of Octopus, by name or id; its default space if absent."),
        Environment("OCTOPUS_SPACE"),
    ] = None
    delete_unreachable: Annotated[
        Flag,
        Field(
            description="Let a delete go on, with a warning, when a node cannot be reached: what is on that node "
            "stays there."
        ),
        Environment("TENTACLE_DELETE_UNREACHABLE"),
    ] = False

    def rules(self) -> Iterator[tuple[str, str]]:
        """What cannot be right together."""
        if self.winrm_scheme == "http" and self.winrm_transport in ("basic", "certificate"):
            yield (
                "winrmScheme",
                f"plain http with the transport {self.winrm_transport} would send secrets unencrypted; use https, or "
                "a transport that encrypts (negotiate, ntlm, kerberos, credssp)",
            )


def environment_of(alias: str) -> tuple[str, ...]:
    """The environment variables that may give a property."""
    field = next(f for f in ProviderConfig.model_fields.values() if f.alias == alias)
    return next((m.names for m in field.metadata if isinstance(m, Environment)), ())


def load(values: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> ProviderConfig:
    """The configuration from the program's values, completed from the environment.

    Raises:
        InvalidInput: with the key and reason of each wrong value.
    """
    complete = {k: v for k, v in values.items() if v not in (None, "")}
    for p in properties_of(ProviderConfig):
        names = environment_of(p.alias)
        if p.alias not in complete and (given := next((environment[n] for n in names if environment.get(n)), None)):
            complete[p.alias] = given
    return parse(ProviderConfig, complete)
