"""Markers: values that are neither plain data nor text, and their signatures on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""Key of a struct that carries a marker; its value is one of the signatures below.

They are those of the Pulumi SDK:
https://github.com/pulumi/pulumi/blob/master/sdk/python/lib/pulumi/runtime/rpc.py
"""
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
    """A value that the program marked secret.

    It prints as `[secret]`; `value` is the plain value.
    """

    value: Any

    def __repr__(self) -> str:
        return SECRET_TEXT


class Unknown:
    """A value that is known only after an update by the Pulumi engine.

    The only instance is `UNKNOWN`.
    """

    _instance: Unknown | None = None

    def __new__(cls) -> Unknown:
        """Return the only instance."""
        cls._instance = cls._instance or super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return UNKNOWN_TEXT


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class ResourceReference:
    """A resource used as a value."""

    urn: str
    id: Any = None
    package_version: str = ""


@dataclass(frozen=True)
class Asset:
    """A file, a text or a URI used as a value."""

    text: str = ""
    path: str = ""
    uri: str = ""


@dataclass(frozen=True)
class Archive:
    """A folder, a URI or named assets used as a value."""

    path: str = ""
    uri: str = ""
    assets: Mapping[str, Any] = field(default_factory=dict[str, Any])


Marker: TypeAlias = Secret | Unknown | ResourceReference | Asset | Archive
"""Types of values besides None, bool, int, float, str, list and dict."""


def reveal(value: Any) -> Any:
    """Return a copy without secret wrappers. Unknown values stay."""
    return transform(value, lambda marker: reveal(marker.value) if isinstance(marker, Secret) else marker)


def mask(value: Any) -> Any:
    """Return JSON-like data that is safe to write, with descriptions in place of markers."""
    return transform(value, describe)


def describe(marker: Marker) -> str:
    """Return the text that stands for a marker in a file or on a screen."""
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
    """Return a copy in which each marker is replaced by `change(marker)`."""
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


def find_paths(value: Any, wanted: type[Secret] | type[Unknown], path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of all markers of one type. Secret values are not searched."""
    if isinstance(value, wanted):
        yield path
    elif isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        for key, item in entries.items():
            yield from find_paths(item, wanted, (*path, key))
    elif isinstance(value, list):
        items = cast("list[Any]", value)
        for index, item in enumerate(items):
            yield from find_paths(item, wanted, (*path, index))
