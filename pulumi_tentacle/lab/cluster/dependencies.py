"""Dependency expressions: "ANDs of ORs" over resources, as Set-ClusterResourceDependency takes and Get shows them.

Grammar: ApiSetResourceDependencyExpression of [MS-CMRP] 3.1.4.2.109, and `[A] and [B]` without parentheses, which the
cmdlet's documentation uses (windows-cluster.md §1.5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

Expression = tuple[tuple[T, ...], ...]
"""Every inner tuple needs one member online; the empty tuple needs nothing."""

TOKEN = re.compile(r"\s*(?:\[(?P<name>[^\]]+)\]|(?P<word>\(|\)|and\b|or\b))", re.IGNORECASE)


class BadExpression(ValueError):
    """The text is no dependency expression."""


def parse(text: str, find: Callable[[str], T]) -> Expression[T]:
    """Read `([A]) and ([B] or [C])`. `find` turns a name or id into a resource; what it raises goes through."""
    tokens = _tokens(text)
    if not tokens:
        return ()
    clauses: list[tuple[T, ...]] = []
    position = 0
    while True:
        names, position = _clause(tokens, position)
        clauses.append(tuple(find(name) for name in names))
        if position == len(tokens):
            return tuple(clauses)
        if tokens[position] != "and":
            raise BadExpression(text)
        position += 1


def render(expression: Expression[T], name: Callable[[T], str]) -> str:
    """As Get-ClusterResourceDependency shows it; the empty string when there is none."""
    return " and ".join("(" + " or ".join(f"[{name(member)}]" for member in clause) + ")" for clause in expression)


def satisfied(expression: Expression[T], is_online: Callable[[T], bool]) -> bool:
    return all(any(is_online(member) for member in clause) for clause in expression)


def members(expression: Expression[T]) -> Iterable[T]:
    return (member for clause in expression for member in clause)


def without(expression: Expression[T], removed: T) -> Expression[T]:
    """The expression after `removed` is taken out; a clause that gets empty goes."""
    clauses = (tuple(member for member in clause if member is not removed) for clause in expression)
    return tuple(clause for clause in clauses if clause)


def _tokens(text: str) -> list[str]:
    """Names keep their bracket in front, words are lower case."""
    tokens: list[str] = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = TOKEN.match(stripped, position)
        if match is None:
            raise BadExpression(text)
        tokens.append("[" + match["name"] if match["name"] else match["word"].lower())
        position = match.end()
    return tokens


def _clause(tokens: list[str], start: int) -> tuple[list[str], int]:
    """The names of one clause and the position after it. `[A] or [B]` needs parentheses only beside an `and`."""
    position = start
    grouped = position < len(tokens) and tokens[position] == "("
    position += grouped
    names: list[str] = []
    while True:
        if position == len(tokens) or not tokens[position].startswith("["):
            raise BadExpression(" ".join(tokens))
        names.append(tokens[position][1:])
        position += 1
        if position == len(tokens) or tokens[position] != "or":
            break
        position += 1
    if grouped:
        if position == len(tokens) or tokens[position] != ")":
            raise BadExpression(" ".join(tokens))
        position += 1
    elif len(names) > 1 and (start > 0 or position < len(tokens)):
        raise BadExpression(" ".join(tokens))
    return names, position
