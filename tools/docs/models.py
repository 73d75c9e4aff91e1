"""Facts about the argument models: their fields, types, defaults and descriptions."""

import ast
import inspect
import json
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from typing import Any

from nim_component.args import NIM
from nim_component.args.arguments import Arguments
from nim_component.args.field_types import OrOutput
from nim_component.args.reflection import models_in, reachable_models
from nim_component.args.secrets import SECRET_VALUE_FIELDS

Schema = dict[str, Any]

NAMED_TYPES = {
    "AbsolutePath": "absolute path",
    "Cores": "quantity, such as `2` or `500m`",
    "CountOrPercent": "integer or percentage, such as `25%`",
    "Duration": "duration, such as `10m`",
    "Image": "image reference",
    "Memory": "quantity, such as `20Gi`",
    "Namespace": "namespace name",
    "ObjectName": "object name",
    "PrometheusDuration": "duration, such as `30s`",
    "ProxyUrl": "URL or `valueFrom`",
    "RelativePath": "relative path",
    "ResourceName": "extended resource, such as `nvidia.com/gpu`",
    "SecretKey": "key of a Secret",
    "SecretReference": "name of a Secret, or a Secret resource",
    "SecretValue": "secret Output, in a stack file `{config: <key>}`",
    "ServerUrl": "URL",
    "Storage": "quantity, such as `50Gi`",
    "StorageClass": "StorageClass name",
    "Url": "URL",
    "UrlPath": "URL path",
}
"""Types of `nim_component.args` whose name is more exact than their JSON schema."""


@cache
def option_sets() -> dict[str, list[type[Arguments]]]:
    """Return the models of each field of `NIM`: those in its annotation, then those nested below.

    A model that several fields reach belongs to the field that has it in its annotation, else to
    the first field.
    """
    reachable = {name: reachable_models(field.annotation) for name, field in NIM.model_fields.items()}
    owners: dict[type[Arguments], str] = {}
    for name, field in NIM.model_fields.items():
        for model in models_in(field.annotation):
            owners.setdefault(model, name)
    for name, models in reachable.items():
        for model in models:
            owners.setdefault(model, name)
    sets = {name: [model for model in models if owners[model] == name] for name, models in reachable.items()}
    return {name: models for name, models in sets.items() if models}


def all_models() -> list[type[Arguments]]:
    """Return `NIM` and every model reachable from it."""
    return [NIM, *(model for models in option_sets().values() for model in models)]


@cache
def describe_fields(model: type[Arguments]) -> dict[str, str]:
    """Return the string literal below each field.

    pydantic's `use_attribute_docstrings` would read the source files at every import.
    """
    return {name: one_line(ast.literal_eval(text.value)) for name, (_, text) in declarations(model).items() if isinstance(text, ast.Expr)}


@cache
def declarations(model: type[Arguments]) -> dict[str, tuple[ast.AnnAssign, ast.stmt | None]]:
    """Return the declaration of each field, and the statement after it."""
    found: dict[str, tuple[ast.AnnAssign, ast.stmt | None]] = {}
    for base in model.__bases__:
        if issubclass(base, Arguments) and base is not Arguments:
            found |= declarations(base)
    (definition,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(definition, ast.ClassDef)
    for field, text in zip_longest(definition.body, definition.body[1:]):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            found[field.target.id] = field, text
    return found


def one_line(text: str) -> str:
    """Join the lines of a docstring."""
    return " ".join(text.split())


def default_of(model: type[Arguments], name: str) -> str | None:
    """Return a field's default as code, or None for a required field."""
    field = model.model_fields[name]
    return None if field.is_required() else _show(field.get_default(call_default_factory=True))


def _show(value: Any) -> str:
    if isinstance(value, Arguments):
        fields = {name: getattr(value, name) for name in type(value).model_fields if name in value.model_fields_set}
        return f"{type(value).__name__}({', '.join(f'{name}={_show(each)}' for name, each in fields.items())})"
    if isinstance(value, list):
        return f"[{', '.join(_show(each) for each in value)}]"
    return json.dumps(value) if isinstance(value, str) else str(value)


def output_support(model: type[Arguments], name: str) -> str:
    """Return the place of Outputs in a field: `yes`, `secret`, `values`, `inside`, or empty."""
    field = model.model_fields[name]
    if name in SECRET_VALUE_FIELDS:
        return "secret"
    if any(isinstance(each, OrOutput) for each in field.metadata):
        return "yes"
    text = repr(field.annotation)
    if "OrOutput" in text:
        return "values" if "dict[" in text or "list[" in text else "yes"
    return "inside" if "dict[str, typing.Any]" in text else ""


def type_of(model: type[Arguments], name: str) -> Iterator[str]:
    """Yield the alternatives of a field's type, from its named type or its JSON schema.

    `$Name` stands for a model.
    """
    declared = ast.unparse(declarations(model)[name][0].annotation).removesuffix(" | None")
    if declared in NAMED_TYPES:
        yield NAMED_TYPES[declared]
        return
    yield from dict.fromkeys(_alternatives(schema_of(model)["properties"][name]))


@cache
def schema_of(model: type[Arguments]) -> Schema:
    """Return the JSON schema of one model."""
    schema = model.model_json_schema()
    return schema["$defs"][model.__name__] if "$ref" in schema else schema


def _alternatives(schema: Schema) -> Iterator[str]:
    if "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from _alternatives(each)
    elif "$ref" in schema:
        yield f"${schema['$ref'].rpartition('/')[2]}"
    elif "enum" in schema:
        yield from (f"`{value}`" for value in schema["enum"])
    elif "const" in schema:
        yield f"`{schema['const']}`"
    elif isinstance(kinds := schema.get("type", "any"), list):
        yield from kinds
    elif kinds == "array":
        yield f"list of {_joined(schema.get('items', {}))}"
    elif kinds == "object":
        values = schema.get("additionalProperties")
        structured = not isinstance(values, dict) or "valueFrom" in schema.get("required", ())
        yield "mapping" if structured else f"mapping of string to {_joined(values)}"
    elif kinds != "null":
        yield f"{kinds}{_bounds(schema)}"


def _joined(schema: Schema) -> str:
    return " or ".join(dict.fromkeys(_alternatives(schema)))


def _bounds(schema: Schema) -> str:
    low = next((schema[key] for key in ("minimum", "ge") if key in schema), None)
    high = next((schema[key] for key in ("maximum", "le") if key in schema), None)
    above = next((schema[key] for key in ("exclusiveMinimum", "gt") if key in schema), None)
    if above is not None:
        return f" above {above}" + (f", at most {high}" if high is not None else "")
    if low is not None and high is not None:
        return f" {low}–{high}"
    return f", at least {low}" if low is not None else f", at most {high}" if high is not None else ""
