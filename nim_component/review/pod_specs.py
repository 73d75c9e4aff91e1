"""Pod specs in objects of any kind.

A pod spec is found by its form: a mapping with a list of containers. So the pod templates of a
CronJob, a JobSet, a RayCluster or any custom resource are found without a list of kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from ..text.field_paths import ItemName, Path, show_path
from .accessors import Fields, mapping, mappings
from .matching import match_items

_MAX_DEPTH = 30


class PodSpec(NamedTuple):
    """Pod spec, and the template or Pod that contains it and has the annotations."""

    fields: Fields
    template: Fields


def find_pod_specs(inputs: Fields) -> Mapping[str, PodSpec]:
    """Return the pod specs of an object by path."""
    return {show_path(path): spec for path, spec in _find(inputs, {}, "", 0)}


def _find(value: Any, owner: Fields, field: str, depth: int) -> Iterator[tuple[Path, PodSpec]]:
    """Yield pod specs with their paths below a value. The items of a list are named if one has."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        steps: Sequence[str | int] | None = None
        for index, item in enumerate(cast("list[Any]", value)):
            for path, spec in _find(item, owner, field, depth + 1):
                steps = _name_items(cast("list[Any]", value), field) if steps is None else steps
                yield (steps[index], *path), spec
    elif entries := mapping(value):
        if _is_pod_spec(entries):
            yield (), PodSpec(entries, owner)
        for key, item in entries.items():
            if isinstance(item, (dict, list)):
                for path, spec in _find(item, entries, str(key), depth + 1):
                    yield (str(key), *path), spec


def _name_items(items: list[Any], field: str) -> Sequence[str | int]:
    """Return the steps of a path to the items of a list: their names, or their indices."""
    named = match_items(items, items, field)
    return [*map(ItemName, named[0])] if named else range(len(items))


def _is_pod_spec(entries: Fields) -> bool:
    return any("image" in each or "name" in each for each in mappings(entries.get("containers")))
