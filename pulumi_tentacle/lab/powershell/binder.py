"""Parameter binding: from what a client sent to what a cmdlet declared, with PowerShell's errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.powershell.cmdlet import Cmdlet, Failure, Parameter, anything, switch, text, texts
from pulumi_tentacle.lab.powershell.values import find, is_true, text_of

Arguments = Sequence[tuple[str | None, Any]]

_BINDING_EXCEPTION = "System.Management.Automation.ParameterBindingException"
_ACTIONS = ("SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend")  # by number
_ACTION_PARAMETERS = {"erroraction": "ea", "warningaction": "wa", "informationaction": "infa"}
# Accepted and without effect: the lab has no cmdlet that reads a variable, and writes no such streams.
_SILENT = {
    *("errorvariable", "ev", "warningvariable", "wv", "informationvariable", "iv", "outvariable", "ov"),
    *("outbuffer", "ob", "pipelinevariable", "pv", "verbose", "vb", "debug", "db"),
}
_RISK = {"whatif": "WhatIf", "wi": "WhatIf", "confirm": "Confirm", "cf": "Confirm"}
_READING_VERBS = {"get", "select", "where", "write", "out", "measure", "sort"}  # never SupportsShouldProcess


@dataclass
class Bound:
    """The outcome of binding. The actions are preferences: Continue, SilentlyContinue, Stop, Ignore, Inquire."""

    parameters: dict[str, Any] = field(default_factory=dict)
    error_action: str = "Continue"
    warning_action: str = "Continue"


class BindingFailed(Exception):
    """The parameters do not fit. `unknown` names what the lab may not model, or is empty."""

    def __init__(self, failure: Failure, unknown: str = "") -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.unknown = unknown


def bind(cmdlet: Cmdlet, arguments: Arguments) -> Bound:
    """Bind named arguments, then positional ones, then look for mandatory parameters. Raises BindingFailed."""
    bound, positional = Bound(), []
    for name, value in arguments:
        if name is None:
            positional.append(value)
        elif not _bind_common(cmdlet, bound, _plain(name), value):
            declared = _declared(cmdlet, _plain(name))
            if declared in bound.parameters:
                raise _failed(
                    "ParameterAlreadyBound",
                    f"Cannot bind parameter because parameter '{declared}' is specified more than once.",
                )
            bound.parameters[declared] = convert(declared, cmdlet.parameters[declared], value)
    _bind_positional(cmdlet, bound, positional)
    missing = [name for name, p in cmdlet.parameters.items() if p.mandatory and name not in bound.parameters]
    if missing:
        names = " ".join(missing)
        raise _failed(
            "MissingMandatoryParameter",
            f"Cannot process command because of one or more missing mandatory parameters: {names}.",
        )
    return bound


def convert(name: str, parameter: Parameter, value: Any) -> Any:
    """One value as the parameter's type. Raises BindingFailed."""
    if value is None and parameter.convert is not switch:
        if parameter.mandatory and parameter.convert in (text, texts):
            raise _validation(name, "Null", "it is null")
        if parameter.convert in (text, texts, anything):
            return None  # a string array given null is null (golden/psrp.md)
    if parameter.mandatory and parameter.convert is text and value == "":
        raise _validation(name, "EmptyString", "it is an empty string")
    if parameter.convert is switch and isinstance(value, str):
        raise _not_converted(name, value)
    if parameter.convert in (text, switch) and isinstance(value, list | dict):
        raise _not_converted(name, value)
    try:
        converted = parameter.convert(value)
    except (TypeError, ValueError) as error:
        raise _not_converted(name, value) from error
    return _chosen(name, parameter, converted) if parameter.choices else converted


def _bind_common(cmdlet: Cmdlet, bound: Bound, name: str, value: Any) -> bool:
    low = name.lower()
    if find(cmdlet.parameters, name):  # a cmdlet that asks before it acts declares -Confirm itself
        return False
    for parameter, alias in _ACTION_PARAMETERS.items():
        if low in (parameter, alias):
            action = _action(name, value)
            if parameter == "erroraction":
                bound.error_action = action
            elif parameter == "warningaction":
                bound.warning_action = action
            return True
    if low in _RISK and cmdlet.name.partition("-")[0].lower() not in _READING_VERBS:
        if value is None or is_true(value):
            known = f"the lab does not know -{_RISK[low]} of {cmdlet.name}"
            raise BindingFailed(Failure(known, "LabNotKnown", ErrorCategory.NotImplemented), f"-{_RISK[low]}")
        return True
    return low in _SILENT


def _bind_positional(cmdlet: Cmdlet, bound: Bound, values: list[Any]) -> None:
    free = sorted(
        (p.position, name)
        for name, p in cmdlet.parameters.items()
        if p.position is not None and name not in bound.parameters
    )
    for value in values:
        if not free:
            raise _failed(
                "PositionalParameterNotFound",
                f"A positional parameter cannot be found that accepts argument '{text_of(value)}'.",
            )
        _, name = free.pop(0)
        bound.parameters[name] = convert(name, cmdlet.parameters[name], value)


def _plain(name: str) -> str:
    """The API takes `Name`, `-Name` and `-Name:` alike."""
    return name.removeprefix("-").removesuffix(":")


def _declared(cmdlet: Cmdlet, name: str) -> str:
    aliases: Mapping[str, str] = {alias: p for p, declared in cmdlet.parameters.items() for alias in declared.aliases}
    found = find(cmdlet.parameters, name)
    if found is None and (alias := find(aliases, name)):
        found = aliases[alias]
    if found is None:
        raise BindingFailed(
            _failure(
                "NamedParameterNotFound",
                f"A parameter cannot be found that matches parameter name '{name}'"
                f" (the lab does not know -{name} of {cmdlet.name}).",
            ),
            f"-{name}",
        )
    return found


def _action(name: str, value: Any) -> str:
    if isinstance(value, int) and 0 <= value < len(_ACTIONS):
        return _ACTIONS[value]
    action = next((known for known in _ACTIONS if known.lower() == text_of(value).lower()), None)
    if action is None:
        raise _not_converted(name, value)
    return action


def _chosen(name: str, parameter: Parameter, value: Any) -> Any:
    if isinstance(value, list):
        return [_chosen(name, parameter, item) for item in value]
    spelled = next((choice for choice in parameter.choices if choice.lower() == text_of(value).lower()), None)
    if spelled is None:
        raise _not_converted(name, value, f" The possible values are: {', '.join(parameter.choices)}.")
    return spelled


def _validation(name: str, kind: str, why: str) -> BindingFailed:
    return _failed(
        f"ParameterArgumentValidationError{kind}NotAllowed",
        f"Cannot bind argument to parameter '{name}' because {why}.",
    )


def _not_converted(name: str, value: Any, more: str = "") -> BindingFailed:
    shown = text_of(value)
    return _failed(
        "CannotConvertArgumentNoMessage", f"Cannot bind parameter '{name}'. Cannot convert value \"{shown}\".{more}"
    )


def _failed(error_id: str, message: str) -> BindingFailed:
    return BindingFailed(_failure(error_id, message))


def _failure(error_id: str, message: str) -> Failure:
    return Failure(message, error_id, ErrorCategory.InvalidArgument, exception=_BINDING_EXCEPTION)
