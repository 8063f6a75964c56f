"""What a command of Tentacle.exe is written against, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pulumi_tentacle.lab.node.program import Invocation
from pulumi_tentacle.lab.tentacle.console import Console
from pulumi_tentacle.lab.tentacle.failures import ControlledFailure
from pulumi_tentacle.lab.tentacle.index import Index
from pulumi_tentacle.lab.tentacle.installation import Installation
from pulumi_tentacle.lab.tentacle.instance import Instance, Selector
from pulumi_tentacle.lab.tentacle.options import Option, Parsed
from pulumi_tentacle.lab.world import Node

INSTANCE = Option("instance=", "Name of the instance to use")
CONFIG = Option("config=", "Configuration file to use")
FORMAT_OPTION = Option("format=", "The format of the output (text,json). Defaults to text.")


@dataclass
class Run:
    """One run of a command: what it was given, and where it works."""

    invocation: Invocation
    installation: Installation
    console: Console
    index: Index
    selector: Selector
    options: Parsed
    restart_needed: bool = field(default=False, init=False)

    @property
    def node(self) -> Node:
        return self.invocation.node

    @property
    def instance(self) -> Instance:
        return self.selector.current()

    def output_format(self) -> str:
        """`text` or `json`. Raises ControlledFailure for any other."""
        wanted = self.options.last("format", "text")
        if wanted.lower() not in ("text", "json"):
            raise ControlledFailure(f"The format '{wanted}' is not supported. Try text or json.")
        return wanted.lower()


Body = Callable[[Run], None]


@dataclass(frozen=True)
class Command:
    """A command. `standard`: it is about one instance, by `--instance` or `--config`, and needs it loaded.

    `data_only`: stdout is data, so information is not shown there. `takes_arguments`: what is no option is an argument.
    """

    name: str
    description: str
    body: Body
    own_options: Callable[[Installation], Sequence[Option]]
    standard: bool
    data_only: bool
    takes_arguments: bool
    aliases: tuple[str, ...]

    def options(self, installation: Installation) -> list[Option]:
        """The options that this version of Tentacle knows."""
        common = [INSTANCE, CONFIG] if self.standard else []
        return [*common, *self.own_options(installation)]


COMMANDS: dict[str, Command] = {}  # by name and by alias


def command(
    name: str,
    description: str,
    *options: Option,
    by_version: Callable[[Installation], Sequence[Option]] | None = None,
    standard: bool = False,
    data_only: bool = False,
    takes_arguments: bool = False,
    aliases: tuple[str, ...] = (),
) -> Callable[[Body], Body]:
    """Register a command of Tentacle.exe. `by_version` adds options that not every version has."""

    def own_options(installation: Installation) -> Sequence[Option]:
        return [*options, *(by_version(installation) if by_version else ())]

    def register(body: Body) -> Body:
        entry = Command(name, description, body, own_options, standard, data_only, takes_arguments, aliases)
        COMMANDS.update(dict.fromkeys((name, *aliases), entry))
        return body

    return register
