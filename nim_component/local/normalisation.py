"""Objects as the Kubernetes provider renders them: sent once through Kubernetes' own types and back, which spells alike what means alike.

Exact for the kinds in `kubernetes_types`, for Secrets and for custom resource definitions; other built-in kinds and custom resources
stay as given (as custom resources do in the provider). Fields that the types do not know stay here too: the schema check refuses them,
where the provider would drop them without a word.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from ..kubernetes.quantities import canonical_quantity
from .kubernetes_provider import BUILTIN_GROUP_VERSIONS
from .kubernetes_types import Field, fields_of, find_struct
from .markers import UNKNOWN, Secret, reveal

# The SDK cannot say a dash in a field's name.
DASHED = {
    f"x_kubernetes_{tail}": f"x-kubernetes-{tail.replace('_', '-')}"
    for tail in ("embedded_resource", "int_or_string", "list_map_keys", "list_type", "map_type", "preserve_unknown_fields", "validations")
}

READ_ONLY = (
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "uid",
)  # fmt: skip


def to_object(inputs: Mapping[str, Any], api_version: str, kind: str) -> dict[str, Any]:
    """The Kubernetes object a resource's inputs stand for, before normalisation. Markers stay; a Secret's data gets them."""
    plain = {"apiVersion": api_version, "kind": kind, **{key: value for key, value in inputs.items() if key not in ("apiVersion", "kind")}}
    if (api_version, kind) == ("v1", "Secret"):
        guarded = {key: guard(value) if key in ("data", "stringData") else value for key, value in plain.items()}
        return guard_annotation(guarded)
    return plain if find_struct(api_version, kind) else rename_dashed(plain)


def guard(value: Any) -> Any:
    """A Secret's data is secret, whether the program said so or not."""
    entries = reveal_map(value)
    if entries is None:
        return value if value is None or value is UNKNOWN or isinstance(value, Secret) else Secret(value)
    return {key: item if item is UNKNOWN or isinstance(item, Secret) else Secret(item) for key, item in entries.items()}


def guard_annotation(secret: dict[str, Any]) -> dict[str, Any]:
    """`kubectl apply` leaves the whole Secret, data and all, in an annotation, and people copy it into programs."""
    match secret:
        case {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": str(text), **others}, **rest}}:
            annotations = {**others, "kubectl.kubernetes.io/last-applied-configuration": Secret(text)}
            return {**secret, "metadata": {**rest, "annotations": annotations}}
        case _:
            return secret


def rename_dashed(value: Any) -> Any:
    """`x_kubernetes_…` keys with their dashes, at any depth."""
    match value:
        case dict():
            entries = cast("dict[str, Any]", value)
            return {DASHED.get(key, key): rename_dashed(item) for key, item in entries.items()}
        case list():
            items = cast("list[Any]", value)
            return [rename_dashed(item) for item in items]
        case Secret():
            return Secret(rename_dashed(value.value))
        case _:
            return value


def normalise(given: Mapping[str, Any]) -> dict[str, Any]:
    """The object as it is rendered. What cannot be converted is rendered as given, all of it, as the provider does."""
    api_version, kind = str(given["apiVersion"]), str(given["kind"])
    normal = dict(given)
    if api_version in BUILTIN_GROUP_VERSIONS:
        try:
            normal = normalise_builtin(normal, api_version, kind)
        except ValueError:
            normal = dict(given)
    metadata: Any = normal.get("metadata")
    if isinstance(metadata, dict):
        entries = cast("dict[str, Any]", metadata)
        normal["metadata"] = {key: value for key, value in entries.items() if key not in READ_ONLY}
    return normal


def normalise_builtin(given: dict[str, Any], api_version: str, kind: str) -> dict[str, Any]:
    """One of Kubernetes' own kinds."""
    if kind == "Secret" and api_version == "v1":
        return normalise_secret(given)
    if kind == "CustomResourceDefinition":
        return normalise_definition(given)
    struct = find_struct(api_version, kind)
    return convert_struct(struct, given) if struct else given


def normalise_definition(given: dict[str, Any]) -> dict[str, Any]:
    """Without `status`, and without a deprecated field that says no more than its default."""
    normal = {key: value for key, value in given.items() if key != "status"}
    spec: Any = normal.get("spec")
    if isinstance(spec, dict) and spec.get("preserveUnknownFields") is False:  # pyright: ignore[reportUnknownMemberType]
        entries = cast("dict[str, Any]", spec)
        normal["spec"] = {key: value for key, value in entries.items() if key != "preserveUnknownFields"}
    return normal


def normalise_secret(given: dict[str, Any]) -> dict[str, Any]:
    """`stringData` moved into `data`, base64, as the API server does. Secret values stay marked."""
    texts: Any = reveal_map(given.get("stringData"))
    if not texts or not all(isinstance(value, str | Secret) or value is UNKNOWN for value in texts.values()):
        return given
    old = reveal_map(given.get("data"))
    normal = {key: value for key, value in given.items() if key != "stringData"}
    normal["data"] = {**(old or {}), **{key: encode_text(value) for key, value in texts.items()}}
    return normal


def reveal_map(value: Any) -> dict[str, Any] | None:
    """A mapping, whose values carry the secret mark that the mapping had as a whole."""
    if isinstance(value, Secret) and isinstance(value.value, dict):
        entries = cast("dict[str, Any]", value.value)
        return {key: item if isinstance(item, Secret) else Secret(item) for key, item in entries.items()}
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    return None


def encode_text(value: Any) -> Any:
    """A text in base64; markers stay."""
    if isinstance(value, Secret):
        return Secret(encode_text(value.value))
    return base64.b64encode(value.encode()).decode() if isinstance(value, str) else value


def convert_struct(struct: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A struct's fields, each as its type says."""
    known = fields_of(struct)
    converted: dict[str, Any] = {}
    for key, value in given.items():
        if value is None:
            continue
        field = known.get(key)
        if field is None:
            converted[key] = without_nulls(value)
            continue
        item = convert(field, field.containers, value) if field.type else without_nulls(value)
        if not (field.omit_empty and not (reveal(item) if isinstance(item, Secret) else item) and item is not UNKNOWN):
            converted[key] = item
    return converted


def without_nulls(value: Any) -> Any:
    """A null in a typed object says no more than absence."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: without_nulls(item) for key, item in entries.items() if item is not None}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [without_nulls(item) for item in items]
    return value


def convert(field: Field, containers: str, value: Any) -> Any:
    """One value, through its lists and maps down to what is inside."""
    match value:
        case Secret():
            return Secret(convert(field, containers, value.value))
        case list() if containers.startswith("[]"):
            items = cast("list[Any]", value)
            return [convert(field, containers[2:], item) for item in items]
        case dict() if containers.startswith("{}"):
            entries = cast("dict[str, Any]", value)
            return {key: convert(field, containers[2:], item) for key, item in entries.items()}
        case _ if value is UNKNOWN or value is None or containers:
            return value
        case _:
            return convert_leaf(field.type, value)


def convert_leaf(type_: str, value: Any) -> Any:
    """A quantity, time, byte string or struct. ValueError when it is none."""
    match type_:
        case "quantity":
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise ValueError("not a quantity")
            return canonical_quantity(value.strip() if isinstance(value, str) else str(value))
        case "time" | "microtime":
            return canonical_time(str(value), micro=type_ == "microtime")
        case "bytes":
            try:
                return base64.b64encode(base64.b64decode(str(value), validate=True)).decode()
            except binascii.Error as error:
                raise ValueError(str(error)) from None
        case _ if isinstance(value, dict):
            entries = cast("dict[str, Any]", value)
            return convert_struct(type_, entries)
        case _:
            raise ValueError(f"not a {type_}")


def canonical_time(text: str, *, micro: bool) -> str:
    """UTC, to the second or the microsecond."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")
