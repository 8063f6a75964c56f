"""Python values to PowerShell's serialised objects and back, on top of pypsrp's serializer.

pypsrp guesses types where PowerShell would not: large integers as I32, floats as Single, and several forms of
output come back as raw XML (psrp.md §1.1 and §1.3). What is not listed here is refused.
"""

from __future__ import annotations

import math
import queue
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pypsrp.complex_objects import Enum, GenericComplexObject, ObjectMeta
from pypsrp.messages import ErrorRecordMessage
from pypsrp.serializer import Serializer, TaggedValue

from pulumi_tentacle.errors import InvalidInput
from pulumi_tentacle.remoting.commands import Secret, Value
from pulumi_tentacle.remoting.records import Failure
from pulumi_tentacle.remoting.values import EnumValue

_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_CONTAINERS = frozenset({"LST", "IE", "QUE", "STK"})


class ObjectSerializer(Serializer):
    """pypsrp's serializer, without its gaps on the way in."""

    def deserialize(self, element: ET.Element | str, metadata: ObjectMeta | None = None, clear: bool = True) -> Any:
        """As pypsrp does it, where it does. Raises ET.ParseError for what is no XML, which pypsrp takes for text."""
        if isinstance(element, str):
            if not element:
                return None  # a null in the output is an empty message (golden/psrp.md)
            element = ET.fromstring(element)
        if element.tag in _CONTAINERS:  # a list of a type that pypsrp does not know, such as List<ClusterNode>
            return [self.deserialize(item, clear=False) for item in element]
        if element.tag == "DCT":
            return self._deserialize_dct(_parent(element))
        if element.tag == "BA" and not element.text:
            return b""
        return super().deserialize(element, metadata, clear)


def encode(value: Value, secure: Callable[[str], Any]) -> Any:
    """A parameter as pypsrp must get it. `secure` makes a SecureString of a secret.

    Raises:
        InvalidInput: a text that XML cannot carry.
        TypeError: a type that has no meaning to PowerShell; None among them.
    """
    if isinstance(value, Secret):
        return secure(_text(value.value))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool | bytes):
        return value
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float) and math.isfinite(value):
        return TaggedValue("Db", repr(value))
    if isinstance(value, Mapping):
        return {_text(key): encode(item, secure) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [encode(item, secure) for item in value]
    raise TypeError(f"a {type(value).__name__} cannot be a parameter of a PowerShell command")


def needs_keys(value: Value) -> bool:
    """Whether a secret is in it, so that keys must be exchanged before it can be encoded."""
    if isinstance(value, Mapping):
        return any(needs_keys(item) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return any(needs_keys(item) for item in value)
    return isinstance(value, Secret)


def decode(value: Any) -> Any:
    """An object of the output as plain Python: dict of properties, str, int, bool, bytes, list, EnumValue."""
    if isinstance(value, GenericComplexObject):
        return _object(value)
    if isinstance(value, Enum):
        return EnumValue(str(value), value.value)
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        return {key: decode(item) for key, item in value.items()}
    if isinstance(value, queue.Queue):
        return [decode(item) for item in value.queue]
    if isinstance(value, str | int | float | bytes) or value is None:
        return value
    return str(value)  # a Guid, or one of the record types that pypsrp has classes for


def failure(record: ErrorRecordMessage) -> Failure:
    """What an error record says. On Windows the inner exception is text only (psrp.md §1.4)."""
    properties = getattr(record.exception, "adapted_properties", {})
    message = record.details_message or properties.get("Message") or str(record) or record.fq_error
    return Failure(
        message=str(message),
        fqid=record.fq_error or "",
        hresult=_number(properties.get("HResult")),
        native_code=_number(properties.get("NativeErrorCode")),
        category=record.category or 0,
        activity=record.activity or "",
    )


def _object(value: GenericComplexObject) -> Any:
    if any(name.removeprefix("Deserialized.") == "System.Enum" for name in value.types):
        return EnumValue(value.to_string or "", _number(next(iter(value.property_sets), None)))
    if value.property_sets:  # a primitive or a list with notes, such as a line of Get-Content
        return decode(value.property_sets[0])
    # CIM objects: what PowerShell adds (a name) wins over the raw value (a number), psrp.md §1.3.
    properties = {**value.adapted_properties, **value.extended_properties}
    found = {key: decode(item) for key, item in properties.items() if not key.startswith("__")}
    return found or value.to_string or {}


def _integer(value: int) -> Any:
    if -(2**31) <= value < 2**31:
        return int(value)
    if -(2**63) <= value < 2**63:
        return TaggedValue("I64", int(value))
    if 2**63 <= value < 2**64:
        return TaggedValue("U64", int(value))
    raise TypeError("an integer of more than 64 bits cannot be a parameter of a PowerShell command")


def _text(value: str) -> str:
    if _NOT_IN_XML.search(value):
        raise InvalidInput([("", "a text for PowerShell holds half a character or a code point that means nothing")])
    return str(value)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _parent(element: ET.Element) -> ET.Element:
    parent = ET.Element("Obj")
    parent.append(element)
    return parent
