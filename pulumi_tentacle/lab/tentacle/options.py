"""Tentacle's command-line options (tentacle.md §1.0): what is an option, what its value, what is left over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pulumi_tentacle.lab.tentacle.failures import DotNetError

_OPTION = re.compile(r"(--|-|/)([^:=]+)(?:[:=](.*))?", re.DOTALL)
OPTION_EXCEPTION = "Octopus.Tentacle.Internals.Options.OptionException"


@dataclass(frozen=True)
class Option:
    """One option. `prototype`: its names, parted by `|`; with `=` at the end it takes a value.

    `sensitive` values are masked in the log file; `hidden` options are left out of the help.
    """

    prototype: str
    description: str = ""
    sensitive: bool = False
    hidden: bool = False

    @property
    def names(self) -> list[str]:
        return [name.rstrip("=") for name in self.prototype.split("|")]

    @property
    def name(self) -> str:
        return self.names[0]

    @property
    def takes_value(self) -> bool:
        return self.prototype.endswith("=")


@dataclass(frozen=True)
class Parsed:
    """Options as given, by their first name and in the order of the command line; `rest` is what was none."""

    given: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]

    def has(self, name: str) -> bool:
        return any(given == name for given, _ in self.given)

    def all(self, name: str) -> list[str]:
        return [value for given, value in self.given if given == name]

    def last(self, name: str, default: str = "") -> str:
        """The value given last."""
        values = self.all(name)
        return values[-1] if values else default

    def text(self, name: str) -> str:
        """The value given last; a blank one counts as none."""
        value = self.last(name)
        return value if value.strip() else ""


class _Parser:
    def __init__(self, options: Sequence[Option]) -> None:
        self.by_name = {name.lower(): option for option in options for name in option.names}
        self.given: list[tuple[str, str]] = []
        self.rest: list[str] = []
        self.waiting: tuple[Option, str] | None = None  # an option without its value yet, and how it was written

    def read(self, argument: str) -> bool:
        """Whether the argument is an option or the value of one."""
        if self.waiting is not None:  # whatever comes next is the value, even `--something`
            self.given.append((self.waiting[0].name, argument))
            self.waiting = None
            return True
        found = _OPTION.fullmatch(argument)
        if found is None:
            return False
        flag, name, value = found.groups()
        option = self.by_name.get(name.lower())
        if option is not None:
            self._take(option, flag + name, value)
            return True
        if name[-1] in "+-" and name[:-1].lower() in self.by_name:  # a switch turned on or off: both count as given
            self.given.append((self.by_name[name[:-1].lower()].name, argument))
            return True
        return flag == "-" and self._bundle(argument[1:])

    def _take(self, option: Option, written: str, value: str | None) -> None:
        if option.takes_value and value is None:
            self.waiting = (option, written)
        else:
            self.given.append((option.name, value or ""))

    def _bundle(self, letters: str) -> bool:
        """`-bf FILE` or `-fFILE`: several one-letter options behind one dash."""
        for place, letter in enumerate(letters):
            option = self.by_name.get(letter.lower())
            if option is None and place == 0:
                return False
            if option is None:
                raise DotNetError(OPTION_EXCEPTION, f"Cannot bundle unregistered option '-{letter}'.")
            if option.takes_value:
                self._take(option, f"-{letter}", letters[place + 1 :] or None)
                return True
            self._take(option, f"-{letter}", None)
        return True


def parse(options: Sequence[Option], arguments: Iterable[str]) -> Parsed:
    """Take the options out of the arguments.

    Raises:
        DotNetError: the last option has no value.
    """
    parser = _Parser(options)
    only_arguments = False
    for argument in arguments:
        if only_arguments:
            parser.rest.append(argument)
        elif argument == "--":
            only_arguments = True
        elif not parser.read(argument):
            parser.rest.append(argument)
    if parser.waiting is not None:
        raise DotNetError(OPTION_EXCEPTION, f"Missing required value for option '{parser.waiting[1]}'.")
    return Parsed(tuple(parser.given), tuple(parser.rest))
