"""How Tentacle.exe fails: in control (exit 1), by an exception (exit 100), or because the lab has no model."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_tentacle.lab.node.files import dotnet_exception
from pulumi_tentacle.lab.node.filesystem import FileError

RULE, THIN_RULE = "=" * 79, "-" * 79

FORMAT = "System.FormatException"
ARGUMENT = "System.ArgumentException"
CRYPTOGRAPHIC = "System.Security.Cryptography.CryptographicException"
INVALID_OPERATION = "System.InvalidOperationException"


class ControlledFailure(Exception):
    """A failure that Tentacle explains itself: exit 1, and its text is all that stderr says."""


class NotModelled(Exception):
    """Neither record nor reference says what Tentacle would do; the text names it."""


@dataclass(frozen=True)
class Advice:
    """What Tentacle says in place of an exception that it knows (ExceptionKnowledgeBase)."""

    summary: str
    help_text: str
    link: str

    def __str__(self) -> str:
        return f"{self.summary}\n{THIN_RULE}\n{self.help_text}\nSee: {self.link}"


class DotNetError(Exception):
    """An exception that ends Tentacle with exit 100; `str()` is its message."""

    def __init__(
        self, type_name: str, message: str, inner: DotNetError | None = None, advice: Advice | None = None
    ) -> None:
        super().__init__(message)
        self.type_name = type_name
        self.inner = inner
        self.advice = advice

    @classmethod
    def of(cls, error: FileError) -> DotNetError:
        """The exception that .NET makes of a file operation that Windows refuses."""
        return cls(dotnet_exception(error), str(error))

    def report(self) -> str:
        """What stderr says below the rule: the advice, or message and type of each exception of the chain.

        The real report has stack traces too; no record holds one.
        """
        if self.advice is not None:
            return str(self.advice)
        own = f"{self}\n{self.type_name}"
        return own if self.inner is None else f"{own}\n\n--Inner Exception--\n{self.inner.report()}"
