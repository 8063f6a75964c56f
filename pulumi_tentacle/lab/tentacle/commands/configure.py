"""configure (tentacle.md §1.2): each setting is saved as it is set; hardly anything is checked."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from pulumi_tentacle.lab.tentacle import trust
from pulumi_tentacle.lab.tentacle.command import Run, command
from pulumi_tentacle.lab.tentacle.failures import FORMAT, ControlledFailure, DotNetError
from pulumi_tentacle.lab.tentacle.installation import POLLING_CONNECTION_COUNT, Installation
from pulumi_tentacle.lab.tentacle.options import Option
from pulumi_tentacle.lab.tentacle.settings import (
    APPLICATION_DIRECTORY,
    HOME,
    LISTEN_IP,
    NO_LISTEN,
    POLLING_CONNECTIONS,
    PORT,
    parse_boolean,
    parse_integer,
)


def _by_version(installation: Installation) -> list[Option]:
    if not installation.at_least(POLLING_CONNECTION_COUNT):
        return []
    return [Option("pollingConnectionCount=", "How many connections a polling Tentacle opens to each Octopus Server")]


@command(
    "configure",
    "Sets Tentacle settings such as the port number and thumbprints",
    Option("home=|homedir=", "Home directory"),
    Option("app=|appdir=", "Directory to deploy applications to"),
    Option("port=", "TCP port to listen on"),
    Option("noListen=", "Do not listen on a TCP port (for polling Tentacles)"),
    Option("listenIpAddress=", "IP address to listen on, or any"),
    Option("trust=", "Thumbprint of the Octopus Server to trust"),
    Option("remove-trust=", "Thumbprint of the Octopus Server not to trust any more"),
    Option("reset-trust", "Removes all trusted Octopus Servers"),
    by_version=_by_version,
    standard=True,
)
def configure(run: Run) -> None:
    _change_trust(run)
    for name, value in run.options.given:
        if name in _SETTERS:
            _SETTERS[name](run, value)
            run.restart_needed = True


def _change_trust(run: Run) -> None:
    settings = run.instance.settings
    removed, added = run.options.all("remove-trust"), run.options.all("trust")
    if run.options.has("reset-trust"):
        run.console.info("Removing all trusted Octopus Servers...")
        trust.save(settings, [])
    if removed:
        run.console.info(f"Removing {len(removed)} trusted Octopus Servers")
    for thumbprint in removed:
        trust.save(settings, trust.without(trust.load(settings), thumbprint))
    if added:
        run.console.info(f"Adding {len(added)} trusted Octopus Servers")
    for thumbprint in added:
        server = trust.TrustedServer(trust.checked_thumbprint(thumbprint))
        trust.save(settings, trust.add_or_update(trust.load(settings), server))
    run.restart_needed = run.options.has("reset-trust") or bool(removed or added)


def _set_home(run: Run, value: str) -> None:
    full = run.selector.full_path(value)
    run.node.files.make_folder(full)
    run.instance.settings.set(HOME, full)
    run.console.info(f"Home directory set to: {full}")


def _set_application_directory(run: Run, value: str) -> None:
    full = run.selector.full_path(value)
    run.node.files.make_folder(full)
    run.instance.settings.set(APPLICATION_DIRECTORY, full)
    run.console.info(f"Application directory set to: {full}")


def _set_port(run: Run, value: str) -> None:
    run.instance.settings.set(PORT, str(parse_integer(value)))
    run.console.info(f"Services listen port: {value}")


def _set_no_listen(run: Run, value: str) -> None:
    no_listen = parse_boolean(value)
    run.instance.settings.set(NO_LISTEN, str(no_listen).lower())
    run.console.info(f"Tentacle will {'not listen on a port' if no_listen else 'listen on a TCP port'}")


def _set_listen_address(run: Run, value: str) -> None:
    if value.lower() == "any":
        run.instance.settings.set(LISTEN_IP, None)
        run.console.info("Listen on any IP address")
        return
    try:
        parsed = ipaddress.ip_address(value)
    except ValueError:
        cause = DotNetError("System.Net.Sockets.SocketException", "An invalid argument was supplied")
        raise DotNetError(FORMAT, "An invalid IP address was specified.", cause) from None
    run.instance.settings.set(LISTEN_IP, value)
    run.console.info(f"Listen on IP address: {parsed}")


def _set_polling_connections(run: Run, value: str) -> None:
    try:
        count = parse_integer(value)
    except DotNetError:
        raise ControlledFailure(
            f"The polling connection count '{value}' is not a valid whole number. Specify a positive integer, "
            "e.g. --pollingConnectionCount=5"
        ) from None
    if count < 1:
        raise ControlledFailure(f"The polling connection count must be greater than 0, but was {count}.")
    run.instance.settings.set(POLLING_CONNECTIONS, str(count))
    run.console.info(f"Polling connection count set to: {count}")


_SETTERS: dict[str, Callable[[Run, str], None]] = {
    "home": _set_home,
    "app": _set_application_directory,
    "port": _set_port,
    "noListen": _set_no_listen,
    "listenIpAddress": _set_listen_address,
    "pollingConnectionCount": _set_polling_connections,
}
