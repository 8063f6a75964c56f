"""What goes over the wire, against the messages of the real engine (tests/golden/psrp-messages.json)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psrpcore
import pytest
from psrpcore.types import ErrorCategory, serialize

from pulumi_tentacle.lab.powershell.cmdlet import Enum, Failure, Live
from pulumi_tentacle.lab.powershell.records import ErrorRecord
from pulumi_tentacle.lab.powershell.serialize import error_to_wire, from_wire, to_wire
from tests.lab.powershell.things import OFFLINE, machine, not_found, thing

GOLDEN: dict[str, list[dict[str, str]]] = json.loads(
    (Path(__file__).parents[2] / "golden" / "psrp-messages.json").read_text()
)


def written(value: Any) -> ElementTree.Element:
    return serialize(value, psrpcore.ServerRunspacePool()._cipher)


def simple(element: ElementTree.Element, names: dict[str, list[str]] | None = None) -> Any:
    """CLIXML without reference numbers, and without the .NET types of containers (a Python list has none)."""
    names = {} if names is None else names
    if element.tag != "Obj":
        return element.tag, element.text
    plain: dict[str, Any] = {}
    for part in element:
        if part.tag == "TN":
            plain["types"] = names[part.attrib["RefId"]] = [t.text or "" for t in part]
        elif part.tag == "TNRef":
            plain["types"] = names[part.attrib["RefId"]]
        elif part.tag in ("Props", "MS"):
            plain[part.tag] = {item.attrib["N"]: simple(item, names) for item in part}
        elif part.tag == "LST":
            plain["LST"] = [simple(item, names) for item in part]
        elif part.tag == "DCT":
            plain["DCT"] = [[simple(item, names) for item in entry] for entry in part]
        else:
            plain[part.tag] = part.text
    if "LST" in plain:
        del plain["types"]
    return plain


def golden(group: str, message: int = 0) -> Any:
    return simple(ElementTree.fromstring(GOLDEN[group][message]["data"]))


def test_an_object_keeps_its_properties_one_level_deep() -> None:
    expected = golden("object")
    assert expected["Props"].pop("Delay") == ("TS", "PT1M30S")  # psrpcore cannot write it, see below
    assert simple(written(to_wire(thing()))) == expected


@pytest.mark.parametrize(
    ("group", "message", "value"),
    [
        ("deep", 0, machine("a-owner", machine("a-ownerp"))),
        ("enum", 0, OFFLINE),
        ("null then list", 1, machine("n1")),
    ],
)
def test_recorded_objects(group: str, message: int, value: Any) -> None:
    assert simple(written(to_wire(value))) == golden(group, message)


def test_an_error_record_has_what_clients_look_at() -> None:
    ours, theirs = (
        simple(written(error_to_wire(ErrorRecord(not_found("no1"), "ThingNotFound,GetThing", "Get-Thing")))),
        golden("nonterminating error"),
    )
    ours_exception, theirs_exception = ours["MS"].pop("Exception"), theirs["MS"].pop("Exception")
    for left_out in ("InvocationInfo", "PSMessageDetails"):
        theirs["MS"].pop(left_out)
        ours["MS"].pop(left_out, None)
    assert ours == theirs
    assert ours_exception["types"][0] == theirs_exception["types"][0]
    assert ours_exception["ToString"] == theirs_exception["ToString"]
    for name in ("Message", "HResult", "InnerException"):
        assert ours_exception["Props"][name] == theirs_exception["Props"][name]


def test_an_inner_exception_is_its_text() -> None:
    failure = Failure("outer", "Outer", ErrorCategory.NotSpecified, inner="inner", hresult=-2147024891)
    properties = simple(written(error_to_wire(ErrorRecord(failure, "Outer"))))["MS"]["Exception"]["Props"]
    assert properties["InnerException"] == ("S", "inner")
    assert properties["HResult"] == ("I32", "-2147024891")


def test_note_properties_keep_their_depth() -> None:
    """After Select-Object an enum is an object with its number, and an object keeps its own properties."""
    selected = Live(
        ("Selected.Thing", "System.Management.Automation.PSCustomObject"),
        "",
        {"State": OFFLINE, "Owner": machine("m", machine("peer")), "All": [OFFLINE]},
    )
    notes = simple(written(to_wire(selected)))["MS"]
    assert (notes["State"]["ToString"], notes["State"]["I32"]) == ("Offline", "3")
    assert notes["Owner"]["Props"] == {"Name": ("S", "m"), "State": ("S", "Online"), "Peer": ("S", "peer")}
    assert notes["All"]["LST"][0]["I32"] == "3"
    nested = simple(written(to_wire(Live(("Thing",), "t", {"Inner": selected}))))
    assert nested["Props"]["Inner"] == ("S", "@{State=Offline; Owner=m; All=Offline}")


def test_a_cim_instance_has_raw_numbers_and_names_beside_them() -> None:
    style = Enum("Microsoft.PowerShell.Cmdletization.GeneratedTypes.Disk.PartitionStyle", "GPT", 2)
    status = Enum("Microsoft.PowerShell.Cmdletization.GeneratedTypes.Disk.OperationalStatus", "Online", 53264)
    disk = Live(
        ("Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_Disk",),
        "MSFT_Disk",
        {"Number": 1, "PartitionStyle": style, "OperationalStatus": [status]},
    )
    shown = simple(written(to_wire(disk)))
    assert shown["Props"]["PartitionStyle"] == ("U16", "2")
    assert shown["Props"]["OperationalStatus"]["LST"] == [("U16", "53264")]
    assert shown["MS"] == {"PartitionStyle": ("S", "GPT"), "OperationalStatus": ("S", "Online")}
    assert simple(written(to_wire(style)))["U16"] == "2"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (2**31 - 1, ("I32", "2147483647")),
        (2**31, ("I64", "2147483648")),
        (-(2**31) - 1, ("I64", "-2147483649")),
        (2**64 - 1, ("U64", "18446744073709551615")),
        (True, ("B", "true")),
        (1.5, ("Db", "1.5")),
        (None, ("Nil", None)),
    ],
)
def test_numbers_keep_their_width(value: Any, shown: Any) -> None:
    assert simple(written(to_wire(value))) == shown


def test_a_time_span_is_refused_instead_of_written_wrongly() -> None:
    with pytest.raises(TypeError, match="TimeSpan"):
        to_wire(timedelta(seconds=30))


@pytest.mark.parametrize("value", ["text", True, 7, 2**63, 1.5, b"\0\1", None, ["a", [1]], {"k": {"l": [2]}}])
def test_what_a_client_sends_becomes_plain_python(value: Any) -> None:
    read = from_wire(psrpcore.types.deserialize(written(to_wire(value)), psrpcore.ServerRunspacePool()._cipher))
    assert read == value
    assert type(read) is type(value)
