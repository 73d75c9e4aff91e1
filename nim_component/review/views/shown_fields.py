"""Fields of a changed resource that the views show: its differences, or all fields of a new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from ...text.field_paths import ItemName, Path
from ..change import COMPONENT, Change
from ..loader_changes import read_redacted_program
from ..matching import MISSING, Difference, last_key, match_items

_IDENTITY = (("apiVersion",), ("kind",), ("metadata", "name"))
"""Fields that the heading of an object has."""
_OF_LOADER = "[file of the LoRA loader of this nim_component]"


def list_fields(change: Change) -> Sequence[Difference]:
    """Return the fields to show, those of metadata last in a new object.

    The children of a new component contain what its arguments do, and a deleted object is gone with
    all its fields.
    """
    if change.operation != "create" or change.after is None or change.after.type == COMPONENT:
        return change.differences
    leaves = [each for key, value in change.after.inputs.items() for each in _leaves(value, (key,)) if not _is_in_heading(each)]
    if change.after.kind == "ConfigMap":
        leaves = [_name_loader(each) for each in leaves]
    return [*change.differences, *sorted(leaves, key=lambda each: each.path[0] == "metadata")]


def _is_in_heading(field: Difference) -> bool:
    """Return true for a name that the heading or the path has."""
    named = next((step for step in reversed(field.path) if isinstance(step, ItemName)), None)
    return field.path in _IDENTITY or (field.path[-2:-1] == (named,) and isinstance(field.new, str) and field.new == named)


def _leaves(value: Any, path: Path) -> Iterator[Difference]:
    """Yield each field that contains no other one. Items of lists have their names in the path."""
    if value and isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from _leaves(item, (*path, key))
    elif value and isinstance(value, list) and all(isinstance(item, dict) for item in cast("list[Any]", value)):
        items = cast("list[Any]", value)
        named = match_items(items, items, last_key(path))
        for step, item in zip(map(ItemName, named[0]) if named else range(len(items)), items, strict=True):
            yield from _leaves(item, (*path, step))
    else:
        yield Difference(path, new=value)


def _name_loader(field: Difference) -> Difference:
    """Return a name in place of the content of a loader's file: 60 KB that this package ships."""
    is_shipped = field.new == read_redacted_program().get(str(field.path[-1]), MISSING)
    return Difference(field.path, new=_OF_LOADER) if is_shipped else field
