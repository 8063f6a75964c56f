"""Values as they come back from PowerShell, where plain Python has no word for them."""

from __future__ import annotations

from collections.abc import Mapping


class EnumValue(str):
    """A .NET enum: the name as text, and its number if that came along."""

    __slots__ = ("number",)
    number: int | None

    def __new__(cls, name: str, number: int | None = None) -> EnumValue:
        """The name as text, with its number."""
        value = super().__new__(cls, name)
        value.number = number
        return value


def enum_name(value: object, names: Mapping[int, str]) -> str:
    """The name of an enum in whichever form it came: EnumValue, name, or number (as int or as text).

    Depending on the depth at which it stands, PowerShell sends an enum as an object, as its name, or (raw CIM) as
    its number (psrp.md §1.3). `names` has the name of each number; a number beyond it is given back as text.
    """
    number = getattr(value, "number", None)
    if number is None and isinstance(value, int) and not isinstance(value, bool):
        number = value
    if number is None and isinstance(value, str) and value.lstrip("-").isdecimal():
        number = int(value)
    return str(value) if number is None else names.get(number, str(value))
