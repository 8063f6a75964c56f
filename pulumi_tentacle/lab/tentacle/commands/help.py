"""help, and what `--help` and an unknown command print (tentacle.md §1.0, §1.6)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pulumi_tentacle.lab.tentacle.command import COMMANDS, FORMAT_OPTION, Command, Run, command
from pulumi_tentacle.lab.tentacle.console import Console
from pulumi_tentacle.lab.tentacle.installation import Installation
from pulumi_tentacle.lab.tentacle.options import Option

COMMON_OPTIONS = (
    Option("nologo", hidden=True),
    Option("noconsolelogging", hidden=True),
    Option("help", "Show detailed help for this command"),
)
ELSEWHERE = {  # commands that the real Tentacle has and the lab refuses
    "deregister-from": "Deregisters this deployment target from an Octopus Server",
    "deregister-worker": "Deregisters this worker from an Octopus Server",
    "extract": "Extracts a NuGet package",
    "livez": "Checks that the agent is alive",
    "migrate-preinstalled-k8s-config": "Migrates a Kubernetes agent's configuration",
    "poll-server": "Configures an Octopus Server to poll",
    "polling-proxy": "Configures the proxy of polling Tentacles",
    "proxy": "Configures the HTTP proxy",
    "register-k8s-cluster": "Registers a Kubernetes cluster (obsolete)",
    "register-k8s-target": "Registers a Kubernetes agent as a deployment target",
    "register-k8s-worker": "Registers a Kubernetes agent as a worker",
    "register-with": "Registers this machine as a deployment target with an Octopus Server",
    "register-worker": "Registers this machine as a worker with an Octopus Server",
    "set-polling-connection-count": "Sets the number of polling connections",
}
_COLUMN = 29


@command("help", "Prints this help text", FORMAT_OPTION, takes_arguments=True, aliases=("h", "?"))
def show_help(run: Run) -> None:
    print_help(run.console, run.installation, run.options.rest, run.options.last("format"))


def print_help(console: Console, installation: Installation, arguments: Sequence[str], output_format: str) -> None:
    """Help for the command that the arguments begin with, or for the whole program."""
    name = arguments[0] if arguments and arguments[0][:1].isalpha() else None
    as_json = output_format.lower() == "json"
    if name is None:
        console.write(_program_json() if as_json else _program_text())
    elif name.lower() not in COMMANDS:
        console.error(f"Command '{name}' is not supported")
        console.write("See 'Tentacle help'\n")
    else:
        known = COMMANDS[name.lower()]
        console.write(_command_json(known, installation) if as_json else _command_text(known, installation))


def _all_commands() -> list[tuple[str, str, list[str]]]:
    own = [(c.name, c.description, list(c.aliases)) for name, c in COMMANDS.items() if name == c.name]
    return sorted([*own, *((name, text, []) for name, text in ELSEWHERE.items())])


def _program_text() -> str:
    entries = "".join(f"  {name:<15}\n   {description}\n" for name, description, _ in _all_commands())
    return (
        "Usage: Tentacle <command> [<options>]\n\nWhere <command> is one of: \n\n"
        f"{entries}\nOr use <command> --help for more details.\n"
    )


def _program_json() -> str:
    entries = [{"Name": name, "Description": text, "Aliases": aliases} for name, text, aliases in _all_commands()]
    return json.dumps({"Commands": entries}, indent=2)


def _command_text(known: Command, installation: Installation) -> str:
    options = "".join(_option_text(option) for option in known.options(installation))
    common = "".join(_option_text(option) for option in COMMON_OPTIONS if not option.hidden)
    return (
        f"Usage: Tentacle {known.name} [<options>]\n\nWhere [<options>] is any of: \n\n{options}\n"
        f"Or one of the common options: \n\n{common}"
    )


def _command_json(known: Command, installation: Installation) -> str:
    def shown(options: Sequence[Option]) -> list[dict[str, str]]:
        return [{"Name": option.name, "Description": option.description} for option in options if not option.hidden]

    return json.dumps(
        {
            "Name": known.name,
            "Description": known.description,
            "Aliases": list(known.aliases),
            "Options": shown(known.options(installation)),
            "CommonOptions": shown(COMMON_OPTIONS),
        },
        indent=2,
    )


def _option_text(option: Option) -> str:
    names = ", ".join(f"-{name}" if len(name) == 1 else f"--{name}" for name in option.names)
    prototype = f"  {'' if len(option.name) == 1 else '    '}{names}{'=VALUE' if option.takes_value else ''}"
    return f"{prototype:<{_COLUMN}}{option.description}\n"
