"""What a simulated cmdlet is written against.

A cmdlet is a generator function over a `Call`; what it yields goes down the pipeline. It is found by its name
in `CMDLETS`. A constant script of the product is found in `SCRIPTS` by the SHA-256 of its text: a changed
script is refused until its model here has been looked at again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.world import Logon, Node

RUNTIME_EXCEPTION = "System.Management.Automation.RuntimeException"
GENERIC_HRESULT = -2146233087  # COR_E_SYSTEM's 0x80131501: what a plain managed exception carries


@dataclass(frozen=True)
class Enum:
    """A .NET enum value: its type, its name and its number."""

    type_name: str
    name: str
    number: int

    def __str__(self) -> str:
        return self.name


@dataclass
class Live:
    """A live .NET object on the node, as it goes down the pipeline.

    `properties` are typed values (str, int, bool, psrpcore's sized integers, Enum, datetime, list, dict, Live,
    None); `entity` is the thing of the world behind it, for the next cmdlet of the pipeline; `setters` are
    called by `ForEach-Object -MemberName set_X -ArgumentList value`; `methods` by their name.
    """

    type_names: tuple[str, ...]
    text: str
    properties: dict[str, Any]
    entity: Any = None
    setters: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    methods: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Failure:
    """What an error record says. `hresult` and `exception` belong to the .NET exception in it."""

    message: str
    error_id: str  # the full FQID is "error_id,class name" where the engine adds the cmdlet's class
    category: ErrorCategory
    target: object = None
    exception: str = RUNTIME_EXCEPTION
    hresult: int = GENERIC_HRESULT
    inner: str | None = None


class Call(Protocol):
    """One command of a running pipeline, as the cmdlet sees it (the engine implements it)."""

    name: str
    node: Node
    logon: Logon
    parameters: dict[str, Any]
    """Bound parameters by their declared name, converted; a switch that is on is True; unbound ones are absent."""
    input: Iterator[Any] | None
    """What the command before yields; None for the first command without input."""

    def error(self, failure: Failure) -> None:
        """Write a non-terminating error (-ErrorAction Stop makes it terminating, SilentlyContinue hides it)."""

    def throw(self, failure: Failure) -> NoReturn:
        """End the statement with a terminating error."""

    def warning(self, message: str) -> None: ...


Conversion = Callable[[Any], Any]


def text(value: Any) -> str | None:
    """[string]: null stays null here, for the cmdlet to refuse."""
    return None if value is None else str(value)


def texts(value: Any) -> list[str]:
    """[string[]] and StringCollection: one value becomes a list of one."""
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def integer(value: Any) -> int:
    return int(value)


def integers(value: Any) -> list[int]:
    return [int(v) for v in value] if isinstance(value, list) else [int(value)]


def boolean(value: Any) -> bool:
    """[bool]: true, false or a number; a string is refused as PowerShell does."""
    if isinstance(value, str):
        raise ValueError(f'Cannot convert value "{value}" to type "System.Boolean".')
    return bool(value)


def switch(value: Any) -> bool:
    """[switch]: given null it is on (golden/psrp.md)."""
    return True if value is None else bool(value)


def anything(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Parameter:
    """A declared parameter. `position`: place among positional arguments; `choices`: a ValidateSet or enum."""

    convert: Conversion = text
    mandatory: bool = False
    position: int | None = None
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


Body = Callable[[Call], Iterable[Any] | None]


@dataclass(frozen=True)
class Cmdlet:
    name: str
    class_name: str
    parameters: dict[str, Parameter]
    body: Body


@dataclass(frozen=True)
class Script:
    """The model of one constant script: called with its bound parameters."""

    name: str
    body: Body


CMDLETS: dict[str, Cmdlet] = {}
SCRIPTS: dict[str, Script] = {}


def cmdlet(name: str, class_name: str | None = None, **parameters: Parameter) -> Callable[[Body], Body]:
    """Register a cmdlet. `class_name` is the suffix of its FQIDs: the .NET class, or the name for CDXML cmdlets."""

    def register(body: Body) -> Body:
        CMDLETS[name.lower()] = Cmdlet(name, class_name or name, parameters, body)
        return body

    return register


def script(name: str, sha256: str) -> Callable[[Body], Body]:
    """Register the model of a constant script by the SHA-256 (hex) of its text, CRLF read as LF, ends stripped."""

    def register(body: Body) -> Body:
        SCRIPTS[sha256] = Script(name, body)
        return body

    return register


def script_key(source: str) -> str:
    """The key of a script's text in `SCRIPTS`."""
    return hashlib.sha256(source.replace("\r\n", "\n").strip().encode()).hexdigest()
