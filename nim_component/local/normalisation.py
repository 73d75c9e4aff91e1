"""Normalisation of Kubernetes objects, as the Pulumi Kubernetes provider renders them.

The provider converts an object to the Go types of Kubernetes and back, so that equal values have
equal texts. The result here is exact for three cases: kinds in `kubernetes_types`, Secrets, and
custom resource definitions. Custom resources are not changed, as in the provider; nor are other
built-in kinds.

Unknown fields are kept, and the schema validation reports them. The provider drops them silently.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from ..kubernetes import kubectl
from ..kubernetes.quantities import canonical_quantity
from .kubernetes_provider import BUILTIN_GROUP_VERSIONS
from .kubernetes_types import Field, find_fields, find_struct
from .markers import UNKNOWN, Secret, reveal

DASHED_FIELDS = {
    f"x_kubernetes_{tail}": f"x-kubernetes-{tail.replace('_', '-')}"
    for tail in ("embedded_resource", "int_or_string", "list_map_keys", "list_type", "map_type", "preserve_unknown_fields", "validations")
}
"""Field names with dashes by their names in the SDK, which cannot contain dashes."""

READ_ONLY = (
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "uid",
)  # fmt: skip
"""Fields of `metadata` that only a cluster sets."""


def to_object(inputs: Mapping[str, Any], api_version: str, kind: str) -> dict[str, Any]:
    """Return the Kubernetes object of a resource, before normalisation.

    Markers are kept, and the data of a Secret is marked secret.
    """
    plain = {"apiVersion": api_version, "kind": kind, **{key: value for key, value in inputs.items() if key not in ("apiVersion", "kind")}}
    if (api_version, kind) == ("v1", "Secret"):
        marked = {key: mark_secret_data(value) if key in ("data", "stringData") else value for key, value in plain.items()}
        return mark_last_applied(marked)
    return plain if find_struct(api_version, kind) else restore_dashes(plain)


def mark_secret_data(value: Any) -> Any:
    """Return the data of a Secret with every value marked secret."""
    entries = spread_secret(value)
    if entries is None:
        return value if value is None or value is UNKNOWN or isinstance(value, Secret) else Secret(value)
    return {key: item if item is UNKNOWN or isinstance(item, Secret) else Secret(item) for key, item in entries.items()}


def mark_last_applied(secret: dict[str, Any]) -> dict[str, Any]:
    """Return a Secret with its last-applied annotation marked secret.

    `kubectl apply` writes the whole Secret to this annotation, and programs contain copies of it.
    """
    match secret:
        case {"metadata": {"annotations": {kubectl.LAST_APPLIED: str(text), **others}, **rest}}:
            annotations = {**others, kubectl.LAST_APPLIED: Secret(text)}
            return {**secret, "metadata": {**rest, "annotations": annotations}}
        case _:
            return secret


def restore_dashes(value: Any) -> Any:
    """Return a copy in which `x_kubernetes_…` keys have dashes, at any depth."""
    match value:
        case dict():
            entries = cast("dict[str, Any]", value)
            return {DASHED_FIELDS.get(key, key): restore_dashes(item) for key, item in entries.items()}
        case list():
            items = cast("list[Any]", value)
            return [restore_dashes(item) for item in items]
        case Secret():
            return Secret(restore_dashes(value.value))
        case _:
            return value


def normalise(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object as it is rendered.

    If a value cannot be converted, the whole object is rendered as given, as the provider does.
    """
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
    """Return a normalised object of a built-in kind."""
    if kind == "Secret" and api_version == "v1":
        return normalise_secret(given)
    if kind == "CustomResourceDefinition":
        return normalise_crd(given)
    struct = find_struct(api_version, kind)
    return convert_struct(struct, given) if struct else given


def normalise_crd(given: dict[str, Any]) -> dict[str, Any]:
    """Return a custom resource definition without `status` and `preserveUnknownFields: false`."""
    normal = {key: value for key, value in given.items() if key != "status"}
    spec: Any = normal.get("spec")
    if isinstance(spec, dict) and spec.get("preserveUnknownFields") is False:  # pyright: ignore[reportUnknownMemberType]
        entries = cast("dict[str, Any]", spec)
        normal["spec"] = {key: value for key, value in entries.items() if key != "preserveUnknownFields"}
    return normal


def normalise_secret(given: dict[str, Any]) -> dict[str, Any]:
    """Return a Secret with `stringData` merged into `data` as base64, as the API server does."""
    texts: Any = spread_secret(given.get("stringData"))
    if not texts or not all(isinstance(value, str | Secret) or value is UNKNOWN for value in texts.values()):
        return given
    old = spread_secret(given.get("data"))
    normal = {key: value for key, value in given.items() if key != "stringData"}
    normal["data"] = {**(old or {}), **{key: encode_text(value) for key, value in texts.items()}}
    return normal


def spread_secret(value: Any) -> dict[str, Any] | None:
    """Return a mapping, or None for other values.

    The values of a secret mapping are marked secret.
    """
    if isinstance(value, Secret) and isinstance(value.value, dict):
        entries = cast("dict[str, Any]", value.value)
        return {key: item if isinstance(item, Secret) else Secret(item) for key, item in entries.items()}
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    return None


def encode_text(value: Any) -> Any:
    """Return a text in base64. Markers are kept."""
    if isinstance(value, Secret):
        return Secret(encode_text(value.value))
    return base64.b64encode(value.encode()).decode() if isinstance(value, str) else value


def convert_struct(struct: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a struct, serialised by their types."""
    known = find_fields(struct)
    converted: dict[str, Any] = {}
    for key, value in given.items():
        if value is None:
            continue
        field = known.get(key)
        if field is None:
            converted[key] = drop_nulls(value)
            continue
        item = convert(field, field.containers, value) if field.type else drop_nulls(value)
        if not (field.omit_empty and not (reveal(item) if isinstance(item, Secret) else item) and item is not UNKNOWN):
            converted[key] = item
    return converted


def drop_nulls(value: Any) -> Any:
    """Return a copy without nulls. In a typed object they are equal to missing fields."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: drop_nulls(item) for key, item in entries.items() if item is not None}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [drop_nulls(item) for item in items]
    return value


def convert(field: Field, containers: str, value: Any) -> Any:
    """Return a value serialised by the type of its field.

    Args:
        field: Field of the table.
        containers: Lists and maps that remain around the value.
        value: Value to serialise.
    """
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
    """Return a quantity, time, byte string or struct. Raise ValueError for another value."""
    match type_:
        case "quantity":
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise ValueError("not a quantity")
            return canonical_quantity(value.strip() if isinstance(value, str) else str(value))
        case "time" | "microtime":
            return format_time(str(value), micro=type_ == "microtime")
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


def format_time(text: str, *, micro: bool) -> str:
    """Return a time in UTC with seconds or microseconds. Raise ValueError without a time zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")
