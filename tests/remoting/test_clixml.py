"""Values on their way to PowerShell and back: types kept, nothing guessed, what pypsrp gets wrong put right."""

from __future__ import annotations

import json
import uuid
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psrpcore._crypto import PSRemotingCrypto
from psrpcore.types import PSInt, PSInt64, PSUInt64, deserialize
from pypsrp.complex_objects import ObjectMeta
from pypsrp.messages import ErrorRecordMessage

from pulumi_tentacle.errors import InvalidInput
from pulumi_tentacle.remoting import clixml
from pulumi_tentacle.remoting.clixml import ObjectSerializer, decode, encode
from pulumi_tentacle.remoting.commands import Secret, Value
from pulumi_tentacle.remoting.values import EnumValue, enum_name

GOLDEN: dict[str, list[dict[str, str]]] = json.loads(
    (Path(__file__).parents[1] / "golden" / "psrp-messages.json").read_text(encoding="utf-8")
)
ENUM = (
    '<Obj RefId="0"><TN RefId="0"><T>Deserialized.Test.State</T><T>Deserialized.System.Enum</T><T>System.Object</T></TN>'
    "<ToString>Online</ToString><I32>2</I32></Obj>"
)
CIM_DISK = (
    '<Obj RefId="0"><TN RefId="0"><T>Microsoft.Management.Infrastructure.CimInstance#ROOT/MSFT_Disk</T>'
    "<T>System.Object</T></TN><ToString>MSFT_Disk</ToString>"
    '<Props><U16 N="PartitionStyle">2</U16><U32 N="Number">1</U32></Props>'
    '<MS><S N="PartitionStyle">GPT</S><S N="__ClassMetadata">xml</S></MS></Obj>'
)
LINE = '<Obj RefId="0"><S>text</S><MS><S N="PSPath">x</S></MS></Obj>'
UNKNOWN_LIST = (
    '<Obj RefId="0"><TN RefId="0"><T>System.Collections.Generic.List`1[[Node, ps]]</T><T>System.Object</T></TN>'
    "<LST><S>a</S><Obj RefId='1'>"
    "<TN RefId='1'><T>X</T><T>System.Object</T></TN><Props><I32 N='N'>1</I32></Props></Obj></LST></Obj>"
)
ENUMERABLE = '<Obj RefId="0"><TN RefId="0"><T>X</T><T>System.Object</T></TN><IE><S>a</S><Nil/></IE></Obj>'
DICTIONARY = (
    '<Obj RefId="0"><TN RefId="0"><T>System.Collections.Generic.SortedDictionary`2[[A],[B]]</T><T>System.Object</T></TN>'
    '<DCT><En><S N="Key">k</S><I32 N="Value">1</I32></En></DCT></Obj>'
)
BARE = '<Obj RefId="0"><TN RefId="0"><T>X</T><T>System.Object</T></TN><ToString>a name</ToString></Obj>'


def read(message: str) -> Any:
    return decode(ObjectSerializer().deserialize(message))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (CIM_DISK, {"PartitionStyle": "GPT", "Number": 1}),
        (LINE, "text"),
        (UNKNOWN_LIST, ["a", {"N": 1}]),
        (ENUMERABLE, ["a", None]),
        (DICTIONARY, {"k": 1}),
        (BARE, "a name"),
        ("<BA></BA>", b""),
        ("<S></S>", ""),
        ("", None),
        ("<Nil/>", None),
        ("<G>11112222-3333-4444-5555-666677778888</G>", "11112222-3333-4444-5555-666677778888"),
        ("<DT>2026-01-02T03:04:05Z</DT>", "2026-01-02T03:04:05Z"),
        ("<U64>18446744073709551615</U64>", 2**64 - 1),
    ],
    ids=[
        "CIM",
        "notes",
        "list",
        "enumerable",
        "dictionary",
        "bare",
        "no bytes",
        "no text",
        "null",
        "Nil",
        "G",
        "DT",
        "U64",
    ],
)
def test_objects_come_back_as_plain_python(message: str, expected: object) -> None:
    assert read(message) == expected


def test_an_enum_is_its_name_and_knows_its_number() -> None:
    value = read(ENUM)
    assert value == "Online"
    assert isinstance(value, EnumValue)
    assert value.number == 2


@pytest.mark.parametrize("value", [EnumValue("GPT", 2), "GPT", 2, "2"])
def test_an_enum_is_read_in_each_of_its_forms(value: object) -> None:
    assert enum_name(value, {1: "MBR", 2: "GPT"}) == "GPT"


@pytest.mark.parametrize(
    ("value", "expected"), [(7, "7"), ("Other", "Other"), (True, "True"), (EnumValue("X", 9), "X")]
)
def test_an_unknown_enum_is_told_as_it_came(value: object, expected: str) -> None:
    assert enum_name(value, {1: "MBR", 2: "GPT"}) == expected


def test_recorded_objects() -> None:
    """golden/psrp-messages.json, group "object"."""
    found = read(GOLDEN["object"][0]["data"])
    assert found["State"] == "Offline"
    assert found["Nodes"] == ["n1", "n2"]
    assert found["Size"] == 2**64 - 1
    assert found["Tags"] == ["x", "y\r\nz_x000A_\x01\U0001f600"]
    assert (found["Bytes"], found["Null"], found["H"], found["Ok"]) == (b"\x01\x02", None, {"k": 1}, True)
    enum = read(GOLDEN["enum"][0]["data"])
    assert isinstance(enum, EnumValue)
    assert enum.number is not None


def test_a_recorded_error() -> None:
    """golden/psrp-messages.json, group "nonterminating error"."""
    record = ObjectSerializer().deserialize(
        GOLDEN["nonterminating error"][0]["data"], ObjectMeta("Obj", object=ErrorRecordMessage)
    )
    failure = clixml.failure(record)
    assert (failure.message, failure.fqid) == ("Thing no1 was not found.", "ThingNotFound,GetThing")
    assert (failure.hresult, failure.category, failure.activity) == (-2146233087, 13, "Get-Thing")


VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.binary(max_size=20)
    | st.text(st.characters(codec="utf-8", exclude_characters="\ufffe\uffff"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_sent_is_what_a_node_reads(value: Value) -> None:
    element = ObjectSerializer().serialize(encode(value, secure=_no_secrets))
    assert element is not None
    assert deserialize(ET.fromstring(ET.tostring(element)), cipher=PSRemotingCrypto()) == value


@pytest.mark.parametrize(
    ("value", "kind"), [(2**31 - 1, PSInt), (2**31, PSInt64), (-(2**31) - 1, PSInt64), (2**63, PSUInt64)]
)
def test_integers_keep_their_width(value: int, kind: type) -> None:
    """pypsrp sends each as I32, which a node cannot read (psrp.md §1.1)."""
    element = ObjectSerializer().serialize(encode(value, secure=_no_secrets))
    assert element is not None
    assert type(deserialize(element, cipher=PSRemotingCrypto())) is kind


def test_tuples_and_enums_go_as_lists_and_names() -> None:
    assert encode(("a", EnumValue("Online", 2)), secure=_no_secrets) == ["a", "Online"]
    assert type(encode(EnumValue("Online", 2), secure=_no_secrets)) is str


def test_secrets_are_secured_wherever_they_stand() -> None:
    value: Value = {"a": [Secret("x")], "b": "y"}
    assert clixml.needs_keys(value)
    assert encode(value, secure=lambda text: f"<{text}>") == {"a": ["<x>"], "b": "y"}
    assert not clixml.needs_keys({"a": ["x", b"y"]})


@pytest.mark.parametrize("value", [None, object(), uuid.uuid4(), 2**64, -(2**63) - 1, float("inf"), ["a", None]])
def test_what_has_no_meaning_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value, secure=_no_secrets)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\uffff", "\ufffe"])
def test_text_that_xml_cannot_carry_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        encode(text, secure=_no_secrets)


def _no_secrets(text: str) -> Any:
    raise AssertionError("there is no secret")
