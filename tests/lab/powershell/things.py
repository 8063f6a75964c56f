"""Test cmdlets like those that golden/psrp.md was recorded with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from psrpcore import types as ps
from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.powershell.cmdlet import (
    Call,
    Enum,
    Failure,
    Live,
    Parameter,
    anything,
    boolean,
    cmdlet,
    integer,
    integers,
    switch,
    texts,
)

OFFLINE = Enum("ThingState", "Offline", 3)
ONLINE = Enum("ThingState", "Online", 2)


def not_found(name: str) -> Failure:
    message = f"Thing {name} was not found."
    return Failure(
        message,
        "ThingNotFound",
        ErrorCategory.ObjectNotFound,
        target=name,
        exception="System.Management.Automation.ItemNotFoundException",
    )


def machine(name: str, peer: Live | None = None) -> Live:
    return Live(("Node", "System.Object"), name, {"Name": name, "State": ONLINE, "Peer": peer})


def thing(name: str = "a") -> Live:
    """The object of the group "object" in psrp-messages.json, but for its TimeSpan."""
    properties: dict[str, Any] = {
        "Name": name,
        "State": OFFLINE,
        "Flags": Enum("ThingFlags", "A, C", 5),
        "Owner": machine(f"{name}-owner"),
        "Nodes": [machine("n1"), machine("n2")],
        "Port": ps.PSUInt(10933),
        "Size": ps.PSUInt64(18446744073709551615),
        "When": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "Id": ps.PSGuid("11112222-3333-4444-5555-666677778888"),
        "Null": None,
        "Tags": ["x", "y\r\nz_x000A_\x01\U0001f600"],
        "Bytes": b"\x01\x02",
        "Ok": True,
        "U16": ps.PSUInt16(65535),
        "D": 1.5,
        "Url": ps.PSUri("https://a/b"),
        "Ver": ps.PSVersion("1.2.3"),
        "Ch": ps.PSChar("c"),
        "H": {"k": 1},
        "MaybeInt": None,
    }
    live = Live(("Thing", "System.Object"), "Thing", properties)

    def set_port(value: Any) -> None:
        live.properties["Port"] = int(value)

    def set_state(value: Any) -> None:
        names = {"online": ONLINE, "offline": OFFLINE}
        if str(value).lower() not in names:
            raise ValueError(f'Cannot convert value "{value}" to type "ThingState".')
        live.properties["State"] = names[str(value).lower()]

    live.setters = {"Port": set_port, "State": set_state}
    live.methods = {"Twice": lambda text: text * 2, "Update": lambda: None, "All": lambda: ["x", "y"]}
    return live


def register(ran: list[str]) -> None:
    """Put the test cmdlets into CMDLETS; `ran` gets the text of each Write-Thing and Get-Thing that runs."""

    @cmdlet("Get-Thing", "GetThing", Name=Parameter(texts, position=0), Fail=Parameter(switch), Throw=Parameter(switch))
    def get_thing(call: Call) -> Iterator[Any]:
        for name in call.parameters.get("Name") or ["a"]:
            ran.append(name)
            if call.parameters.get("Fail"):
                call.error(not_found(name))
            elif call.parameters.get("Throw"):
                yield "before"
                call.throw(Failure("Access is denied", "AccessDenied", ErrorCategory.PermissionDenied, name))
            else:
                yield thing(name)

    @cmdlet("Write-Thing", "WriteThing", Text=Parameter(position=0))
    def write_thing(call: Call) -> Iterator[Any]:
        ran.append(call.parameters["Text"])
        yield call.parameters["Text"]

    @cmdlet("Get-Value", "GetValue", Value=Parameter(anything, position=0))
    def get_value(call: Call) -> Iterator[Any]:
        yield call.parameters["Value"]

    @cmdlet("Get-Number", "GetNumber")
    def get_number(call: Call) -> Iterator[Any]:
        number = 0
        while True:
            number += 1
            ran.append(str(number))
            yield number

    @cmdlet("Write-Careful", "WriteCareful")
    def write_careful(call: Call) -> Iterator[Any]:
        call.warning("careful")
        yield "done"

    @cmdlet(
        "Set-Thing",
        "SetThing",
        Name=Parameter(mandatory=True, position=0, aliases=("Id",)),
        Value=Parameter(integer, position=1),
        State=Parameter(choices=("Online", "Offline")),
        Enabled=Parameter(boolean),
        Force=Parameter(switch),
        Tags=Parameter(texts),
        Any=Parameter(anything),
        Counts=Parameter(integers),
        Phases=Parameter(texts, choices=("First", "Last")),
    )
    def set_thing(call: Call) -> Iterator[Any]:
        yield dict(call.parameters)
