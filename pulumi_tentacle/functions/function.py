"""What every function is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from pulumi_tentacle.resources.model import Model
from pulumi_tentacle.resources.resource import Run

Args = TypeVar("Args", bound=Model)
Answer = TypeVar("Answer", bound=Model)


class Function(ABC, Generic[Args, Answer]):
    """One function of the provider."""

    token: ClassVar[str]
    arguments: type[Args]
    answer: type[Answer]
    documentation: ClassVar[str]

    @abstractmethod
    def call(self, run: Run, arguments: Args) -> Answer:
        """Look it up. Raises TentacleError."""


AnyFunction = Function[Any, Any]
