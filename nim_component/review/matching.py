"""What differs between two values: maps by key, lists of maps by name. A reordering is not a difference."""

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
    """What stands on the side that has no such value. There is one: `MISSING`."""

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
        """`spec.template.spec.containers[nim].image`."""
        return show_path(self.path)


ORDERED = frozenset({"args", "command"})
"""Lists of plain values whose order means something."""


def compare(old: Any, new: Any, path: Path = ()) -> Iterator[Difference]:
    """The leaves that differ, maps in order of key. What came or went as a whole is one difference."""
    if old == new and repr(old) == repr(new):  # most of two objects; the texts tell 1 from true
        return
    if old is MISSING or new is MISSING:
        yield Difference(path, old, new)
    elif isinstance(old, dict) and isinstance(new, dict):
        before, after = cast("dict[str, Any]", old), cast("dict[str, Any]", new)
        for key in sorted({*before, *after}):
            yield from compare(before.get(key, MISSING), after.get(key, MISSING), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from compare_lists(cast("list[Any]", old), cast("list[Any]", new), path)
    elif not alike(old, new):
        yield Difference(path, old, new)


def alike(old: Any, new: Any) -> bool:
    """Whether two leaves are the same: `1` and `1.0` are, `1` and true are not."""
    return old == new and isinstance(old, bool) == isinstance(new, bool)


def compare_lists(old: list[Any], new: list[Any], path: Path) -> Iterator[Difference]:
    """Two lists: items of the same name belong together."""
    field = next((step for step in reversed(path) if isinstance(step, str) and not isinstance(step, ItemName)), "")
    if keyed := match(old, new, field):
        before, after = keyed
        for name in [*before, *(name for name in after if name not in before)]:
            yield from compare(before.get(name, MISSING), after.get(name, MISSING), (*path, ItemName(name)))
    elif all(isinstance(item, dict) for item in (*old, *new)):
        yield from compare_unnamed(old, new, path)
    elif (before := [*map(spell, old)]) != (after := [*map(spell, new)]) and (field in ORDERED or Counter(before) != Counter(after)):
        yield Difference(path, old, new)


def match(old: list[Any], new: list[Any], field: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Both lists as maps from name to item, if every item has a name of its own."""
    for keys in identity_keys(field):
        name = namer(keys)
        before, after = [name(item) for item in old], [name(item) for item in new]
        if all((*before, *after)) and len({*before}) == len(before) and len({*after}) == len(after) and (before or after):
            return dict(zip(cast("list[str]", before), old, strict=True)), dict(zip(cast("list[str]", after), new, strict=True))
    return None


def namer(keys: Sequence[str]) -> Callable[[Any], str | None]:
    """What tells an item apart by these fields; the first of them must be there."""

    def name(item: Any) -> str | None:
        if not isinstance(item, dict):
            return None
        entries = cast("dict[str, Any]", item)
        values = [entries[key] for key in keys if entries.get(key) is not None]
        if keys[0] not in entries or any(isinstance(value, dict | Redacted) for value in values):
            return None
        return "/".join(describe(value) for value in values) or None

    return name


def compare_unnamed(old: list[Any], new: list[Any], path: Path) -> Iterator[Difference]:
    """Items without names: the equal ones belong together wherever they stand, the others in their order."""
    left = Counter(map(spell, new))
    before = list[tuple[int, Any]]()
    for index, item in enumerate(old):
        if left[spell(item)]:
            left[spell(item)] -= 1
        else:
            before.append((index, item))
    kept = Counter(map(spell, old)) & Counter(map(spell, new))
    after = list[tuple[int, Any]]()
    for index, item in enumerate(new):
        if kept[spell(item)]:
            kept[spell(item)] -= 1
        else:
            after.append((index, item))
    for place in range(max(len(before), len(after))):
        index, first = before[place] if place < len(before) else (after[place][0], MISSING)
        second = after[place][1] if place < len(after) else MISSING
        yield from compare(first, second, (*path, index))


def spell(value: Any) -> str:
    """One spelling for values that are the same. A hidden value's token is part of it, and stays in here."""
    return json.dumps(value, sort_keys=True, default=lambda each: getattr(each, "token", None) or str(each))
