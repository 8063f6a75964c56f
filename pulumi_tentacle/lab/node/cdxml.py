"""What the cmdlets made from CIM classes (CDXML: Storage, NetSecurity, NetTCPIP) have in common.

Their queries compare without case; what is not found is a non-terminating error that names the property
(windows-cluster.md §4.1, §6).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.powershell.cmdlet import Call, Enum, Failure, Live
from pulumi_tentacle.lab.powershell.values import like

CIM_EXCEPTION = "Microsoft.Management.Infrastructure.CimException"
CIM_JOB_EXCEPTION = "Microsoft.PowerShell.Cmdletization.Cim.CimJobException"
CIM_HRESULT = -2146233088  # COR_E_EXCEPTION: a CimException sets none of its own

T = TypeVar("T")


class CimEnum:
    """A generated enum of a CDXML module: its values by name, and the conversion of an argument."""

    def __init__(self, name: str, numbers: Mapping[str, int]) -> None:
        self._values = {
            each: Enum(f"Microsoft.PowerShell.Cmdletization.GeneratedTypes.{name}", each, number)
            for each, number in numbers.items()
        }

    def __getitem__(self, name: str) -> Enum:
        return self._values[name]

    def parse(self, value: Any) -> str:
        """The name of a value given as name or number. A bool is none of these (windows-cluster.md §6: -Enabled)."""
        if isinstance(value, bool):
            raise ValueError(f'Cannot convert value "{value}" to an enumeration.')
        for name, each in self._values.items():
            if str(value).lower() in (name.lower(), str(each.number)):
                return name
        raise ValueError(f'Unable to match the identifier name "{value}"; there are: {", ".join(self._values)}.')

    def parse_list(self, value: Any) -> list[str]:
        """The names of one value or of several."""
        return [self.parse(each) for each in (value if isinstance(value, list) else [value])]


def instance(path: str, key: str, properties: dict[str, Any], entity: Any) -> Live:
    """A CIM instance as it goes down the pipeline. `path` is namespace and class: `ROOT/…/MSFT_Disk`."""
    class_name = path.rpartition("/")[2]
    base = "Microsoft.Management.Infrastructure.CimInstance"
    return Live((f"{base}#{path}", f"{base}#{class_name}", base), f"{class_name} ({key})", properties, entity)


@dataclass(frozen=True)
class Criterion:
    """One query parameter: its values, and how an object is compared with one of them."""

    name: str
    values: Sequence[Any]
    matches: Callable[[Any, Any], bool]
    globbing: bool = False


def text_criterion(name: str, values: Sequence[str], get: Callable[[Any], str], *, globbing: bool = False) -> Criterion:
    """Compare a text, without case; with `globbing`, values may hold wildcards."""
    if globbing:
        return Criterion(name, values, lambda each, value: like(get(each), value), globbing=True)
    return Criterion(name, values, lambda each, value: get(each).lower() == value.lower())


def query(call: Call, class_name: str, objects: Iterable[T], criteria: Sequence[Criterion]) -> Iterator[T]:
    """The objects that satisfy every criterion, and the errors for what was not found.

    With one criterion each of its values that matches nothing is an error; with several there is one error for an
    empty result.
    """
    objects = list(objects)
    found = [each for each in objects if all(_satisfies(criterion, each) for criterion in criteria)]
    yield from found
    if len(criteria) == 1:
        (only,) = criteria
        for value in only.values:
            if not (only.globbing and has_wildcard(value)) and not any(only.matches(each, value) for each in objects):
                call.error(_not_found(class_name, only.name, value))
    elif criteria and not found:
        call.error(no_matching(class_name))


def no_matching(class_name: str) -> Failure:
    """The error of a query by several properties, or by an associated object, that finds nothing."""
    return Failure(
        f"No matching {class_name} objects found by CIM query. Verify query parameters and retry.",
        "CmdletizationQuery_NotFound",
        ErrorCategory.ObjectNotFound,
        class_name,
        CIM_JOB_EXCEPTION,
        CIM_HRESULT,
    )


def has_wildcard(text: Any) -> bool:
    """Whether PowerShell takes the text for a pattern: a backtick takes the meaning away."""
    return re.search(r"(?<!`)[*?\[]", str(text)) is not None


def _satisfies(criterion: Criterion, each: Any) -> bool:
    return any(criterion.matches(each, value) for value in criterion.values)


def _not_found(class_name: str, name: str, value: Any) -> Failure:
    return Failure(
        f"No {class_name} objects found with property '{name}' equal to '{value}'.  "
        "Verify the value of the property and retry.",
        f"CmdletizationQuery_NotFound_{name}",
        ErrorCategory.ObjectNotFound,
        value,
        CIM_JOB_EXCEPTION,
        CIM_HRESULT,
    )
