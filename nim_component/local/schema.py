"""Strict check of Kubernetes objects against the schemas that `kubernetes-validate` carries.

That package reads the schema files anew for every object and needs a quarter of a second to import, so its files are read here
directly, once a version, and each kind is compiled once into plain functions. What the functions accept and refuse is what the package
accepts and refuses (a test compares them); the wording is ours, with the path and the nearest known field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, cast

from ..text.field_paths import Path as FieldPath
from ..text.field_paths import show_path
from ..text.nearest_names import add_suggestion
from .errors import LocalError
from .kubernetes_provider import BUILTIN_GROUPS
from .markers import UNKNOWN, Secret

Check: TypeAlias = Callable[[Any, FieldPath], Iterator["SchemaViolation"]]


class SchemaViolation(NamedTuple):
    """One field that breaks a rule."""

    path: str
    rule: str


class UnknownKindError(LookupError):
    """No schema: a custom resource."""


def validate_object(given: Mapping[str, Any], version: str) -> list[SchemaViolation]:
    """Every problem of one object. Secret values are checked but never shown; unknown ones fit everywhere.

    UnknownKindError for a kind that Kubernetes does not define itself.
    """
    check = compiled(version, str(given.get("apiVersion", "")), str(given.get("kind", "")))
    return list(check(given, ()))


def resolve_version(wanted: str | None) -> str:
    """The bundled version that serves for a wanted one: the newest that is not newer. Without a wish, the newest of all."""
    known = bundled_versions()
    if not wanted:
        return known[-1]
    parts = re.match(r"v?(\d+)\.(\d+)", wanted)
    if parts is None:
        raise LocalError(f"Kubernetes version '{wanted}' is not a version; write it as a text such as \"{known[-1]}\"")
    number = (int(parts[1]), int(parts[2]))
    fitting = [version for version in known if as_number(version) <= number]
    if not fitting or number > as_number(known[-1]):
        hint = f" (an unquoted {wanted}0 is the number {wanted}: put it in quotes)" if len(parts[2]) == 1 else ""
        raise LocalError(f"Kubernetes {wanted} has no schemas here{hint}; kubernetes-validate carries {known[0]} to {known[-1]}")
    return fitting[-1]


@lru_cache(maxsize=1)
def bundled_versions() -> list[str]:
    """The versions that kubernetes-validate carries, oldest first."""
    found = (re.fullmatch(r"v(\d+\.\d+)\.\d+-local-strict", folder.name) for folder in schema_root().iterdir())
    return sorted((match[1] for match in found if match), key=as_number)


def as_number(version: str) -> tuple[int, int]:
    """Major and minor, to compare by."""
    major, minor = version.split(".")
    return int(major), int(minor)


@lru_cache(maxsize=1)
def schema_root() -> Path:
    """Where kubernetes-validate keeps its files; found without importing it."""
    spec = find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise LocalError("the schema check needs kubernetes-validate: install this package with its extra `cli`")
    return Path(next(iter(spec.submodule_search_locations))) / "kubernetes-json-schema"


@lru_cache(maxsize=8)
def folder_of(version: str) -> Path:
    """The folder of one version's strict schemas."""
    return next(schema_root().glob(f"v{version}.*-local-strict"))


@lru_cache(maxsize=8)
def definitions(version: str) -> dict[str, Any]:
    """What the schemas of one version refer to."""
    return json.loads((folder_of(version) / "_definitions.json").read_text())["$defs"]


@lru_cache(maxsize=512)
def compiled(version: str, api_version: str, kind: str) -> Check:
    """The check for one kind. UnknownKindError when there is no schema and need be none."""
    group = api_version.rpartition("/")[0]
    stem = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    file = folder_of(version) / f"{kind.lower()}-{stem}.json"
    schema = cast("dict[str, Any]", json.loads(file.read_text()) if re.fullmatch(r"[\w.-]+", file.stem) and file.exists() else {})
    # `apps/v1` and `apps.example.com/v1` share a file name: only the schema says which group it is for
    meant = [entry for entry in schema.get("x-kubernetes-group-version-kind", []) if entry["group"] == group and entry["kind"] == kind]
    if meant:
        return Compiler(version).compile(schema)
    if group not in BUILTIN_GROUPS:
        raise UnknownKindError(f"{api_version} {kind}")
    rule = add_suggestion(f"Kubernetes {version} has no {kind} in {api_version}", kind, kinds_in(version, stem))
    return lambda _value, _path: iter([SchemaViolation("kind", rule)])


def kinds_in(version: str, stem: str) -> list[str]:
    """The kinds that a version knows under one apiVersion."""
    schemas = (json.loads(file.read_text()) for file in folder_of(version).glob(f"*-{stem}.json"))
    return [entry["kind"] for schema in schemas for entry in schema.get("x-kubernetes-group-version-kind", [])]


class Compiler:
    """Turns schemas into functions. Only what these schemas use: type, enum, properties, required, items, oneOf, $ref."""

    def __init__(self, version: str):
        self.version = version

    def compile(self, schema: Mapping[str, Any]) -> Check:
        """The function for a schema."""
        if reference := schema.get("$ref"):
            return self.refer(str(reference).rpartition("/")[2])
        if "oneOf" in schema:
            return one_of([str(option["type"][0]) for option in schema["oneOf"]])
        properties: dict[str, Check] = {name: self.compile(inner) for name, inner in schema.get("properties", {}).items()}
        extra = schema.get("additionalProperties", True)
        others = self.compile(extra) if isinstance(extra, dict) else None  # pyright: ignore[reportUnknownArgumentType]
        items = self.compile(schema["items"]) if "items" in schema else None
        types = schema.get("type")
        return checker(
            types=frozenset([types] if isinstance(types, str) else types or ()),
            enum=tuple(schema.get("enum", ())),
            properties=properties,
            required=tuple(schema.get("required", ())),
            others=others,
            closed=extra is False,
            items=items,
        )

    def refer(self, name: str) -> Check:
        """A reference, followed when it is first used: schemas refer to themselves."""
        return lambda value, path: definition(self.version, name)(value, path)


@lru_cache(maxsize=4096)
def definition(version: str, name: str) -> Check:
    """The function for one definition of a version."""
    return Compiler(version).compile(definitions(version)[name])


def checker(
    *,
    types: frozenset[str],
    enum: tuple[Any, ...],
    properties: Mapping[str, Check],
    required: tuple[str, ...],
    others: Check | None,
    closed: bool,
    items: Check | None,
) -> Check:
    """A function that yields the problems of a value."""

    def check(value: Any, path: FieldPath) -> Iterator[SchemaViolation]:
        if isinstance(value, Secret):
            if any(True for _ in check(value.value, path)):
                yield SchemaViolation(show_path(path), "the secret value does not fit the field")
            return
        if value is UNKNOWN:
            return
        if types and not any(is_type(value, name) for name in types):
            yield SchemaViolation(show_path(path), f"must be {describe_types(types)}, not {show(value)}")
            return
        if enum and value not in enum:
            yield SchemaViolation(show_path(path), f"must be one of {', '.join(map(str, enum))}, not {show(value)}")
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

    return check


def one_of(types: list[str]) -> Check:
    """Exactly one of two types; null, which would be both, is neither."""

    def check(value: Any, path: FieldPath) -> Iterator[SchemaViolation]:
        inner = value.value if isinstance(value, Secret) else value
        if inner is not UNKNOWN and not any(is_type(inner, name) for name in types):
            shown = "; the secret value is none" if isinstance(value, Secret) else f", not {show(value)}"
            yield SchemaViolation(show_path(path), f"must be {describe_types(frozenset(types))}{shown}")

    return check


def is_type(value: Any, name: str) -> bool:
    """JSON Schema's types: true is no integer, 2.0 is one."""
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
    """`a string or an integer`."""
    names = {"array": "a list", "object": "a map", "integer": "an integer"}
    return " or ".join(sorted(names.get(name, f"a {name}") for name in types if name != "null"))


def show(value: Any) -> str:
    """A value in a message, cut short."""
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
