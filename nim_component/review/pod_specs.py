"""Pod specs in objects of any kind.

A pod spec is found by its form: a mapping with a list of containers. So the pod templates of a
CronJob, a JobSet, a RayCluster or any custom resource are found without a list of kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from ..text.field_paths import ItemName, Path, show_path
from .accessors import Fields, mapping, mappings
from .matching import last_key, match_items

_MAX_DEPTH = 30


class PodSpec(NamedTuple):
    """Pod spec, and the template or Pod that contains it and has the annotations."""

    fields: Fields
    template: Fields


def find_pod_specs(inputs: Fields) -> Mapping[str, PodSpec]:
    """Return the pod specs of an object by path."""
    return {show_path(path): spec for path, spec in _find(inputs, {}, ())}


def _find(value: Any, owner: Fields, path: Path) -> Iterator[tuple[Path, PodSpec]]:
    if len(path) > _MAX_DEPTH:
        return
    if isinstance(value, list):
        items = cast("list[Any]", value)
        named = match_items(items, items, last_key(path))
        steps = zip(map(ItemName, named[0]), items, strict=True) if named else enumerate(items)
        for step, item in steps:
            yield from _find(item, owner, (*path, step))
    elif entries := mapping(value):
        if _is_pod_spec(entries):
            yield path, PodSpec(entries, owner)
        for key, item in entries.items():
            yield from _find(item, entries, (*path, str(key)))


def _is_pod_spec(entries: Fields) -> bool:
    return any("image" in each or "name" in each for each in mappings(entries.get("containers")))
