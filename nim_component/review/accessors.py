"""Accessors for data of unknown shape. None of them raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

Fields = Mapping[str, Any]
_PLAIN = frozenset({str, int, float, bool, list, type(None)})


def get(value: Any, *keys: str) -> Any:
    """Return the value at a path of keys, or None."""
    for key in keys:
        value = cast("Fields", value).get(key) if isinstance(value, (dict, Mapping)) else None
    return value


def mapping(value: Any) -> Fields:
    """Return a mapping unchanged, and an empty one for other values."""
    # Most values are plain: the check of an abstract class is slow.
    return cast("Fields", value) if isinstance(value, dict) or (type(value) not in _PLAIN and isinstance(value, Mapping)) else {}


def mappings(value: Any) -> list[Fields]:
    """Return the mappings in a list."""
    return (
        [cast("Fields", item) for item in cast("list[Any]", value) if isinstance(item, (dict, Mapping))] if isinstance(value, list) else []
    )


def strings(value: Any) -> list[str]:
    """Return the strings in a list."""
    return [item for item in cast("list[Any]", value) if isinstance(item, str)] if isinstance(value, list) else []


def integer(value: Any) -> int | None:
    """Return a number, or a string that is one, without its fraction; None for other values."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return None
