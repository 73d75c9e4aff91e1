"""Inputs of a service in the names of the package schema."""

from collections.abc import Mapping
from typing import Any, cast

from nim_component.provider.names import COMPONENT
from nim_component.provider.schema import read_schema
from nim_component.provider.translate import field_names

PYTHON_NAMES = {python: name for name, python in field_names().items()}


def to_inputs(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments in camelCase, with every number as the engine passes it."""
    return _rename(arguments, read_schema()["resources"][COMPONENT]["inputProperties"])


def _rename(values: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    return {PYTHON_NAMES.get(key, key): _convert(value, properties.get(PYTHON_NAMES.get(key, key), {})) for key, value in values.items()}


def _convert(value: Any, type_: Mapping[str, Any]) -> Any:
    for choice in type_.get("oneOf", [type_]):
        definition = read_schema()["types"].get(choice.get("$ref", "").removeprefix("#/types/"), {})
        if isinstance(value, Mapping) and "properties" in definition:
            return _rename(cast("Mapping[str, Any]", value), definition["properties"])
        if isinstance(value, Mapping) and "additionalProperties" in choice:
            return {key: _convert(item, choice["additionalProperties"]) for key, item in cast("Mapping[str, Any]", value).items()}
        if isinstance(value, list) and choice.get("type") == "array":
            return [_convert(item, choice["items"]) for item in cast("list[Any]", value)]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
