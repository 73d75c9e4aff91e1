"""Strict validation of Kubernetes objects with the schemas of the package `kubernetes-validate`.

That package reads the schema files for every object, and its import takes 0.25 s. Here the files
are read once for each version, and each kind is compiled once to functions. The functions accept
the same objects as the package; a test compares the two. The error texts have the path and the
nearest field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, cast

from ..text.field_paths import Path as FieldPath
from ..text.field_paths import show_path
from ..text.nearest_names import add_suggestion
from .kubernetes_provider import BUILTIN_GROUPS
from .markers import UNKNOWN, Secret
from .schema_files import find_version_folder, list_kinds, read_definitions

Validator: TypeAlias = Callable[[Any, FieldPath], Iterator["SchemaViolation"]]


class SchemaViolation(NamedTuple):
    """A field that does not match its schema."""

    path: str
    problem: str


class UnknownKindError(LookupError):
    """Kind without a schema: a custom resource."""


def validate_object(given: Mapping[str, Any], version: str) -> list[SchemaViolation]:
    """Return all violations of an object.

    Secret values are validated but not printed. Unknown values are valid in every field.

    Raises:
        UnknownKindError: Kubernetes does not define the kind.
    """
    validate = compile_kind(version, str(given.get("apiVersion", "")), str(given.get("kind", "")))
    return list(validate(given, ()))


@lru_cache(maxsize=512)
def compile_kind(version: str, api_version: str, kind: str) -> Validator:
    """Return the validator of a kind. Raise UnknownKindError for a custom resource."""
    group = api_version.rpartition("/")[0]
    stem = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    file = find_version_folder(version) / f"{kind.lower()}-{stem}.json"
    schema = cast("dict[str, Any]", json.loads(file.read_text()) if re.fullmatch(r"[\w.-]+", file.stem) and file.exists() else {})
    # `apps/v1` and `apps.example.com/v1` have one file name: the schema contains the API group.
    matching = [entry for entry in schema.get("x-kubernetes-group-version-kind", []) if entry["group"] == group and entry["kind"] == kind]
    if matching:
        return Compiler(version).compile(schema)
    if group not in BUILTIN_GROUPS:
        raise UnknownKindError(f"{api_version} {kind}")
    problem = add_suggestion(f"Kubernetes {version} has no {kind} in {api_version}", kind, list_kinds(version, stem))
    return lambda _value, _path: iter([SchemaViolation("kind", problem)])


class Compiler:
    """Compiler of schemas to validators.

    It supports the keywords in these schemas: type, enum, properties, required, items, oneOf, $ref.
    """

    def __init__(self, version: str):
        self.version = version

    def compile(self, schema: Mapping[str, Any]) -> Validator:
        """Return the validator of a schema."""
        if reference := schema.get("$ref"):
            return self.refer(str(reference).rpartition("/")[2])
        if "oneOf" in schema:
            return build_type_validator([str(option["type"][0]) for option in schema["oneOf"]])
        properties: dict[str, Validator] = {name: self.compile(inner) for name, inner in schema.get("properties", {}).items()}
        extra = schema.get("additionalProperties", True)
        others = self.compile(extra) if isinstance(extra, dict) else None  # pyright: ignore[reportUnknownArgumentType]
        items = self.compile(schema["items"]) if "items" in schema else None
        types = schema.get("type")
        return build_validator(
            types=frozenset([types] if isinstance(types, str) else types or ()),
            enum=tuple(schema.get("enum", ())),
            properties=properties,
            required=tuple(schema.get("required", ())),
            others=others,
            closed=extra is False,
            items=items,
        )

    def refer(self, name: str) -> Validator:
        """Return the validator of a reference.

        It is compiled on first use, because schemas refer to themselves.
        """
        return lambda value, path: compile_definition(self.version, name)(value, path)


@lru_cache(maxsize=4096)
def compile_definition(version: str, name: str) -> Validator:
    """Return the validator of a definition."""
    return Compiler(version).compile(read_definitions(version)[name])


def build_validator(
    *,
    types: frozenset[str],
    enum: tuple[Any, ...],
    properties: Mapping[str, Validator],
    required: tuple[str, ...],
    others: Validator | None,
    closed: bool,
    items: Validator | None,
) -> Validator:
    """Return a validator for the given keywords."""

    def validate(value: Any, path: FieldPath) -> Iterator[SchemaViolation]:
        if isinstance(value, Secret):
            if any(True for _ in validate(value.value, path)):
                yield SchemaViolation(show_path(path), "the secret value does not match the schema")
            return
        if value is UNKNOWN:
            return
        if types and not any(has_type(value, name) for name in types):
            yield SchemaViolation(show_path(path), f"must be {describe_types(types)}, not {show_value(value)}")
            return
        if enum and value not in enum:
            yield SchemaViolation(show_path(path), f"must be one of {', '.join(map(str, enum))}, not {show_value(value)}")
        if isinstance(value, dict):
            entries = cast("dict[str, Any]", value)
            for name in required:
                if name not in entries:
                    yield SchemaViolation(show_path((*path, name)), "is required")
            for name, inner in entries.items():
                if name in properties:
                    yield from properties[name](inner, (*path, name))
                elif others:
                    yield from others(inner, (*path, name))
                elif closed:
                    yield SchemaViolation(show_path((*path, name)), add_suggestion("unknown field", name, properties))
        elif items and isinstance(value, list):
            elements = cast("list[Any]", value)
            for index, inner in enumerate(elements):
                yield from items(inner, (*path, index))

    return validate


def build_type_validator(types: list[str]) -> Validator:
    """Return a validator that accepts one of several types, but not null."""

    def validate(value: Any, path: FieldPath) -> Iterator[SchemaViolation]:
        inner = value.value if isinstance(value, Secret) else value
        if inner is not UNKNOWN and not any(has_type(inner, name) for name in types):
            received = ", and the secret value is not" if isinstance(value, Secret) else f", not {show_value(value)}"
            yield SchemaViolation(show_path(path), f"must be {describe_types(frozenset(types))}{received}")

    return validate


def has_type(value: Any, name: str) -> bool:
    """Return true if a value has a type of JSON Schema. True is not an integer, 2.0 is one."""
    match name:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return value is None


def describe_types(types: frozenset[str]) -> str:
    """Return types as text, such as `a string or an integer`."""
    names = {"array": "a list", "object": "a map", "integer": "an integer"}
    return " or ".join(sorted(names.get(name, f"a {name}") for name in types if name != "null"))


def show_value(value: Any) -> str:
    """Return a value for an error text, at most 60 characters long."""
    match value:
        case dict():
            return "a map"
        case list():
            return "a list"
        case bool():
            return str(value).lower()
        case _:
            text = "null" if value is None else repr(value)
            return text if len(text) <= 60 else f"{text[:57]}..."
