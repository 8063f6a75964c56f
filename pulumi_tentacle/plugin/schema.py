"""The Pulumi schema, made from the models: names, types, documentation, defaults, secrets, replacements."""

from __future__ import annotations

import json
import types
from importlib import resources
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from pulumi_tentacle.plugin import table
from pulumi_tentacle.plugin.config import ProviderConfig, environment_of
from pulumi_tentacle.resources.model import Property, properties_of

_DESCRIPTION = (
    "Octopus Deploy Listening Tentacles on Windows, alone or in a failover cluster: installed, configured, "
    "registered and kept that way over WinRM."
)


def plugin_version() -> str:
    """The version of this plugin, from the file by which language hosts find it."""
    text = resources.files("pulumi_tentacle").joinpath("pulumi-plugin.json").read_text(encoding="utf-8")
    return str(json.loads(text)["version"])


def schema_json() -> str:
    """The whole schema as JSON text."""
    return json.dumps(schema(), indent=2) + "\n"


def schema() -> dict[str, Any]:
    """The whole schema."""
    nested: dict[str, Any] = {}
    configuration = {p.alias: _configuration_property(p) for p in properties_of(ProviderConfig)}
    return {
        "name": "tentacle",
        "displayName": "Octopus Tentacle",
        "version": plugin_version(),
        "description": _DESCRIPTION,
        "keywords": ["pulumi", "octopus-deploy", "tentacle", "windows", "failover-cluster", "category/infrastructure"],
        "license": "Apache-2.0",
        "publisher": "pulumi_tentacle",
        "meta": {"moduleFormat": "(.*)", "supportPack": True},
        "config": {"variables": configuration},
        "provider": {
            "description": "The account for the Windows nodes and the Octopus Server to work with.",
            "inputProperties": configuration,
        },
        "resources": {token: _resource(token, nested) for token in table.resource_tokens()},
        "functions": {token: _function(token, nested) for token in table.function_tokens()},
        "types": nested,
        "language": {
            "python": {"packageName": "pulumi_tentacle", "pyproject": {"enabled": True}, "respectSchemaVersion": True},
            "nodejs": {"packageName": "pulumi-tentacle", "respectSchemaVersion": True},
            "go": {
                "importBasePath": "pulumi-tentacle/sdk/go/tentacle",
                "generateResourceContainerTypes": True,
                "respectSchemaVersion": True,
            },
            "csharp": {"rootNamespace": "PulumiTentacle", "respectSchemaVersion": True},
        },
    }


def _resource(token: str, nested: dict[str, Any]) -> dict[str, Any]:
    resource = table.resource(token)
    assert resource is not None
    inputs, outputs = list(properties_of(resource.inputs)), list(properties_of(resource.state))
    computed = {p.alias for p in outputs} - {p.alias for p in inputs}
    return {
        "description": resource.documentation,
        "inputProperties": {p.alias: _property(p, nested) for p in inputs},
        "requiredInputs": [p.alias for p in inputs if p.required],
        "properties": {p.alias: _property(p, nested, output=True) for p in outputs},
        "required": [p.alias for p in outputs if p.alias in computed or p.required or p.default is not None],
    }


def _function(token: str, nested: dict[str, Any]) -> dict[str, Any]:
    function = table.function(token)
    assert function is not None
    arguments, answer = list(properties_of(function.arguments)), list(properties_of(function.answer))
    return {
        "description": function.documentation,
        "inputs": {
            "type": "object",
            "properties": {p.alias: _property(p, nested) for p in arguments},
            "required": [p.alias for p in arguments if p.required],
        },
        "outputs": {
            "type": "object",
            "properties": {p.alias: _property(p, nested, output=True) for p in answer},
            "required": [p.alias for p in answer if p.required],
        },
    }


def _property(p: Property, nested: dict[str, Any], *, output: bool = False) -> dict[str, Any]:
    spec = _type(p.annotation, nested)
    if p.description:
        spec["description"] = p.description
    if p.secret:
        spec["secret"] = True
    if not output:
        if isinstance(p.default, str | int | float | bool):
            spec["default"] = p.default
        if p.replaces:
            spec["willReplaceOnChanges"] = True
    return spec


def _configuration_property(p: Property) -> dict[str, Any]:
    spec = _property(p, {}, output=True)
    # No `defaultInfo`: SDKs would read the environment into the state. The plugin reads it when it is configured.
    if names := environment_of(p.alias):
        spec["description"] += f" Environment: {', '.join(f'`{n}`' for n in names)}."
    if p.default is not None:
        spec["description"] += f" Default: `{json.dumps(p.default)}`."
    return spec


_PLAIN: dict[Any, str] = {str: "string", SecretStr: "string", bool: "boolean", int: "integer", float: "number"}


def _type(annotation: Any, nested: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0], nested)
    if origin in (Union, types.UnionType):
        (only,) = [a for a in arguments if a is not type(None)]
        return _type(only, nested)
    if origin is list:
        return {"type": "array", "items": _type(arguments[0], nested)}
    if origin is Literal:
        return _type(type(arguments[0]), nested)
    if annotation in _PLAIN:
        return {"type": _PLAIN[annotation]}
    assert issubclass(annotation, BaseModel), annotation
    return {"$ref": f"#/types/{_object_type(annotation, nested)}"}


def _object_type(model: type[BaseModel], nested: dict[str, Any]) -> str:
    token = f"tentacle:index:{model.__name__}"
    if token not in nested:
        nested[token] = {}
        fields = list(properties_of(model))
        nested[token] = {
            "description": (model.__doc__ or "").strip(),
            "type": "object",
            "properties": {p.alias: _property(p, nested) for p in fields},
            "required": [p.alias for p in fields if p.required],
        }
    return token
