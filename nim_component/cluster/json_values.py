"""Decoding of JSON from a cluster, with limits on its size, its depth and its number of values."""

import json
import math
from typing import Any

MAX_DEPTH = 100
"""Nested arrays and objects. The schema of a CustomResourceDefinition has about 40."""
MAX_VALUES = 2_000_000
"""Values of one document. Each takes about 100 bytes of memory, whatever its text takes."""
_CONTAINERS = (dict, list)


class JsonLimitError(ValueError):
    """JSON that is nested too deeply, or has too many values."""


def decode_json(text: str | bytes) -> Any:
    """Decode JSON text.

    Raises:
        JsonLimitError: The text exceeds `MAX_DEPTH` or `MAX_VALUES`.
        ValueError: The text is not JSON, or has a number that is not finite.
    """
    commas, brackets, braces = (",", "[", "{") if isinstance(text, str) else (b",", b"[", b"{")
    if sum(text.count(each) for each in (commas, brackets, braces)) > MAX_VALUES:  # pyright: ignore[reportArgumentType]
        raise JsonLimitError(f"more than {MAX_VALUES:,} values")
    try:
        decoded: Any = json.loads(text, parse_float=_to_float, parse_constant=_to_float)
    except RecursionError:
        raise JsonLimitError(f"more than {MAX_DEPTH} levels") from None
    if _is_deep(decoded):
        raise JsonLimitError(f"more than {MAX_DEPTH} levels")
    return decoded


def _to_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number


def _is_deep(decoded: Any) -> bool:
    level: list[Any] = [decoded] if isinstance(decoded, dict | list) else []
    for _ in range(MAX_DEPTH + 1):
        # Exact types, as the decoder makes them: the fastest test, for lists of megabytes.
        level = [child for each in level for child in _children(each) if type(child) in _CONTAINERS]
        if not level:
            return False
    return True


def _children(container: Any) -> Any:
    return container.values() if isinstance(container, dict) else container  # pyright: ignore[reportUnknownVariableType]
