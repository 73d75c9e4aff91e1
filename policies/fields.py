"""Values of objects whose form is not certain: mappings, lists and numbers."""

import math
from collections.abc import Mapping
from typing import Any, cast

Props = Mapping[str, Any]
UNLIMITED = math.inf
"""Number of pods, runs or devices without an upper bound."""


def mapping(value: Any) -> Props:
    """Return a mapping unchanged, and an empty one for other values, such as unknown ones."""
    return cast(Props, value) if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Props]:
    """Return the mappings in a list, and an empty list for other values."""
    return [cast(Props, each) for each in cast("list[Any]", value) if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []


def values(value: Any) -> list[Any]:
    """Return a list unchanged, and an empty one for other values."""
    return [*cast("list[Any]", value)] if isinstance(value, list | tuple) else []


def integer(value: Any, default: int) -> int:
    """Return a number, or a text that is one, as an integer; the default for other values."""
    try:
        return default if value is None or isinstance(value, bool) else int(float(str(value)))
    except (OverflowError, ValueError):
        return default


def namespace_of(props: Props) -> str:
    """Return the namespace of an object."""
    return str(mapping(props.get("metadata")).get("namespace") or "default")


def multiply(count: float, factor: float) -> float:
    """Return the product; zero times `UNLIMITED` is zero."""
    return count * factor if count and factor else 0
