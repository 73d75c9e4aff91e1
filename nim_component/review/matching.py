"""Differences between two values.

Maps are compared by key, lists of maps by identity key; another order is no difference.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ..kubernetes.list_keys import identity_keys
from ..text.field_paths import ItemName, Path, show_path
from .values import Redacted, describe


class Missing:
    """Value of a field that does not exist before or after the change.

    The only instance is `MISSING`.
    """

    def __repr__(self) -> str:
        return "absent"


MISSING = Missing()


@dataclass(frozen=True)
class Difference:
    """One value that differs."""

    path: Path
    old: Any = MISSING
    new: Any = MISSING

    @property
    def where(self) -> str:
        """Path as text, such as `spec.template.spec.containers[nim].image`."""
        return show_path(self.path)


ORDERED = frozenset({"args", "command"})
"""Lists of plain values whose order is significant."""


def compare(old: Any, new: Any, path: Path = ()) -> Iterator[Difference]:
    """Yield the leaves that differ, in order of key.

    An added or removed structure is one difference.
    """
    # Fast paths for most values. The texts differ for 1 and true.
    if old is new or (old == new and repr(old) == repr(new)):
        return
    if old is MISSING or new is MISSING:
        yield Difference(path, old, new)
    elif isinstance(old, dict) and isinstance(new, dict):
        before, after = cast("dict[str, Any]", old), cast("dict[str, Any]", new)
        for key in sorted({*before, *after}):
            yield from compare(before.get(key, MISSING), after.get(key, MISSING), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(cast("list[Any]", old), cast("list[Any]", new), path)
    elif not _is_equal(old, new):
        yield Difference(path, old, new)


def _is_equal(old: Any, new: Any) -> bool:
    """Compare two leaves: `1` and `1.0` are equal, `1` and true are not."""
    return old == new and isinstance(old, bool) == isinstance(new, bool)


def _compare_lists(old: list[Any], new: list[Any], path: Path) -> Iterator[Difference]:
    field = last_key(path)
    if pair := match_items(old, new, field):
        before, after = pair
        for name in [*before, *(name for name in after if name not in before)]:
            yield from compare(before.get(name, MISSING), after.get(name, MISSING), (*path, ItemName(name)))
    elif all(isinstance(item, dict) for item in (*old, *new)):
        yield from _compare_unnamed(old, new, path)
    elif (before := [*map(_normalise, old)]) != (after := [*map(_normalise, new)]) and (
        field in ORDERED or Counter(before) != Counter(after)
    ):
        yield Difference(path, old, new)


def last_key(path: Path) -> str:
    """Return the last key in a path: the name of the list that an item belongs to."""
    return next((step for step in reversed(path) if isinstance(step, str) and not isinstance(step, ItemName)), "")


def match_items(old: list[Any], new: list[Any], field: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return both lists as maps from name to item; None unless every item has a unique name."""
    for keys in identity_keys(field):
        name = _item_namer(keys)
        before, after = [name(item) for item in old], [name(item) for item in new]
        if all((*before, *after)) and len({*before}) == len(before) and len({*after}) == len(after) and (before or after):
            return dict(zip(cast("list[str]", before), old, strict=True)), dict(zip(cast("list[str]", after), new, strict=True))
    return None


def _item_namer(keys: Sequence[str]) -> Callable[[Any], str | None]:
    """Return a function that names an item by these fields. The first field is required."""

    def name(item: Any) -> str | None:
        if not isinstance(item, dict):
            return None
        entries = cast("dict[str, Any]", item)
        values = [entries[key] for key in keys if entries.get(key) is not None]
        if keys[0] not in entries or any(isinstance(value, dict | Redacted) for value in values):
            return None
        return "/".join(describe(value) for value in values) or None

    return name


def _compare_unnamed(old: list[Any], new: list[Any], path: Path) -> Iterator[Difference]:
    """Compare items without names. Equal items match at any index, others in their order."""
    removed, added = _unmatched(old, new), _unmatched(new, old)
    for place in range(max(len(removed), len(added))):
        index, first = removed[place] if place < len(removed) else (added[place][0], MISSING)
        second = added[place][1] if place < len(added) else MISSING
        yield from compare(first, second, (*path, index))


def _unmatched(items: list[Any], others: list[Any]) -> list[tuple[int, Any]]:
    """Return the items, with index, that have no equal in another list."""
    matches = Counter(map(_normalise, items)) & Counter(map(_normalise, others))
    unmatched: list[tuple[int, Any]] = []
    for index, item in enumerate(items):
        text = _normalise(item)
        if matches[text]:
            matches[text] -= 1
        else:
            unmatched.append((index, item))
    return unmatched


def _normalise(value: Any) -> str:
    """Return the same text for equal values.

    It contains the tokens of redacted values, so it is never printed.
    """
    return json.dumps(value, sort_keys=True, default=lambda each: getattr(each, "token", None) or str(each))
