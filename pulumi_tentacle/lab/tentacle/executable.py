"""Tentacle.exe: what every run does before and around its command (tentacle.md §1.0, §6; golden/README.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pulumi_tentacle.lab.node.filesystem import FileError, FolderMissing
from pulumi_tentacle.lab.node.program import Completed, Invocation, program
from pulumi_tentacle.lab.node.unknown import not_known
from pulumi_tentacle.lab.tentacle import commands as commands  # registers them
from pulumi_tentacle.lab.tentacle import installation
from pulumi_tentacle.lab.tentacle.command import COMMANDS, CONFIG, FORMAT_OPTION, INSTANCE, Command, Run
from pulumi_tentacle.lab.tentacle.commands.help import COMMON_OPTIONS, ELSEWHERE, print_help
from pulumi_tentacle.lab.tentacle.console import Console
from pulumi_tentacle.lab.tentacle.failures import RULE, THIN_RULE, ControlledFailure, DotNetError, NotModelled
from pulumi_tentacle.lab.tentacle.index import MACHINE_HOME_VARIABLE, Index
from pulumi_tentacle.lab.tentacle.instance import Request, Selector
from pulumi_tentacle.lab.tentacle.options import Option, parse
from pulumi_tentacle.lab.world import Node

SUCCESS, CONTROLLED, UNKNOWN_COMMAND, GENERAL = 0, 1, 2, 100
SETTINGS_FROM_ENVIRONMENT = "OCTOPUS_CONTRIBUTE_ENV_SETTINGS"
HOST_OPTIONS = (Option("console"), Option("noninteractive"), Option("monitorMutex="))


@dataclass
class Startup:
    """How far a run came before its command: its console, and where its log file is."""

    console: Console = field(default_factory=Console)
    logs: str | None = None
    hosted: bool = False  # the command was about to run: from then on an exit 100 ends with a note about the logs


@program("tentacle.exe")
def tentacle(invocation: Invocation) -> Completed:
    """Run Tentacle.exe once."""
    startup = Startup()
    try:
        exit_code = _run(invocation, startup)
    except NotModelled as missing:
        return not_known(invocation.node, str(missing))
    except ControlledFailure as failure:
        startup.console.error(str(failure), "FATAL")
        exit_code = CONTROLLED
    except (DotNetError, FileError) as error:
        _report(error, startup)
        exit_code = GENERAL
    if startup.logs is not None:
        startup.console.save_log(invocation.node, startup.logs)
    return Completed(exit_code, startup.console.stdout, startup.console.stderr)


def find_instance(invocation: Invocation, arguments: Sequence[str], console: Console) -> tuple[Index, Selector]:
    """The index, and what finds the instance that the arguments name. Raises DotNetError: an option has no value."""
    peeked = parse([INSTANCE, CONFIG], arguments)
    request = Request(peeked.last("instance"), peeked.last("config"))
    index = Index(invocation.node, console, invocation.variable(MACHINE_HOME_VARIABLE))
    return index, Selector(invocation.node, index, request, invocation.folder)


def open_log_folder(node: Node, selector: Selector, startup: Startup) -> None:
    """Create the log folder in the instance's home, for whatever command.

    An instance that cannot be loaded is no failure yet: the command says so if it needs one.

    Raises:
        DotNetError, FileError: the home cannot be read, or lies on a drive that is not there.
    """
    logs = selector.current().logs if selector.can_load() else None
    if logs is not None:
        node.files.make_folder(logs)
        startup.logs = logs


def _run(invocation: Invocation, startup: Startup) -> int:
    installed = installation.at(invocation.node, invocation.program)
    _check_environment(invocation)
    common = parse(COMMON_OPTIONS, invocation.arguments)
    name = common.rest[0].lower().lstrip("-/") if common.rest else ""
    index, selector = find_instance(invocation, common.rest, startup.console)
    try:
        open_log_folder(invocation.node, selector, startup)
    except FolderMissing:
        # By the source every command ends here, list-instances too (tentacle.md §0.1). The record shows that it works
        # (golden/README.md), if perhaps only by a Tentacle.config left in the recording's working folder.
        if name != "list-instances":
            raise
    # With a home the log configuration is read again, which turns the console on again (tentacle.md §1.0).
    startup.console.quiet = common.has("noconsolelogging") and startup.logs is None
    command = COMMANDS.get(name)
    if command is None and name in ELSEWHERE:
        raise NotModelled(f"Tentacle.exe {name}")
    if command is None or common.has("help"):
        startup.hosted = True
        wanted = parse([FORMAT_OPTION], common.rest)
        print_help(startup.console, installed, wanted.rest, wanted.last("format"))
        return UNKNOWN_COMMAND if command is None else SUCCESS
    hosted = parse(HOST_OPTIONS, common.rest[1:])
    startup.hosted = True
    _run_command(command, Run(invocation, installed, startup.console, index, selector, hosted))
    return SUCCESS


def _run_command(command: Command, run: Run) -> None:
    known = command.options(run.installation)
    run.options = parse(known, run.options.rest)
    if run.options.rest and not command.takes_arguments:
        raise ControlledFailure(f"Unrecognized command line arguments: {' '.join(run.options.rest)}")
    run.console.quiet |= command.data_only
    run.console.note(f"==== {command.name} ====")
    run.console.note(f"CommandLine: {' '.join(_masked(run, known))}")
    if command.standard:
        run.selector.current()
    command.body(run)
    if run.restart_needed:
        what = "service" if run.instance.name is None else "Tentacle"
        run.console.warn(f"These changes require a restart of the {what}.")


def _check_environment(invocation: Invocation) -> None:
    temp = invocation.variable("TMP") or invocation.variable("TEMP") or r"C:\Windows"
    if not invocation.node.files.is_folder(temp):
        user = invocation.logon.user.rpartition("\\")[2]
        raise ControlledFailure(
            f"The temp folder '{temp}\\' does not exist. Ensure the user '{user}' has a valid temp folder."
        )
    if (invocation.variable(SETTINGS_FROM_ENVIRONMENT) or "").lower() == "true":
        raise NotModelled("Tentacle's settings from environment variables")


def _masked(run: Run, known: list[Option]) -> list[str]:
    """The command line for the log file: what is secret becomes asterisks."""
    secret = {value for option in known if option.sensitive for value in run.options.all(option.name) if value}
    shown = [run.invocation.program, *run.invocation.arguments]
    for value in sorted(secret, key=len, reverse=True):
        shown = [argument.replace(value, "********") for argument in shown]
    return shown


def _report(error: DotNetError | FileError, startup: Startup) -> None:
    raised = error if isinstance(error, DotNetError) else DotNetError.of(error)
    startup.console.error(RULE)
    startup.console.error(raised.report(), "FATAL")
    if not startup.hosted:
        return
    logs = "\n".join([startup.logs] if startup.logs else [])
    startup.console.error(
        f"{THIN_RULE}\nTerminating process with exit code {GENERAL}\n"
        f"Full error details are available in the log files at:\n{logs}\n"
        f"If you need help, please send these log files to https://octopus.com/support\n{THIN_RULE}\n",
        "FATAL",
    )
