"""Structs to trees and back."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from pulumi_tentacle.errors import InvalidInput
from pulumi_tentacle.plugin.properties import from_struct, keep_secrets, plain, to_struct
from pulumi_tentacle.resources.model import Secret
from pulumi_tentacle.resources.values import UNKNOWN

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
trees = st.recursive(
    st.one_of(leaves, st.just(UNKNOWN)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
        inner.filter(lambda v: not isinstance(v, Secret)).map(Secret),
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), trees, max_size=4))
def test_what_goes_out_comes_back(tree: dict[str, Any]) -> None:
    assert from_struct(to_struct(tree)) == tree


def test_the_wire_form_is_pulumis() -> None:
    struct = to_struct({"pfx": Secret("key"), "host": UNKNOWN})
    assert json_format.MessageToDict(struct) == {
        "pfx": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "key"},
        "host": "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    }


def test_an_output_value_is_its_value() -> None:
    """SDKs send these when a provider says that it accepts outputs."""
    mark = "4dabf18193072939515e22adb298388d"
    struct = struct_pb2.Struct()
    struct.update(
        {
            "known": {mark: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "x", "secret": True},
            "unknown": {mark: "d0e6a833031e9bbcd3f4e8bde6ca49a4"},
        }
    )
    assert from_struct(struct) == {"known": Secret("x"), "unknown": UNKNOWN}


def test_an_asset_is_refused_with_its_path() -> None:
    struct = struct_pb2.Struct()
    struct.update({"installer": {"file": {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17"}}})
    with pytest.raises(InvalidInput) as caught:
        from_struct(struct)
    assert caught.value.failures[0][0] == "installer.file"


def test_a_secret_anywhere_in_a_property_makes_all_of_it_one() -> None:
    tree = {"nodes": ["a"], "service": {"account": "x", "password": "p"}, "port": 1}
    source = {"service": {"account": "x", "password": Secret("p")}}
    assert keep_secrets(tree, source) == {
        "nodes": ["a"],
        "service": Secret({"account": "x", "password": "p"}),
        "port": 1,
    }


def test_a_secret_shows_nothing_of_itself() -> None:
    assert "hunter2" not in repr({"password": Secret("hunter2")})
    assert plain({"password": Secret("hunter2")}) == {"password": "hunter2"}
