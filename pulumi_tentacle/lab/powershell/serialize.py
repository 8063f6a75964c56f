"""What goes over the wire: PowerShell's serialisation of pipeline objects at depth 1, and the way back.

The rules are recorded in golden/psrp.md ("What an object keeps") and golden/psrp-messages.json; those for
objects made by Select-Object and for CIM instances are in reference/psrp.md §1.3.
"""

from __future__ import annotations

import types
from datetime import timedelta
from typing import Any

from psrpcore import types as ps

from pulumi_tentacle.lab.powershell.cmdlet import Enum, Live
from pulumi_tentacle.lab.powershell.records import ErrorRecord
from pulumi_tentacle.lab.powershell.values import is_custom, text_of, type_name_of

_CIM_INSTANCE = "Microsoft.Management.Infrastructure.CimInstance"
_CIM_ENUM = "Microsoft.PowerShell.Cmdletization.GeneratedTypes."


def to_wire(value: Any, depth: int = 1) -> Any:
    """The psrpcore value for an object of the pipeline; at depth 0 enums and objects are their text."""
    if isinstance(value, Enum):
        return _enum(value) if depth else value.name
    if isinstance(value, Live):
        return _live(value, depth) if depth else text_of(value)
    if isinstance(value, timedelta):
        raise TypeError("psrpcore 0.3.1 writes 30 seconds as PT3S: the lab sends no TimeSpan")
    if isinstance(value, ps.PSObject):
        return value
    if isinstance(value, list | tuple):
        return _list([to_wire(item, depth) for item in value])
    if isinstance(value, dict):
        return ps.PSDict({str(key): to_wire(item, depth) for key, item in value.items()})
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _integer(value)
    return ps.PSDouble(value) if isinstance(value, float) else value


def from_wire(value: Any) -> Any:
    """Plain Python for what a client sent; secure strings and credentials stay psrpcore's (`decrypt()`)."""
    if isinstance(value, ps.PSListBase):
        return [from_wire(item) for item in value]
    if isinstance(value, ps.PSDictBase):
        return {str(key): from_wire(item) for key, item in value.items()}
    if isinstance(value, bool):
        return value
    plain: tuple[type, ...] = (str, int, float, bytes)
    return next((kind(value) for kind in plain if isinstance(value, kind)), value)


def error_to_wire(record: ErrorRecord) -> ps.ErrorRecord:
    """The record as a client gets it, without invocation information (remote_stream_options 0)."""
    failure = record.failure
    exception = ps.NETException(Message=failure.message, HResult=failure.hresult, InnerException=failure.inner)
    exception.PSObject.type_names = [failure.exception, "System.Exception", "System.Object"]
    exception.PSObject.to_string = f"{failure.exception}: {failure.message}"
    return ps.ErrorRecord(
        Exception=exception,
        FullyQualifiedErrorId=record.fqid,
        TargetObject=to_wire(record.target),
        CategoryInfo=_CategoryInfo(
            record.category_message,
            Category=record.category,
            Activity=record.command,
            Reason=record.reason,
            TargetName=text_of(record.target),
            TargetType=type_name_of(record.target),
        ),
    )


class _CategoryInfo(ps.ErrorCategoryInfo):
    """psrpcore's own text of a category lacks the colon that PowerShell writes."""

    def __init__(self, text: str, **values: Any) -> None:
        super().__init__(**values)
        self._text = text

    def __str__(self) -> str:
        return self._text


def _live(value: Live, depth: int) -> ps.PSObject:
    made = ps.PSObject()
    made.PSObject.type_names = list(value.type_names)
    if made.PSObject.type_names[-1] != "System.Object":
        made.PSObject.type_names.append("System.Object")
    if is_custom(value):  # note properties are instance members: their depth is not counted down
        made.PSObject.extended_properties = _properties(value.properties, depth)
        return made
    made.PSObject.to_string = value.text
    if value.type_names[0].startswith(_CIM_INSTANCE):
        raw = {name: _raw_cim(item) for name, item in value.properties.items()}
        shown = {name: text_of(item) for name, item in value.properties.items() if raw[name] is not item}
        made.PSObject.adapted_properties = _properties(raw, depth - 1)
        made.PSObject.extended_properties = _properties(shown, depth - 1)
    else:
        made.PSObject.adapted_properties = _properties(value.properties, depth - 1)
    return made


def _properties(values: dict[str, Any], depth: int) -> list[ps.PSPropertyInfo]:
    return [ps.PSNoteProperty(name, value=to_wire(item, depth)) for name, item in values.items()]


def _raw_cim(value: Any) -> Any:
    """CIM keeps the number; the name is a script property beside it (reference/psrp.md §1.3)."""
    if isinstance(value, Enum):
        return ps.PSUInt16(value.number)
    if isinstance(value, list) and any(isinstance(item, Enum) for item in value):
        return [_raw_cim(item) for item in value]
    return value


def _list(items: list[Any]) -> ps.PSList:
    made = ps.PSList(items)
    element = "System.String" if items and all(isinstance(item, str) for item in items) else "System.Object"
    made.PSObject.type_names = [f"{element}[]", "System.Array", "System.Object"]
    return made


def _integer(value: int) -> ps.PSObject:
    for kind in (ps.PSInt, ps.PSInt64):
        if kind.MinValue <= value <= kind.MaxValue:
            return kind(value)
    return ps.PSUInt64(value)


def _enum(value: Enum) -> Any:
    """psrpcore serialises enums by their class, so each value gets one of its own. CIM's are 16 bits wide."""
    base = ps.PSUInt16 if value.type_name.startswith(_CIM_ENUM) else ps.PSInt
    bases, options = (ps.PSEnumBase,), {"base_type": base}
    kind = types.new_class("NetEnum", bases, options, lambda body: body.__setitem__(value.name, value.number))
    return ps.PSType([value.type_name], rehydrate=False)(kind)(value.number)
