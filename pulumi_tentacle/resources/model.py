"""The base of all property models, and how they turn into plain trees and back.

A model is the one home of a property: its name, type, default, description, secrecy and whether a change
replaces the resource. The Pulumi schema is made from it (plugin/schema.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic.alias_generators import to_camel

from pulumi_tentacle.errors import InvalidInput
from pulumi_tentacle.resources.values import UNKNOWN, pass_unknown

M = TypeVar("M", bound="Model")


class Replaces:
    """Marks a property whose change replaces the resource."""


REPLACES = Replaces()


@dataclass(frozen=True)
class Secret:
    """A value that the engine must keep encrypted, in a tree."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


class Model(BaseModel):
    """A group of properties. Names are snake_case here and camelCase everywhere else; values may be UNKNOWN."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")

    @field_validator("*", mode="wrap")
    @classmethod
    def _pass_unknown(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        return pass_unknown(value, handler)

    def rules(self) -> Iterator[tuple[str, str]]:
        """What is wrong between properties that are each right: (property path, reason). Skips what is unknown."""
        return iter(())

    def changed(self, **values: Any) -> Self:
        """A copy with other values, by snake_case name, not validated again."""
        return self.model_copy(update=values)


class Inputs(Model):
    """What the user wrote, with defaults and all validation that needs no network."""


class State(Model):
    """Outputs. State written by an older version loads too: unknown properties are ignored."""

    model_config = ConfigDict(extra="ignore")

    incomplete: Annotated[
        list[str], Field(description="What is missing of a half-made resource, in words; empty when all is well.")
    ] = []


@dataclass(frozen=True)
class Property:
    """What the schema and Diff need to know of a field."""

    name: str
    alias: str
    annotation: Any
    description: str
    default: Any
    required: bool
    replaces: bool
    secret: bool


def properties_of(model: type[BaseModel]) -> Iterator[Property]:
    """The properties of a model in the order of their declaration."""
    for name, field in model.model_fields.items():
        yield Property(
            name=name,
            alias=field.alias or name,
            annotation=field.annotation,
            description=field.description or "",
            default=None if field.is_required() or field.default_factory else field.default,
            required=field.is_required(),
            replaces=any(isinstance(m, Replaces) for m in field.metadata),
            secret=SecretStr in (field.annotation, *get_args(field.annotation)),
        )


def to_tree(value: Any) -> Any:
    """A model as a tree of plain values by camelCase name: secrets wrapped in `Secret`, None left out."""
    if isinstance(value, BaseModel):
        fields = ((p.alias, getattr(value, p.name)) for p in properties_of(type(value)))
        return {alias: to_tree(v) for alias, v in fields if v is not None}
    if isinstance(value, SecretStr):
        return Secret(value.get_secret_value())
    if isinstance(value, list | tuple):
        return [to_tree(v) for v in value]
    if isinstance(value, Mapping):
        return {k: to_tree(v) for k, v in value.items()}
    return value


def without_unknowns(tree: Any) -> Any:
    """The tree without what is unknown: for a half-made resource, whose outputs must be known or absent."""
    if isinstance(tree, dict):
        return {k: without_unknowns(v) for k, v in tree.items() if v is not UNKNOWN}
    if isinstance(tree, list):
        return [without_unknowns(v) for v in tree if v is not UNKNOWN]
    return tree


def parse(model: type[M], tree: Mapping[str, Any]) -> M:
    """Build a model from a plain tree (secrets unwrapped, unknowns as UNKNOWN).

    Raises:
        InvalidInput: with the path and reason of each failure; no value is quoted unless its own check does.
    """
    try:
        parsed = model.model_validate(dict(tree))
    except ValidationError as error:
        raise InvalidInput([(path_text(e["loc"]), _reason(e)) for e in error.errors(include_input=False)]) from None
    if broken := list(_broken_rules(parsed)):
        raise InvalidInput(broken)
    return parsed


def load_state(model: type[M], tree: Mapping[str, Any]) -> M:
    """Build a State from what the engine stores: outputs that a half-made resource lacks are UNKNOWN."""
    absent = {p.alias: UNKNOWN for p in properties_of(model) if p.required}
    return model.model_validate(absent | dict(tree))


def path_text(location: tuple[int | str, ...]) -> str:
    """`("nodes", 1)` as Pulumi writes it: `nodes[1]`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


_REASONS: dict[str, str] = {
    "missing": "this property is required",
    "extra_forbidden": "there is no property of this name",
}


def _reason(error: Any) -> str:
    message: str = _REASONS.get(error["type"], error["msg"])
    return message.removeprefix("Value error, ")


def _broken_rules(model: Model, prefix: str = "") -> Iterator[tuple[str, str]]:
    for path, reason in model.rules():
        yield ".".join(p for p in (prefix, path) if p), reason
    for p in properties_of(type(model)):
        value = getattr(model, p.name)
        if isinstance(value, Model):
            yield from _broken_rules(value, f"{prefix}.{p.alias}" if prefix else p.alias)
