"""How Windows takes a command line apart: an independent model, written from Microsoft's descriptions.

`cmd /?` (what /C does to quotation marks), the parser of cmd.exe (carets, operators) and CommandLineToArgvW.
"""

from __future__ import annotations

import ntpath

OPERATORS = "&|<>()"


class Acted(Exception):
    """cmd.exe would act on a character instead of passing it on."""


def run_by_cmd(line: str, *, wrapped: bool, folder: str | None) -> list[str]:
    """The program that `cmd.exe /C LINE` starts, with its arguments. `wrapped`: WinRM puts marks around the line.

    Which of both WinRM does is not documented.
    """
    plain = _parsed(_after_switch(f'"{line}"' if wrapped else line))
    program, *arguments = _argv(plain)
    return [ntpath.normpath(ntpath.join(folder, program)) if folder else program, *arguments]


def _after_switch(line: str) -> str:
    """Rule 2 of `cmd /?`. Rule 1 keeps the marks of one quoted program without arguments; it does not arise here."""
    if not line.startswith('"'):
        return line
    last = line.rindex('"')
    return line[1:last] + line[last + 1 :]


def _parsed(line: str) -> str:
    kept, quoted, place = "", False, 0
    while place < len(line):
        character = line[place]
        if character == "^" and not quoted:
            place += 1
            kept += line[place]
        elif (character in OPERATORS and not quoted) or character in "%\r\n":
            raise Acted(character)
        else:
            quoted ^= character == '"'
            kept += character
        place += 1
    return kept


def _argv(line: str) -> list[str]:
    if line.startswith('"'):
        program, _, rest = line[1:].partition('"')
    else:
        program, _, rest = line.partition(" ")
    found: list[str] = []
    rest = rest.lstrip(" \t")
    while rest:
        argument, rest = _argument(rest)
        found.append(argument)
        rest = rest.lstrip(" \t")
    return [program, *found]


def _argument(text: str) -> tuple[str, str]:
    """The first argument of `text`, and what follows it."""
    argument, quoted, place = "", False, 0
    while place < len(text) and (quoted or text[place] not in " \t"):
        slashes = len(text) - place - len(text[place:].lstrip("\\"))
        after = text[place + slashes : place + slashes + 1]
        if after == '"':
            argument += "\\" * (slashes // 2)
            if slashes % 2:
                argument += '"'
            else:
                quoted = not quoted
            place += slashes + 1
        elif slashes:
            argument += "\\" * slashes
            place += slashes
        else:
            argument += text[place]
            place += 1
    return argument, text[place:]
