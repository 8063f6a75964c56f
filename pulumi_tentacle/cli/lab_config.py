"""`pulumi-tentacle lab config`: the running lab's addresses and secrets into a stack's configuration."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from pulumi_tentacle.cli.lab_state import StateOption, fail, running

ROLE_NAME = "TENTCL"


@dataclass(frozen=True)
class Setting:
    """One configuration value of a stack."""

    key: str
    value: str
    secret: bool = False

    @property
    def shown(self) -> str:
        """The value for a person: a secret masked, a long text by its first line."""
        first, _, more = self.value.partition("\n")
        return "[secret]" if self.secret else f"{first} …" if more else first


def config(
    stack: Annotated[str, typer.Option(help="The stack to configure.")],
    project: Annotated[Path, typer.Option(help="The folder of the Pulumi project.")] = Path(),
    pulumi: Annotated[str, typer.Option(help="The pulumi command.")] = "pulumi",
    state: StateOption = Path(".tentacle-lab"),
) -> None:
    """Write the running lab's addresses and secrets into a stack's configuration, and show what was set."""
    document = running(state)
    wanted = settings(document, Path(document["ca"]).read_text(encoding="utf-8"))
    base = [pulumi, "--cwd", str(project), "--stack", stack, "--non-interactive", "config"]
    plain = [argument for s in wanted if not s.secret for argument in ("--plaintext", f"{s.key}={s.value}")]
    _run([*base, "set-all", *plain])
    for setting in wanted:
        if setting.secret:  # by standard input: a command line can be read by others
            _run([*base, "set", "--secret", setting.key], setting.value)
    for setting in wanted:
        typer.echo(f"{setting.key} = {setting.shown}")


def settings(document: dict[str, Any], ca: str) -> list[Setting]:
    """What the examples read: the provider's own keys, and the project's for nodes, disk, role and installer."""
    administrator = next(user for user in document["users"] if not user["local"])
    installer = document["installers"][-1]
    found = [
        Setting("tentacle:winrmUsername", administrator["name"]),
        Setting("tentacle:winrmPassword", administrator["password"], secret=True),
        Setting("tentacle:winrmCaCertificate", ca),
        # The nodes' names are known to the lab alone; this machine reaches them by address.
        Setting("nodes", json.dumps([node["address"] for node in document["nodes"]])),
        Setting("roleName", ROLE_NAME),
        Setting("roleAddress", document["roleAddress"]),
        Setting("installerUrl", installer["url"]),
        Setting("installerVersion", installer["version"]),
        Setting("installerSha256", installer["sha256"]),
    ]
    if document["octopus"]:
        found.append(Setting("tentacle:octopusUrl", document["octopus"]["url"]))
        found.append(Setting("tentacle:octopusApiKey", document["octopus"]["apiKey"], secret=True))
    if document["disks"]:
        found.append(Setting("diskSerialNumber", document["disks"][0]["serialNumber"]))
    return found


def _run(command: list[str], given: str | None = None) -> None:
    try:
        done = subprocess.run(command, input=given, text=True, capture_output=True)
    except FileNotFoundError:
        fail(f"there is no command {command[0]}; say where pulumi is with --pulumi")
    if done.returncode:
        fail(f"`pulumi config` failed:\n{done.stderr.strip() or done.stdout.strip()}")
