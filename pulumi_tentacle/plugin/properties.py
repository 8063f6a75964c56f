"""Protobuf structs to plain trees and back: secrets and unknowns, and nothing else.

In a tree a secret is `Secret(value)`, what is not known yet is `UNKNOWN`; all else is JSON's types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2

from pulumi_tentacle.errors import InvalidInput
from pulumi_tentacle.resources.model import Secret
from pulumi_tentacle.resources.values import UNKNOWN

# Pulumi's wire format (sdk/python/lib/pulumi/runtime/rpc.py).
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a type mark, not a secret
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A struct of a request as a tree.

    Raises:
        InvalidInput: an asset or archive, which no property here takes.
    """
    return {key: _from_value(key, value) for key, value in struct.fields.items()}


def _from_value(path: str, value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _from_object(path, value.struct_value)
    if kind == "list_value":
        return [_from_value(f"{path}[{n}]", v) for n, v in enumerate(value.list_value.values)]
    if kind == "number_value":
        return int(value.number_value) if value.number_value.is_integer() else value.number_value
    if kind == "string_value":
        return UNKNOWN if value.string_value == _UNKNOWN else value.string_value
    if kind == "bool_value":
        return value.bool_value
    return None


def _from_object(path: str, struct: struct_pb2.Struct) -> Any:
    signature = struct.fields[_SIGNATURE].string_value if _SIGNATURE in struct.fields else ""
    if not signature:
        return {k: _from_value(f"{path}.{k}", v) for k, v in struct.fields.items()}
    if signature == _SECRET:
        return Secret(_from_value(path, struct.fields["value"]))
    if signature == _OUTPUT:
        value = _from_value(path, struct.fields["value"]) if "value" in struct.fields else UNKNOWN
        return Secret(value) if struct.fields["secret"].bool_value else value
    if signature == _RESOURCE:
        return _from_value(path, struct.fields["id"]) if "id" in struct.fields else UNKNOWN
    raise InvalidInput([(path, "an asset or archive cannot be used here; give a string")])


def to_struct(tree: Mapping[str, Any]) -> struct_pb2.Struct:
    """A tree as a struct for a response."""
    return struct_pb2.Struct(fields={k: _to_value(v) for k, v in tree.items()})


def _to_value(value: Any) -> struct_pb2.Value:
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=_UNKNOWN)
    if isinstance(value, Secret):
        wrapped = {_SIGNATURE: struct_pb2.Value(string_value=_SECRET), "value": _to_value(value.value)}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=wrapped))
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=to_struct(value))
    return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_to_value(v) for v in value]))


def plain(tree: Any) -> Any:
    """The tree with secrets unwrapped, for validation."""
    if isinstance(tree, Secret):
        return plain(tree.value)
    if isinstance(tree, Mapping):
        return {k: plain(v) for k, v in tree.items()}
    if isinstance(tree, list):
        return [plain(v) for v in tree]
    return tree


def keep_secrets(tree: dict[str, Any], *sources: Mapping[str, Any]) -> dict[str, Any]:
    """Mark what is secret in a source as secret in the tree too, property by property.

    A user may make any property a secret. A property that holds a secret somewhere inside becomes one as a
    whole: what is in it may have been put in another order.
    """
    secret = {key for source in sources for key, value in source.items() if _holds_secret(value)}
    return {k: Secret(plain(v)) if k in secret and not isinstance(v, Secret) else v for k, v in tree.items()}


def _holds_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_secret(v) for v in value.values())
    if isinstance(value, list):
        return any(_holds_secret(v) for v in value)
    return isinstance(value, Secret)
