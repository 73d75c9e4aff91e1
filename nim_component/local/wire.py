"""Values as they travel between the SDK and the engine, and back.

The SDK's own deserialiser bubbles a nested secret up to the top-level property and turns unknowns into None under mocks. What a
recorder needs is the opposite: every marker exactly where the program put it. So the protobuf is walked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from google.protobuf import struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_SENTINEL: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

SECRET_TEXT: Final = "[secret]"
UNKNOWN_TEXT: Final = "[unknown]"


@dataclass(frozen=True, repr=False)
class Secret:
    """A value that the program marked secret. Prints as `[secret]`; ask for `.value` to see it."""

    value: Any

    def __repr__(self) -> str:
        return SECRET_TEXT


class Unknown:
    """A value that is not known before the program runs against a real engine. There is one: `UNKNOWN`."""

    _one: Unknown | None = None

    def __new__(cls) -> Unknown:
        cls._one = cls._one or super().__new__(cls)
        return cls._one

    def __repr__(self) -> str:
        return UNKNOWN_TEXT


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class ResourceReference:
    """A resource handed over as a value."""

    urn: str
    id: Any = None
    package_version: str = ""


@dataclass(frozen=True)
class Asset:
    """A file, text or address handed over as a value."""

    text: str = ""
    path: str = ""
    uri: str = ""


@dataclass(frozen=True)
class Archive:
    """A folder, an address or named assets handed over as a value."""

    path: str = ""
    uri: str = ""
    assets: Mapping[str, Any] = field(default_factory=dict[str, Any])


Marker: TypeAlias = Secret | Unknown | ResourceReference | Asset | Archive
"""What can stand in a value besides None, bool, int, float, str, list and dict."""


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


def reveal(value: Any) -> Any:
    """The value without its secret wrappers; unknowns stay."""
    return transform(value, lambda marker: reveal(marker.value) if isinstance(marker, Secret) else marker)


def mask(value: Any) -> Any:
    """Plain JSON-like data that is safe to write: secrets, unknowns and the like are replaced by texts that say so."""
    return transform(value, describe)


def describe(marker: Marker) -> Any:
    """What stands in a file or on a screen for a marker."""
    match marker:
        case Secret():
            return SECRET_TEXT
        case Unknown():
            return UNKNOWN_TEXT
        case ResourceReference():
            return marker.urn
        case Asset():
            return f"[asset {marker.path or marker.uri or f'of {len(marker.text)} characters'}]"
        case Archive():
            return f"[archive {marker.path or marker.uri or ', '.join(sorted(marker.assets))}]"


def transform(value: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of a value in which every marker is what `change` makes of it."""
    match value:
        case dict():
            entries = cast("dict[str, Any]", value)
            return {key: transform(item, change) for key, item in entries.items()}
        case list():
            items = cast("list[Any]", value)
            return [transform(item, change) for item in items]
        case Secret() | Unknown() | ResourceReference() | Asset() | Archive():
            return change(value)
        case _:
            return value


def find(value: Any, wanted: type[Secret] | type[Unknown], path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths at which a marker of one kind stands; not looked for inside of secrets."""
    if isinstance(value, wanted):
        yield path
    elif isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        for key, item in entries.items():
            yield from find(item, wanted, (*path, key))
    elif isinstance(value, list):
        items = cast("list[Any]", value)
        for index, item in enumerate(items):
            yield from find(item, wanted, (*path, index))


def show_path(path: tuple[str | int, ...]) -> str:
    """`spec.containers[0].env`; a key with a dot or bracket in it is quoted as Pulumi's property paths do."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif any(mark in step for mark in '.[]"') or not step:
            text += '["' + step.replace('"', '\\"') + '"]'
        else:
            text += f".{step}" if text else step
    return text
