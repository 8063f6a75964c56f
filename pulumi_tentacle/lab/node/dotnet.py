"""What .NET does for the constant scripts: environment variables in paths, exceptions, text of moments."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NoReturn

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.node.files import dotnet_exception
from pulumi_tentacle.lab.node.filesystem import FileError
from pulumi_tentacle.lab.powershell.cmdlet import Call, Failure
from pulumi_tentacle.lab.world import Node

_INVOCATION = "System.Management.Automation.MethodInvocationException"


def expand(node: Node, text: str) -> str:
    """`[Environment]::ExpandEnvironmentVariables`: names ignore case, unknown ones stay as they are."""
    variables = {name.lower(): value for name, value in node.environment().items()}
    return re.sub("%([^%]+)%", lambda found: variables.get(found[1].lower(), found[0]), text)


def round_trip(moment: datetime) -> str:
    """`ToString('o')` of a moment in UTC: seven digits of a second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def throw_invocation(call: Call, method: str, arguments: int, exception: str, message: str) -> NoReturn:
    """The end of a script whose call of a .NET method threw: the record's id is the inner exception's short name."""
    call.throw(
        Failure(
            f'Exception calling "{method}" with "{arguments}" argument(s): "{message}"',
            exception.rpartition(".")[2],
            ErrorCategory.NotSpecified,
            exception=_INVOCATION,
            inner=f"{exception}: {message}",
        )
    )


@contextlib.contextmanager
def invoking(call: Call, method: str, arguments: int) -> Iterator[None]:
    """Turn errors of the file system into what PowerShell makes of a method that threw them."""
    try:
        yield
    except FileError as error:
        throw_invocation(call, method, arguments, dotnet_exception(error), str(error))


@contextlib.contextmanager
def constructing(call: Call, arguments: int) -> Iterator[None]:
    """The same for `New-Object`, whose record has an id of its own."""
    try:
        yield
    except FileError as error:
        call.throw(
            Failure(
                f'Exception calling ".ctor" with "{arguments}" argument(s): "{error}"',
                "ConstructorInvokedThrowException,Microsoft.PowerShell.Commands.NewObjectCommand",
                ErrorCategory.InvalidOperation,
                exception=_INVOCATION,
                inner=f"{dotnet_exception(error)}: {error}",
            )
        )
