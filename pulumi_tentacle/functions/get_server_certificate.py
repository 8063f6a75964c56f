"""getServerCertificate: which Octopus Server a Tentacle must trust."""

from __future__ import annotations

from importlib import resources
from typing import Annotated

from pydantic import Field

from pulumi_tentacle.functions.function import Function
from pulumi_tentacle.octopus import server
from pulumi_tentacle.resources.model import Model
from pulumi_tentacle.resources.resource import Run


class GetServerCertificateArguments(Model):
    """None: the server is the one of the provider's configuration."""


class ServerCertificate(Model):
    """The certificate of the Octopus Server."""

    thumbprint: Annotated[
        str, Field(description="SHA-1 thumbprint, 40 upper-case hexadecimal digits: what TrustedServer takes.")
    ]
    name: Annotated[str, Field(description="Name of the certificate in Octopus.")]


class GetServerCertificate(Function[GetServerCertificateArguments, ServerCertificate]):
    """Looks the certificate up in Octopus."""

    token = "tentacle:index:getServerCertificate"
    arguments = GetServerCertificateArguments
    answer = ServerCertificate
    documentation = (
        resources.files("pulumi_tentacle.functions").joinpath("get_server_certificate.md").read_text(encoding="utf-8")
    )

    def call(self, run: Run, arguments: GetServerCertificateArguments) -> ServerCertificate:
        """Ask Octopus Server. Raises TentacleError."""
        found = server.certificate(run.octopus())
        return ServerCertificate(thumbprint=found.thumbprint, name=found.name)
