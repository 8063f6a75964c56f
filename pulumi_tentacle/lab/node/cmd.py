"""cmd.exe, as far as `cmd /c LINE` needs it: variables, carets, quotes, finding the program, its arguments.

What is not modelled (pipes, redirection, several commands, substrings of variables) is refused, never guessed.
"""

from __future__ import annotations

import ntpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_tentacle.lab.node.program import PROGRAMS, Completed, Invocation, check_command_line
from pulumi_tentacle.lab.node.unknown import not_known
from pulumi_tentacle.lab.world import Logon, Node

MAX_LINE = 8191  # characters; winrm.md §2
SYSTEM_FOLDER = r"C:\Windows\System32"
SYSTEM_PROGRAMS = frozenset(
    f"{name}.exe"
    for name in (
        *("certutil", "cluster", "cmd", "cscript", "fc", "find", "findstr", "hostname", "icacls", "ipconfig"),
        *("klist", "msiexec", "net", "netdom", "netsh", "netstat", "nltest", "nslookup", "ping", "powershell"),
        *("reg", "robocopy", "sc", "schtasks", "setspn", "shutdown", "systeminfo", "taskkill", "tasklist"),
        *("timeout", "w32tm", "wevtutil", "where", "whoami", "wmic", "xcopy"),
    )
)
_BUILTINS = frozenset(
    {
        *("assoc", "call", "cd", "chdir", "cls", "copy", "date", "del", "dir", "echo", "endlocal", "erase", "exit"),
        *("for", "ftype", "goto", "if", "md", "mkdir", "mklink", "move", "path", "pause", "popd", "prompt", "pushd"),
        *("rd", "rem", "ren", "rename", "rmdir", "set", "setlocal", "shift", "start", "time", "title", "type", "ver"),
        *("verify", "vol"),
    }
)
_DYNAMIC = frozenset({"cd", "cmdcmdline", "cmdextversion", "date", "errorlevel", "random", "time"})
_ARGUMENT_PART = re.compile(r'(\\*)"|(.)', re.DOTALL)
_DELIMITERS = " \t,;="
_OPERATORS = "&|<>"


class NotModelled(Exception):
    """Syntax of cmd.exe that the lab does not know; the text says which."""


@dataclass(frozen=True)
class CommandLine:
    """A line after cmd.exe's work: the program as typed (quotes kept) and the text that it gets behind its name."""

    typed: str
    tail: str

    @property
    def program(self) -> str:
        return self.typed.replace('"', "")

    @property
    def arguments(self) -> list[str]:
        return split_arguments(self.tail)


def parse(line: str, environment: Mapping[str, str]) -> CommandLine:
    """Do what cmd.exe does to a line before it starts a program. Raises NotModelled."""
    plain = unescape(expand(line, environment)).lstrip(_DELIMITERS)
    if plain[:1] in ("(", ")", "@", ":"):
        raise NotModelled(f"a line that begins with '{plain[0]}'")
    quoted = False
    for place, character in enumerate(plain):
        quoted ^= character == '"'
        if character in _DELIMITERS and not quoted:
            return CommandLine(plain[:place], plain[place:])
    return CommandLine(plain, "")


def expand(line: str, environment: Mapping[str, str]) -> str:
    """Replace `%NAME%`; what is not set stays as typed (on a command line, other than in a batch file)."""
    values = {name.lower(): value for name, value in environment.items()}
    done, rest = "", line
    while True:
        before, opening, rest = rest.partition("%")
        done += before
        name, closing, after = rest.partition("%")
        if not opening or not closing:
            return done + opening + rest
        name = name.lower()
        if name in values:
            done, rest = done + values[name], after
        elif name in _DYNAMIC or name.partition(":")[0] in values:
            raise NotModelled(f"the variable %{name}%")
        else:
            done += "%"


def unescape(line: str) -> str:
    """Take the carets away that escape something; between quotation marks they are text."""
    kept, quoted, escaped = [], False, False
    for character in line:
        if escaped:
            escaped = False
        elif character == "^" and not quoted:
            escaped = True
            continue
        elif character == '"':
            quoted = not quoted
        elif character in "\r\n" or (character in _OPERATORS and not quoted):
            raise NotModelled(f"the operator {character!r}")
        kept.append(character)
    return "".join(kept)


def split_arguments(tail: str) -> list[str]:
    """Arguments as a Windows program finds them (the rules of Microsoft's C runtime since 2008)."""
    arguments: list[str] = []
    current: str | None = None
    quoted, closed_at = False, -1
    for found in _ARGUMENT_PART.finditer(tail):
        slashes, character = found.groups()
        if character in (" ", "\t") and not quoted:
            if current is not None:
                arguments.append(current)
            current = None
        elif character is not None:
            current = (current or "") + character
        else:
            current = (current or "") + "\\" * (len(slashes) // 2)
            if len(slashes) % 2:
                current += '"'
                continue
            if not quoted and found.start() == closed_at:  # "" between quotation marks is one
                current += '"'
            quoted, closed_at = not quoted, found.end()
    return arguments if current is None else [*arguments, current]


def run(node: Node, logon: Logon, line: str, environment: Mapping[str, str], folder: str, stdin: bytes) -> Completed:
    """`cmd /c LINE` on the node: find the program, run its model, and note it in `node.commands`."""
    if len(line) > MAX_LINE:
        return Completed(1, stderr="The command line is too long.\r\n")
    try:
        parsed = parse(line, environment)
    except NotModelled as error:
        return not_known(node, f"cmd.exe's syntax: {error}")
    found = _find(node, parsed.program, environment, folder)
    if found is None:
        stderr = (
            f"'{parsed.typed}' is not recognized as an internal or external command,\r\n"
            "operable program or batch file.\r\n"
        )
        return Completed(1, stderr=stderr)
    name = ntpath.basename(found).lower()
    model = PROGRAMS.get(name)
    if model is None:
        return not_known(node, f"the program {name}")
    with node.estate.lock:
        node.commands.append([found, *parsed.arguments])
        check_command_line(node, [" ".join(parsed.arguments)])
        return model(Invocation(node, logon, found, parsed.arguments, environment, folder, stdin))


def _find(node: Node, program: str, environment: Mapping[str, str], folder: str) -> str | None:
    """The full path of the program (or the builtin's name), or None."""
    names = [program] if ntpath.splitext(program)[1] else [program, f"{program}.exe"]
    if program.lower() in _BUILTINS:
        return program.lower()
    path = next((value for name, value in environment.items() if name.lower() == "path"), "")
    if ntpath.dirname(program):
        folders = [folder]
    else:
        folders = [folder, SYSTEM_FOLDER, *(entry.strip('"') for entry in path.split(";") if entry)]
    candidates = (ntpath.normpath(ntpath.join(place, name)) for place in folders for name in names)
    return next((candidate for candidate in candidates if _exists(node, candidate)), None)


def _exists(node: Node, path: str) -> bool:
    folder, name = ntpath.split(path)
    if folder.lower() == SYSTEM_FOLDER.lower() and name.lower() in SYSTEM_PROGRAMS:
        return True
    return bool(ntpath.splitext(name)[1]) and node.files.is_file(path)
