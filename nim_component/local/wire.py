"""Values as they travel between the SDK and the engine, and back.

The SDK's own deserialiser bubbles a nested secret up to the top-level property and turns unknowns into None under mocks. What a
recorder needs is the opposite: every marker exactly where the program put it. So the protobuf is walked here.
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
    """The properties of a request, markers in place. Whole numbers become ints: the wire has only doubles."""
    return {key: decode_value(value) for key, value in sorted(struct.fields.items())}


def decode_value(value: struct_pb2.Value) -> Any:
    """One value of a request."""
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
    """A struct with the special signature. An unheard-of signature stays a plain dict, as the engine treats it."""
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
    """The opposite of `decode`."""
    return struct_pb2.Struct(fields={key: encode_value(value) for key, value in properties.items()})


def encode_value(value: Any) -> struct_pb2.Value:
    """The opposite of `decode_value`."""
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
            return signed(RESOURCE, urn=value.urn, id=value.id, packageVersion=value.package_version)
        case Asset():
            return signed(ASSET, **{key: text for key, text in (("text", value.text), ("path", value.path), ("uri", value.uri)) if text})
        case Archive():
            parts: dict[str, Any] = {"path": value.path, "uri": value.uri, "assets": dict(value.assets)}
            return signed(ARCHIVE, **{key: part for key, part in parts.items() if part})
        case Mapping():
            entries = cast("Mapping[str, Any]", value)
            return struct_pb2.Value(struct_value=encode(entries))
        case list() | tuple():
            items = cast("list[Any]", value)
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[encode_value(item) for item in items]))
        case _:
            raise TypeError(f"a {type(value).__name__} cannot travel to a Pulumi program; give plain values, Secret(...) or UNKNOWN")


def signed(signature: str, **fields: Any) -> struct_pb2.Value:
    """A struct that carries the special signature."""
    return struct_pb2.Value(struct_value=encode({SIGNATURE: signature, **fields}))


def wrap_secret(value: struct_pb2.Value) -> struct_pb2.Struct:
    """The struct that says `secret` around a value that is encoded already."""
    return struct_pb2.Struct(fields={SIGNATURE: struct_pb2.Value(string_value=SECRET), "value": value})


def is_secret(value: struct_pb2.Value) -> bool:
    """Whether an encoded value is marked secret at its top."""
    fields = value.struct_value.fields
    # Asking for a key that is not there would make it.
    return value.HasField("struct_value") and SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET
