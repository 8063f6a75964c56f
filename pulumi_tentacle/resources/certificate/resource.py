"""Certificate: a key and a self-signed certificate, made where the provider runs. It touches no machine."""

from __future__ import annotations

from pydantic import SecretStr

from pulumi_tentacle.errors import NotFound
from pulumi_tentacle.resources.certificate.model import CertificateInputs, CertificateState
from pulumi_tentacle.resources.documentation import documentation
from pulumi_tentacle.resources.resource import Found, Gone, Resource, Run
from pulumi_tentacle.tentacle import certificates


class CertificateResource(Resource[CertificateInputs, CertificateState]):
    """One certificate for all nodes of an instance."""

    token = "tentacle:index:Certificate"
    inputs = CertificateInputs
    state = CertificateState
    documentation = documentation(__package__)
    delete_before_replace = False

    def create(self, run: Run, inputs: CertificateInputs) -> tuple[str, CertificateState]:
        """Make key and certificate."""
        run.progress("making key and certificate")
        made = certificates.make(inputs.subject, inputs.key_bits, inputs.validity_years)
        state = CertificateState(
            **inputs.model_dump(),
            pfx=SecretStr(made.pfx),
            thumbprint=made.thumbprint,
            not_after=made.not_after.isoformat(),
        )
        return made.thumbprint, state

    def read(
        self, run: Run, id: str, inputs: CertificateInputs | None, state: CertificateState | None
    ) -> Found[CertificateInputs, CertificateState] | Gone:
        """The state is the certificate: there is nothing else to look at.

        Raises:
            NotFound: an import; no machine gives a private key back.
        """
        if inputs is None or state is None:
            raise NotFound(
                "A Certificate cannot be imported: no machine gives its private key back. Give an existing PFX to "
                "TentacleInstance as `certificate` (base64, a secret) instead."
            )
        return Found(id, inputs, state)

    def repair(self, run: Run, id: str, inputs: CertificateInputs, state: CertificateState) -> CertificateState:
        """Nothing can be missing of it."""
        return state

    def delete(self, run: Run, id: str, state: CertificateState) -> None:
        """It goes with its state."""
