"""show-configuration and version (tentacle.md §1.4, §1.6)."""

from __future__ import annotations

import json

from pulumi_tentacle.lab.tentacle import certificates, trust
from pulumi_tentacle.lab.tentacle.command import FORMAT_OPTION, Run, command
from pulumi_tentacle.lab.tentacle.commands.watchdog import Watchdog
from pulumi_tentacle.lab.tentacle.console import lines
from pulumi_tentacle.lab.tentacle.failures import NotModelled
from pulumi_tentacle.lab.tentacle.installation import POLLING_CONNECTION_COUNT
from pulumi_tentacle.lab.tentacle.options import Option
from pulumi_tentacle.lab.tentacle.settings import LISTEN_IP, NO_LISTEN, POLLING_CONNECTIONS

_SERVER_OPTIONS = (
    Option("server=", "The Octopus Server"),
    Option("apiKey=", "API key", sensitive=True),
    Option("bearerToken=", "Bearer token", sensitive=True),
    Option("u|username=|user=", "User name"),
    Option("p|password=", "Password", sensitive=True),
)


@command(
    "show-configuration",
    "Outputs the Tentacle configuration",
    Option("file=", "Write the configuration to a file"),
    Option("space=", "The space that the Tentacle belongs to"),
    *_SERVER_OPTIONS,
    standard=True,
    data_only=True,
)
def show_configuration(run: Run) -> None:
    if any(run.options.has(option.name) for option in _SERVER_OPTIONS):
        raise NotModelled("show-configuration with what the Octopus Server knows")
    settings = run.instance.settings
    identity = certificates.installed(run.node, settings)
    communication: dict[str, object] = {
        "TrustedOctopusServers": [server.as_json() for server in trust.load(settings)],
    }
    if run.installation.at_least(POLLING_CONNECTION_COUNT):
        communication = {"PollingConnectionCount": settings.integer(POLLING_CONNECTIONS), **communication}
    configuration = {
        "Octopus": {"Home": run.instance.home, "Watchdog": Watchdog.of(run.node).as_json()},
        "Tentacle": {
            "CertificateThumbprint": identity.thumbprint if identity else None,
            "Communication": communication,
            "Deployment": {"ApplicationDirectory": settings.application_directory},
            "Services": {
                "ListenIP": settings.text(LISTEN_IP),
                "NoListen": settings.boolean(NO_LISTEN),
                "PortNumber": settings.port,
            },
        },
    }
    text = json.dumps(configuration, indent=2, ensure_ascii=False)
    file = run.options.text("file")
    if file:
        run.node.files.write(run.selector.full_path(file), lines(text).encode())
    else:
        run.console.write(text + "\n")


@command("version", "Shows the version of Tentacle", FORMAT_OPTION)
def version(run: Run) -> None:
    number = run.installation.version
    if run.output_format() == "text":
        run.console.write(number)
        return
    shown = {
        "InformationalVersion": number,
        "MajorMinorPatch": number.partition("-")[0],
        "NuGetVersion": number,
        "SourceBranchName": "UNKNOWNBRANCH",  # of a build from source; what a release says is not recorded
        "IsPrerelease": "-" in number,
    }
    run.console.write(json.dumps(shown, indent=2))
