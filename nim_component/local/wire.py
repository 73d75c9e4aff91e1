"""Conversion of values between protobuf and Python.

The SDK's own deserialiser moves a nested secret up to the top-level property, and turns unknown
values into None under mocks. Here every marker stays exactly where the program put it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from google.protobuf import struct_pb2

from .markers import (
    ARCHIVE,
    ASSET,
    OUTPUT,
    RESOURCE,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_SENTINEL,
    Archive,
    Asset,
    ResourceReference,
    Secret,
    Unknown,
)


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return the properties of a request with their markers.

    Whole numbers become ints, because protobuf has only doubles.
    """
    return {key: decode_value(value) for key, value in sorted(struct.fields.items())}


def decode_value(value: struct_pb2.Value) -> Any:
    """Return one value of a request."""
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            return UNKNOWN if text == UNKNOWN_SENTINEL else text
        case "struct_value":
            struct = value.struct_value
            return decode_marker(struct) if SIGNATURE in struct.fields else decode(struct)
        case "list_value":
            return [decode_value(item) for item in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case _:
            return None


def decode_marker(struct: struct_pb2.Struct) -> Any:
    """Return the marker of a struct with a signature.

    A struct with an unknown signature stays a plain dict, as in the Pulumi engine.
    """
    fields = {key: decode_value(value) for key, value in sorted(struct.fields.items())}
    match fields[SIGNATURE]:
        case str(signature) if signature == SECRET:
            return Secret(fields.get("value"))
        case str(signature) if signature == RESOURCE:
            return ResourceReference(urn=fields.get("urn", ""), id=fields.get("id"), package_version=fields.get("packageVersion") or "")
        case str(signature) if signature == OUTPUT:
            plain = fields.get("value", UNKNOWN)
            return Secret(plain) if fields.get("secret") else plain
        case str(signature) if signature == ASSET:
            return Asset(text=fields.get("text") or "", path=fields.get("path") or "", uri=fields.get("uri") or "")
        case str(signature) if signature == ARCHIVE:
            return Archive(path=fields.get("path") or "", uri=fields.get("uri") or "", assets=fields.get("assets") or {})
        case _:
            return fields


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return properties as protobuf, the inverse of `decode`."""
    return struct_pb2.Struct(fields={key: encode_value(value) for key, value in properties.items()})


def encode_value(value: Any) -> struct_pb2.Value:
    """Return a value as protobuf, the inverse of `decode_value`."""
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case Unknown():
            return struct_pb2.Value(string_value=UNKNOWN_SENTINEL)
        case Secret():
            return struct_pb2.Value(struct_value=wrap_secret(encode_value(value.value)))
        case ResourceReference():
            return add_signature(RESOURCE, urn=value.urn, id=value.id, packageVersion=value.package_version)
        case Asset():
            return add_signature(
                ASSET, **{key: text for key, text in (("text", value.text), ("path", value.path), ("uri", value.uri)) if text}
            )
        case Archive():
            fields: dict[str, Any] = {"path": value.path, "uri": value.uri, "assets": dict(value.assets)}
            return add_signature(ARCHIVE, **{key: field for key, field in fields.items() if field})
        case Mapping():
            entries = cast("Mapping[str, Any]", value)
            return struct_pb2.Value(struct_value=encode(entries))
        case list() | tuple():
            items = cast("list[Any]", value)
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[encode_value(item) for item in items]))
        case _:
            raise TypeError(f"{type(value).__name__}: not a type of Pulumi values. Return plain values, Secret(...) or UNKNOWN.")


def add_signature(signature: str, **fields: Any) -> struct_pb2.Value:
    """Return a struct with a signature."""
    return struct_pb2.Value(struct_value=encode({SIGNATURE: signature, **fields}))


def wrap_secret(value: struct_pb2.Value) -> struct_pb2.Struct:
    """Return an encoded value as a secret."""
    return struct_pb2.Struct(fields={SIGNATURE: struct_pb2.Value(string_value=SECRET), "value": value})


def is_secret(value: struct_pb2.Value) -> bool:
    """Return true if an encoded value itself is a secret. Nested values are not searched."""
    fields = value.struct_value.fields
    # `in` first: reading a missing key of a protobuf map creates it.
    return value.HasField("struct_value") and SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET
