"""Properties of Certificate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from pulumi_tentacle.resources.model import REPLACES, Inputs, State
from pulumi_tentacle.resources.values import MaybeUnknown, Text


class CertificateInputs(Inputs):
    """What kind of certificate to make."""

    subject: Annotated[
        Text,
        Field(description="Common name in the certificate. Octopus compares thumbprints only, so any name will do."),
        REPLACES,
    ] = "Octopus Tentacle"
    key_bits: Annotated[
        Literal[2048, 3072, 4096],
        MaybeUnknown,
        Field(description="Length of the RSA key in bits: 2048, 3072 or 4096. Tentacle refuses other kinds of key."),
        REPLACES,
    ] = 2048
    validity_years: Annotated[
        Annotated[int, Field(ge=1, le=1000)],
        MaybeUnknown,
        Field(description="For how many years the certificate is valid. Tentacle's own are valid for 100."),
        REPLACES,
    ] = 100


class CertificateState(CertificateInputs, State):
    """The certificate that was made."""

    pfx: Annotated[
        SecretStr,
        Field(
            description="Certificate and private key as PKCS#12 without a password, in base64. Give it to "
            "TentacleInstance as `certificate`."
        ),
    ]
    thumbprint: Annotated[
        str, Field(description="SHA-1 thumbprint as Octopus shows it: 40 upper-case hexadecimal digits.")
    ]
    not_after: Annotated[str, Field(description="Last moment at which the certificate is valid (ISO 8601, UTC).")]
