"""Reads that can be asked together: several queries cost one round trip to the node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pulumi_tentacle.remoting.commands import Pipeline
from pulumi_tentacle.remoting.node import Answer, Node

T = TypeVar("T")


@dataclass(frozen=True)
class Query(Generic[T]):
    """What to ask and how to read the answers; `parse` gets one answer for each pipeline."""

    pipelines: tuple[Pipeline, ...]
    parse: Callable[[Sequence[Answer]], T]


def ask(node: Node, query: Query[T]) -> T:
    """The answer to one query."""
    return query.parse(node.read(*query.pipelines))


def both(*queries: Query[Any]) -> Query[tuple[Any, ...]]:
    """Several queries as one; the answers in their order."""

    def parse(answers: Sequence[Answer]) -> tuple[Any, ...]:
        results, start = [], 0
        for query in queries:
            end = start + len(query.pipelines)
            results.append(query.parse(answers[start:end]))
            start = end
        return tuple(results)

    return Query(tuple(p for query in queries for p in query.pipelines), parse)
