"""Differences in the detailed diff of the engine that the inputs of a resource do not show.

Such a difference is the new value of a secret, or a drift of the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ...local.markers import Unknown
from ...text.field_paths import ItemName, Path, parse_path
from ..accessors import mappings
from ..change import ResourceState
from ..matching import MISSING, Difference, compare, last_key, match_items
from ..values import Redacted


def find_engine_differences(before: ResourceState, after: ResourceState, paths: Sequence[str]) -> tuple[Difference, ...]:
    """Return the differences at paths of the detailed diff that the inputs do not show.

    The engine counts list items by index. Below a list whose items moved, its paths are meaningless
    and are left out.
    """
    seen = [difference.path for difference in compare(dict(before.inputs), dict(after.inputs))]
    found: list[Difference] = []
    for text in sorted(paths):
        path, is_moved = name_items(parse_path(text), before.inputs, after.inputs)
        is_seen = any(other[: len(path)] == path or path[: len(other)] == other for other in seen)
        if not is_seen and not is_moved and all(path != other.path for other in found):
            old, new = get_value(before.inputs, path), get_value(after.inputs, path)
            found.append(Difference(path, old if old is not MISSING else Redacted(), new if new is not MISSING else Redacted()))
    return tuple(found)


def name_items(path: Path, before: Any, after: Any) -> tuple[Path, bool]:
    """Return the path with item names in place of indexes, and true if the item only moved."""
    named: list[str | int] = []
    for depth, step in enumerate(path):
        if isinstance(before, Redacted | Unknown) or isinstance(after, Redacted | Unknown):
            return (*named, *path[depth:]), False
        if isinstance(step, int) and isinstance(before, list) and isinstance(after, list):
            first, second = cast("list[Any]", before), cast("list[Any]", after)
            names = [list(items) for items in match_items(first, second, last_key(tuple(named))) or ({}, {})]
            if names[0] != names[1] or step >= len(names[0]):
                return tuple(named), first != second
            named.append(ItemName(names[0][step]))
            before, after = first[step], second[step]
            continue
        named.append(step)
        before, after = _child(before, step), _child(after, step)
    return tuple(named), False


def _child(value: Any, step: str | int) -> Any:
    return cast("Mapping[Any, Any]", value).get(step) if isinstance(value, Mapping) else None


def get_value(value: Any, path: Path) -> Any:
    """Return the value at a path of keys and item names.

    Below a redacted or unknown value, return that value.
    """
    for step in path:
        if isinstance(value, Redacted | Unknown):
            return value
        if isinstance(value, Mapping) and step in cast("Mapping[Any, Any]", value):
            value = cast("Mapping[Any, Any]", value)[step]
        elif isinstance(value, list):
            value = next((item for item in mappings(cast("list[Any]", value)) if item.get("name") == step), MISSING)
        else:
            return MISSING
    return value
