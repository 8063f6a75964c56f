"""update-trust, server-comms and clear-trusted-servers (tentacle.md §1.6)."""

from __future__ import annotations

from dataclasses import replace

from pulumi_tentacle.lab.tentacle import trust
from pulumi_tentacle.lab.tentacle.command import Run, command
from pulumi_tentacle.lab.tentacle.failures import ControlledFailure, DotNetError, NotModelled
from pulumi_tentacle.lab.tentacle.options import Option


@command(
    "update-trust",
    "Replaces a trusted thumbprint by another one",
    Option("oldThumbprint=", "The thumbprint to replace"),
    Option("newThumbprint=", "The new thumbprint"),
    standard=True,
)
def update_trust(run: Run) -> None:
    old, new = run.options.text("oldThumbprint"), run.options.text("newThumbprint")
    if not old:
        raise ControlledFailure("Please specify a thumbprint to replace, e.g., --oldThumbprint=VALUE")
    if not new:
        raise ControlledFailure("Please specify a new thumbprint to trust, e.g., --newThumbprint=VALUE")
    run.console.info(f"Updating Octopus servers thumbprint from {old} to {new}")
    run.console.info(
        f"Finding existing Octopus Server registrations trusting the thumbprint {old} and updating them to trust the "
        f"thumbprint {new}:"
    )
    servers = trust.load(run.instance.settings)
    for server in servers:
        entry = f"{trust.STYLE_WORDS.get(server.style, '')} {server.address or ''} {server.thumbprint}"
        if server.thumbprint.lower() == old.lower():
            run.console.info(f"Updating {entry} - changing to trust {new}")
        else:
            run.console.info(f"Ignoring {entry} - does not match old thumbprint")
    trust.save(run.instance.settings, [trust.replaced(server, old, new.strip()) for server in servers])
    run.restart_needed = True


@command(
    "server-comms",
    "Configures how the Tentacle communicates with an Octopus Server",
    Option("thumbprint=", "The thumbprint of the Octopus Server"),
    Option("style=", "TentacleActive or TentaclePassive"),
    Option("host=", "The Octopus Server's host name, for TentacleActive"),
    Option("port=", "The Octopus Server's port, for TentacleActive"),
    Option("web-socket=", "The Octopus Server's web socket address, for TentacleActive"),
    standard=True,
)
def server_comms(run: Run) -> None:
    servers = trust.load(run.instance.settings)
    thumbprints = {server.thumbprint for server in servers}
    wanted = run.options.text("thumbprint")
    if not thumbprints:
        raise ControlledFailure(
            "Before server communications can be modified, trust must be established with the configure command"
        )
    if not wanted:
        if len(thumbprints) > 1:
            raise ControlledFailure(
                "More than one server is trusted; please provide the thumbprint of the server to configure, "
                "e.g. --thumbprint=..."
            )
        wanted = next(iter(thumbprints))
    style = next((n for name, n in trust.STYLES.items() if name.lower() == run.options.last("style").lower()), None)
    if style is None:
        raise ControlledFailure("Please specify a valid communications style, e.g. --style=TentaclePassive")
    if wanted not in thumbprints:
        raise ControlledFailure("No trusted server was found with the supplied thumbprint")
    if style == trust.ACTIVE:
        raise NotModelled("polling Tentacles")
    listening = [server for server in servers if server.thumbprint == wanted and server.address is None]
    server = replace(listening[0], style=trust.PASSIVE) if listening else trust.TrustedServer(wanted)
    trust.save(run.instance.settings, trust.add_or_update(servers, server))
    run.restart_needed = True
    run.console.info("Updated server communications configuration")


@command(
    "clear-trusted-servers",
    "Clears the trusted servers",
    Option("keep=", "Addresses of servers to keep, parted by commas"),
    standard=True,
)
def clear_trusted_servers(run: Run) -> None:
    """Fails as soon as one listening entry is there, because it has no address (golden/README.md)."""
    servers = trust.load(run.instance.settings)
    if any(server.address is None for server in servers):
        raise DotNetError("System.NullReferenceException", "Object reference not set to an instance of an object.")
    if servers:
        raise NotModelled("polling Tentacles")
    trust.save(run.instance.settings, [])
