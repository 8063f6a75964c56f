"""What a simulated native program is written against, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pulumi_tentacle.lab.world import Logon, Node, RunningService

EXPOSED_IN_COMMAND_LINE = "secret in a command line"


@dataclass(frozen=True)
class Invocation:
    """One start of a program: `arguments` as CommandLineToArgvW splits them, without the program itself."""

    node: Node
    logon: Logon
    program: str
    arguments: list[str]
    environment: Mapping[str, str]  # names as given; Windows ignores their case, so look up with `variable`
    folder: str = r"C:\Windows\System32"
    stdin: bytes = b""

    def variable(self, name: str) -> str | None:
        return next((v for k, v in self.environment.items() if k.lower() == name.lower()), None)


@dataclass(frozen=True)
class Completed:
    """What a program left: exit code (unsigned) and its two streams."""

    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""


class ServiceError(Exception):
    """What the service control manager refuses; `code` is the Win32 error (1060, 1072 …), the text is Windows'."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class ServiceStartFailed(ServiceError):
    """The service was not started; most often its process ended before it reached the service control manager (1053)."""


Program = Callable[[Invocation], Completed]
ServiceMain = Callable[[Node, list[str]], RunningService]

PROGRAMS: dict[str, Program] = {}  # by lower-case file name
SERVICE_MAINS: dict[str, ServiceMain] = {}  # by lower-case file name of the service's executable


def program(name: str) -> Callable[[Program], Program]:
    """Register a program by its file name (`tentacle.exe`)."""

    def register(body: Program) -> Program:
        PROGRAMS[name.lower()] = body
        return body

    return register


def service_main(name: str) -> Callable[[ServiceMain], ServiceMain]:
    """Register what runs when the service control manager starts this executable with its arguments."""

    def register(body: ServiceMain) -> ServiceMain:
        SERVICE_MAINS[name.lower()] = body
        return body

    return register


def check_command_line(node: Node, arguments: Iterable[str]) -> None:
    """The tripwire for a secret in arguments that others can read.

    Anyone on the node reads the command lines of programs, auditing keeps them (event 4688), and those of services and
    scheduled tasks stay in the registry.
    """
    for argument in arguments:
        if any(secret and secret in argument for secret in node.estate.secrets):
            node.estate.trip(EXPOSED_IN_COMMAND_LINE, node.name, _without_secrets(node, argument))


def _without_secrets(node: Node, text: str) -> str:
    for secret in sorted(filter(None, node.estate.secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
