"""Labs for tests with the real engine, and what `pulumi-tentacle lab config` would put into a stack."""

from __future__ import annotations

from pathlib import Path

from pulumi_tentacle.cli.lab_config import settings
from pulumi_tentacle.lab.server import Lab
from tests.engine.runner import Secret


def configuration(lab: Lab) -> dict[str, str]:
    """The configuration of a stack for this lab; secrets are marked."""
    document = lab.document()
    found = settings(document, Path(document["ca"]).read_text(encoding="utf-8"))
    return {s.key: Secret(s.value) if s.secret else s.value for s in found}
