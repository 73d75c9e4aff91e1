"""Inputs of the engine as the arguments of a component: names, whole numbers and unknown values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import pulumi
from pulumi.output import Unknown

from ..args import NIM
from ..args.reflection import means_none, reachable_models
from .names import COMPONENT, to_camel_case, type_token
from .schema import Schema, read_schema


@cache
def field_names() -> Mapping[str, str]:
    """Return the names of all fields in Python, by their name in the schema."""
    return {to_camel_case(name): name for model in reachable_models(NIM) for name in model.model_fields}


@cache
def _fields_with_null() -> frozenset[tuple[str, str]]:
    """Return type and name of the fields in which null is another value than none at all."""
    models = {COMPONENT if model is NIM else type_token(model.__name__): model for model in reachable_models(NIM)}
    fields = ((token, model, name) for token, model in models.items() for name in model.model_fields)
    return frozenset((token, to_camel_case(name)) for token, model, name in fields if means_none(model, name))


def to_arguments(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a resource as a mapping for `NIMService`.

    Only the fields of the schema are renamed: names of variables, labels and the fields of
    Kubernetes structures stay. So does a name that the schema does not have; it is refused later.
    """
    return _to_fields(inputs, COMPONENT, read_schema()["resources"][COMPONENT]["inputProperties"])


def _to_fields(values: Mapping[str, Any], token: str, properties: Schema) -> dict[str, Any]:
    kept = {key: value for key, value in values.items() if value is not None or (token, key) in _fields_with_null()}
    return {field_names().get(key, key): _convert(value, properties.get(key, {})) for key, value in kept.items()}


def _convert(value: Any, type_: Schema) -> Any:
    if isinstance(value, pulumi.Output):
        output = cast("pulumi.Output[Any]", value)
        return output.apply(lambda known: _convert(known, type_))
    for choice in type_.get("oneOf", [type_]):
        if isinstance(value, Mapping):
            token = str(choice.get("$ref", "")).removeprefix("#/types/")
            if properties := read_schema()["types"].get(token, {}).get("properties"):
                return _to_fields(cast("Mapping[str, Any]", value), token, properties)
            if "additionalProperties" in choice:
                entries = cast("Mapping[str, Any]", value)
                return {key: _convert(item, choice["additionalProperties"]) for key, item in entries.items()}
        elif isinstance(value, list) and choice.get("type") == "array":
            return [_convert(item, choice["items"]) for item in cast("list[Any]", value)]
    return _to_plain(value)


def _to_plain(value: Any) -> Any:
    """Return a value with whole numbers as int: the engine has one type of number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Unknown):
        return pulumi.Output.from_input(cast("Any", value))
    if isinstance(value, Mapping):
        return {key: _to_plain(item) for key, item in cast("Mapping[str, Any]", value).items()}
    return [_to_plain(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value
