"""Command lines of processes, taken apart as Windows does."""

from __future__ import annotations

from pulumi_tentacle.lab.node.cmd import split_arguments


def split(command_line: str) -> list[str]:
    """The program and its arguments (CommandLineToArgvW): in the program's name backslashes are never escapes."""
    rest = command_line.lstrip(" \t")
    if rest.startswith('"'):
        program, _, rest = rest[1:].partition('"')
    else:
        place = next((n for n, character in enumerate(rest) if character in " \t"), len(rest))
        program, rest = rest[:place], rest[place:]
    return [program, *split_arguments(rest)]
