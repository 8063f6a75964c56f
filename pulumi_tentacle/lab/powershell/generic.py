"""The cmdlets that work on any object: selecting, filtering, calling members, writing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.powershell.cmdlet import (
    Call,
    Failure,
    Live,
    Parameter,
    anything,
    cmdlet,
    integer,
    switch,
    texts,
)
from pulumi_tentacle.lab.powershell.values import (
    CUSTOM_OBJECT,
    equal,
    find,
    is_true,
    items_of,
    like,
    properties_of,
    property_of,
)

_COMMANDS = "Microsoft.PowerShell.Commands."


@cmdlet(
    "Select-Object",
    _COMMANDS + "SelectObjectCommand",
    Property=Parameter(texts, position=0),
    ExpandProperty=Parameter(),
    First=Parameter(integer),
)
def select_object(call: Call) -> Iterator[Any]:
    """Keep some properties, or the values of one; `First` ends the commands before it (streaming)."""
    first = call.parameters.get("First")
    for number, value in enumerate(call.input or (), start=1) if first != 0 else ():
        if "ExpandProperty" in call.parameters:
            yield from _expanded(call, value, call.parameters["ExpandProperty"])
        else:
            yield _selected(value, call.parameters["Property"]) if "Property" in call.parameters else value
        if number == first:
            break
    if isinstance(call.input, Generator):
        call.input.close()


def _selected(value: Any, names: list[str]) -> Live:
    """The property is spelled as the object spells it; one that is not there is null."""
    available = properties_of(value)
    kept = {find(available, name) or name: property_of(value, name) for name in names}
    type_name = value.type_names[0] if isinstance(value, Live) else CUSTOM_OBJECT
    return Live((f"Selected.{type_name}", CUSTOM_OBJECT, "System.Object"), "", kept, getattr(value, "entity", None))


def _expanded(call: Call, value: Any, name: str) -> Iterator[Any]:
    if find(properties_of(value), name) is None:
        call.error(
            Failure(
                f'Property "{name}" cannot be found.',
                "ExpandPropertyNotFound",
                ErrorCategory.InvalidArgument,
                value,
                "System.Management.Automation.PSArgumentException",
            )
        )
        return
    yield from items_of(property_of(value, name))


@cmdlet(
    "Where-Object",
    _COMMANDS + "WhereObjectCommand",
    Property=Parameter(mandatory=True, position=0),
    Value=Parameter(anything, position=1),
    EQ=Parameter(switch, aliases=("IEQ",)),
    NE=Parameter(switch, aliases=("INE",)),
    In=Parameter(switch, aliases=("IIn",)),
    Like=Parameter(switch, aliases=("ILike",)),
)
def where_object(call: Call) -> Iterator[Any]:
    """The form with parameters: `-Property P -EQ -Value V`; without an operator, objects whose property is true."""
    wanted = call.parameters.get("Value")
    tests: dict[str, Callable[[Any], bool]] = {
        "EQ": lambda actual: equal(actual, wanted),
        "NE": lambda actual: not equal(actual, wanted),
        "In": lambda actual: any(equal(item, actual) for item in items_of(wanted)),
        "Like": lambda actual: like(actual, wanted),
    }
    keep = next((test for operator, test in tests.items() if call.parameters.get(operator)), is_true)
    for value in call.input or ():
        if keep(property_of(value, call.parameters["Property"])):
            yield value


@cmdlet(
    "ForEach-Object",
    _COMMANDS + "ForEachObjectCommand",
    MemberName=Parameter(mandatory=True, position=0),
    ArgumentList=Parameter(anything, aliases=("Args",)),
)
def for_each_object(call: Call) -> Iterator[Any]:
    """Call a method, assign by `set_X`, or read a property; one that is not there reads as null (golden/psrp.md)."""
    name = call.parameters["MemberName"]
    given = call.parameters.get("ArgumentList")
    arguments = list(items_of(given)) if "ArgumentList" in call.parameters else []
    for value in call.input or ():
        method = _method(value, name)
        if method is not None:
            yield from _invoked(call, value, name, method, arguments)
        elif arguments:
            call.error(_method_not_found(value, name))
        else:
            yield from items_of(property_of(value, name))


def _method(value: Any, name: str) -> Any:
    if not isinstance(value, Live):
        return None
    setters = {f"set_{key}": setter for key, setter in value.setters.items()}
    members = {**setters, **value.methods}
    key = find(members, name)
    return None if key is None else members[key]


def _invoked(call: Call, value: Any, name: str, method: Any, arguments: list[Any]) -> Iterator[Any]:
    try:
        result = method(*arguments)
    except (TypeError, ValueError) as error:
        call.error(
            Failure(
                f'Exception calling "{name}" with "{len(arguments)}" argument(s): "{error}"',
                "MethodInvocationError",
                ErrorCategory.InvalidOperation,
                value,
                "System.Management.Automation.MethodInvocationException",
            )
        )
        return
    if result is not None:
        yield from items_of(result)


def _method_not_found(value: Any, name: str) -> Failure:
    return Failure(
        f"Method '{name}' not found.",
        "MethodNotFound",
        ErrorCategory.InvalidOperation,
        value,
        "System.Management.Automation.PSArgumentException",
    )


@cmdlet(
    "Write-Output",
    _COMMANDS + "WriteOutputCommand",
    InputObject=Parameter(anything, position=0),
    NoEnumerate=Parameter(switch),
)
def write_output(call: Call) -> Iterator[Any]:
    """Pass its argument on, or what comes in."""
    values = [call.parameters["InputObject"]] if "InputObject" in call.parameters else call.input or ()
    for value in values:
        yield from [value] if call.parameters.get("NoEnumerate") else items_of(value)


@cmdlet("Out-Null", _COMMANDS + "OutNullCommand", InputObject=Parameter(anything))
def out_null(call: Call) -> None:
    """Take everything, give nothing."""
    for _ in call.input or ():
        pass


@cmdlet(
    "Start-Sleep",
    _COMMANDS + "StartSleepCommand",
    Seconds=Parameter(integer, position=0),
    Milliseconds=Parameter(integer),
)
def start_sleep(call: Call) -> None:
    """Let virtual time pass."""
    seconds, milliseconds = call.parameters.get("Seconds", 0), call.parameters.get("Milliseconds", 0)
    call.node.estate.clock.sleep(seconds + milliseconds / 1000)
