"""Properties of TrustedServer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from pulumi_tentacle.resources.model import REPLACES, Inputs, State
from pulumi_tentacle.resources.references import InstanceReference
from pulumi_tentacle.resources.tentacle_instance.model import Drain
from pulumi_tentacle.resources.values import Thumbprint, known


class TrustedServerInputs(Inputs):
    """What the user wrote."""

    instance: Annotated[InstanceReference, Field(description="`reference` of the TentacleInstance that shall trust.")]
    thumbprint: Annotated[
        Thumbprint,
        Field(description="Thumbprint of the Octopus Server's certificate, 40 hexadecimal digits."),
        REPLACES,
    ]
    drain: Annotated[Drain, Field(description="What happens to deployments before an interruption.")] = Drain()

    def rules(self) -> Iterator[tuple[str, str]]:
        """One owner of the trust list."""
        if known(self.instance) and self.instance.exclusive_trust is True:
            yield (
                "instance",
                "this TentacleInstance has trustedThumbprints, so exactly those are trusted; add the thumbprint there, or "
                "take trustedThumbprints away to manage trust with TrustedServer",
            )


class TrustedServerState(TrustedServerInputs, State):
    """The trust as it is; `instance` again, for others to take."""
