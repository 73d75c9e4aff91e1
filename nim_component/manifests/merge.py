"""Strategic merge, as in `kubectl patch`, of mappings that may contain Outputs.

Mappings merge by key; a value of `null` removes a key. Lists with a merge key
(`kubernetes.list_keys`) merge item by item; every other list is replaced. `$patch: delete` in such
an item removes the item; `$patch: replace` in a mapping replaces the whole mapping.
"""

from collections.abc import Mapping
from typing import Any, cast

from ..kubernetes.list_keys import merge_keys
from .inputs import lift
from .structures import DIRECTIVE


def merge(base: Any, patch: Any, field: str = "") -> Any:
    """Return `base` with `patch` applied, changing neither.

    `field` is the name of the field that holds them.
    """
    if isinstance(patch, Mapping):
        changes = cast("Mapping[str, Any]", patch)
        return lift(base, lambda base: _merge_mapping(base, changes))
    if isinstance(patch, list) and (key := _merge_key(field, cast("list[Any]", patch))) is not None:
        return lift(base, lambda base: _merge_list(base, cast("list[Any]", patch), key))
    return cast(Any, patch)


def _merge_mapping(base: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    kept: Mapping[str, Any] = cast("Mapping[str, Any]", base) if isinstance(base, Mapping) and patch.get(DIRECTIVE) != "replace" else {}
    merged = dict(kept)
    for key, value in patch.items():
        if key == DIRECTIVE:
            continue
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(kept.get(key), value, key)
    return merged


def _merge_key(field: str, patch: list[Any]) -> str | None:
    for key in merge_keys(field):
        if all(isinstance(item, Mapping) and key in item for item in patch):
            return key
    return None


def _merge_list(base: Any, patch: list[Any], key: str) -> list[Any]:
    """Merge item by item: existing items keep their places, new items come last."""
    changes = {item[key]: item for item in patch}
    merged: list[Any] = []
    for item in cast("list[Any]", base or []):
        change = changes.pop(item.get(key), None)
        if change is None:
            merged.append(item)
        elif change.get(DIRECTIVE) != "delete":
            merged.append(merge(item, change))
    return [*merged, *(merge(None, item) for item in changes.values() if item.get(DIRECTIVE) != "delete")]
