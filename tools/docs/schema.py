"""The JSON schema of a stack file, for editors."""

from functools import cache
from typing import Any

from nim_component.args import NIM
from nim_component.args.namespace import NamespaceArgs
from nim_component.args.secrets import SECRET_VALUE_FIELDS
from nim_component.stack.aliases import ALIASES

from .models import all_models, describe_fields

BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
"""pydantic's names of the bounds of a field with a validator before it, and JSON Schema's names."""


@cache
def render_schema() -> dict[str, Any]:
    """Return the schema: editors mark unknown fields and wrong types with it."""
    schema = NIM.model_json_schema(ref_template="#/$defs/{model}")
    definitions = schema.pop("$defs")
    definitions["NamespaceArgs"] = NamespaceArgs.model_json_schema(ref_template="#/$defs/{model}")
    for model in (*all_models(), NamespaceArgs):
        properties = (schema if model is NIM else definitions[model.__name__])["properties"]
        for name, text in describe_fields(model).items():
            properties[name]["description"] = text
    key = {"type": "object", "properties": {"config": {"type": "string"}}, "required": ["config"], "additionalProperties": False}
    for name in SECRET_VALUE_FIELDS:
        field = definitions["NIMSecrets"]["properties"][name]
        definitions["NIMSecrets"]["properties"][name] = {**key, "description": field["description"]}
    # `nim:defaults` may contain the required fields.
    schema.pop("required", None)
    definitions["NIM"] = schema
    aliases = {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "minItems": 1,
        "description": "Former names of the service. Requires `service_name`, the name of its objects.",
    }
    definitions["Service"] = {**schema, "title": "Service", "properties": {**schema["properties"], ALIASES: aliases}}
    service: dict[str, Any] = {"anyOf": [{"$ref": "#/$defs/Service"}, {"type": "null"}]}
    config = {
        "nim:services": {"type": "object", "additionalProperties": service, "minProperties": 1},
        "nim:defaults": {"$ref": "#/$defs/NIM"},
        "nim:namespaces": {"type": "object", "additionalProperties": {"anyOf": [{"$ref": "#/$defs/NamespaceArgs"}, {"type": "null"}]}},
        "nim:kubernetesVersion": {"type": "string"},
    }
    return _with_bounds(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "A stack of NIM services",
            "type": "object",
            "properties": {"config": {"type": "object", "properties": config, "required": ["nim:services"]}},
            "$defs": definitions,
        }
    )


def _with_bounds(part: Any) -> Any:
    """Return the schema with JSON Schema's names for bounds."""
    if isinstance(part, dict):
        return {BOUNDS.get(key, key) if isinstance(value, int | float) else key: _with_bounds(value) for key, value in part.items()}
    return [_with_bounds(item) for item in part] if isinstance(part, list) else part
