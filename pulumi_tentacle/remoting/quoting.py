"""A program and its arguments as one line for cmd.exe, which WinRM's command shell always goes through.

Three readers take the line apart: `cmd.exe /c`, which strips quotation marks if the line begins with one; cmd.exe's
parser, to which `& | < > ^ ( )` mean something outside quotation marks; and the program's own C runtime
(CommandLineToArgvW). What cannot be brought through all three in one certain way is refused.
"""

from __future__ import annotations

import ntpath
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from subprocess import list2cmdline

from pulumi_tentacle.errors import InvalidInput

MAX_LINE = 8000  # characters; cmd.exe takes 8191 with its own name and switch before them (winrm.md §2)
_MAX_VARIABLE = 32766  # characters of an environment variable
_OPERATORS = frozenset("&|<>^()")
_PLAIN_PROGRAM = re.compile(r"[\w.:\\-]+")


@dataclass(frozen=True)
class CommandLine:
    """A line for cmd.exe and the folder in which it must be run; None for the shell's default."""

    line: str
    folder: str | None


def command_line(program: str, arguments: Sequence[str]) -> CommandLine:
    """The line that starts `program` with exactly these arguments.

    A line must not begin with a quotation mark, so a program whose path holds blanks is run as `.\\NAME` in its own
    folder (vividus-framework/vividus#3189: WinRM answers "'C:\\Program' is not recognized" to a quoted path).

    Raises:
        InvalidInput: a part that cannot be passed on unchanged; its value is not quoted in the text.
    """
    _check(program, "the program's path")
    for number, argument in enumerate(arguments, 1):
        _check(argument, f"argument {number}")
        if '"' in argument and not _OPERATORS.isdisjoint(argument):
            raise _refused(f"argument {number}", "a quotation mark together with one of & | < > ^ ( )")
    word, folder = _program(program)
    line = _escape(" ".join([word, list2cmdline(arguments)]) if arguments else word)
    if len(line) > MAX_LINE:
        raise InvalidInput(
            [("", f"a command line for {ntpath.basename(program)} is longer than {MAX_LINE} characters")]
        )
    return CommandLine(line, folder)


def check_environment(name: str, value: str) -> None:
    """Raises InvalidInput for a variable that cannot be set; its value is not quoted in the text."""
    if not name or "=" in name or _unprintable(name):
        raise InvalidInput([("", f"an environment variable cannot be named {name!r}")])
    if _unprintable(value):
        raise _refused(f"the environment variable {name}", "a line break or a control character")
    if len(value) > _MAX_VARIABLE:
        raise InvalidInput([("", f"the environment variable {name} is longer than {_MAX_VARIABLE} characters")])


def _program(path: str) -> tuple[str, str | None]:
    """The word that starts the program, and the folder to be in."""
    if _PLAIN_PROGRAM.fullmatch(path):
        return path, None
    folder, name = ntpath.split(path)
    if not _PLAIN_PROGRAM.fullmatch(name) or not re.match(r"[A-Za-z]:\\", folder):
        raise _refused(f"the program's path {path}", "blanks or special characters in a place that cmd.exe cannot read")
    return rf".\{name}", folder


def _escape(line: str) -> str:
    """Carets before what cmd.exe would act on; it sees quotation marks only, not the backslashes before them."""
    escaped, quoted = [], False
    for character in line:
        if character in _OPERATORS and not quoted:
            escaped.append("^")
        quoted ^= character == '"'
        escaped.append(character)
    return "".join(escaped)


def _check(text: str, what: str) -> None:
    if "%" in text:
        raise _refused(what, "a percent sign, which cmd.exe takes for a variable")
    if _unprintable(text):
        raise _refused(what, "a line break or a control character")


def _unprintable(text: str) -> bool:
    return any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in "\ufffe\uffff" for c in text)


def _refused(what: str, why: str) -> InvalidInput:
    return InvalidInput([("", f"{what} cannot be passed to a program on a node: it holds {why}")])
