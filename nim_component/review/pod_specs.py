"""Pod specs in objects of any kind, and their predecessors before a change.

A pod spec is found by its form: a mapping with a list of containers. So the pod templates of a
CronJob, a JobSet, a RayCluster or any custom resource are found without a list of kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from ..text.field_paths import ItemName, Path, show_path
from .accessors import Fields, mapping, mappings
from .change import COMPONENT, Change, ResourceState, ServiceChange
from .matching import match_items

CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")
_MAX_DEPTH = 30
_APPLIED = ("create", "update", "replace")


class PodChange(NamedTuple):
    """Change of a pod spec."""

    change: Change
    path: str
    """Path of the pod spec in the object after the change."""
    before: Fields | None
    """Pod spec before the change; None for new pods."""
    after: Fields
    template: Fields
    """Template or Pod with the spec, which has the annotations."""


class ContainerChange(NamedTuple):
    """Change of a container."""

    path: str
    before: Fields | None
    """Container before the change; None for a new container."""
    after: Fields
    is_init: bool


def pod_specs(state: ResourceState | None) -> dict[str, tuple[Fields, Fields]]:
    """Return the pod specs of an object with the mappings that contain them, by path."""
    if state is None or state.type == COMPONENT:
        return {}
    return {show_path(path): (spec, owner) for path, spec, owner in _find(state.inputs, mapping(None), ())}


def _find(value: Any, owner: Fields, path: Path) -> Iterator[tuple[Path, Fields, Fields]]:
    if len(path) > _MAX_DEPTH:
        return
    if isinstance(value, list):
        items = cast("list[Any]", value)
        field = next((str(step) for step in reversed(path) if isinstance(step, str) and not isinstance(step, ItemName)), "")
        named = match_items(items, items, field)
        steps = zip(map(ItemName, named[0]), items, strict=True) if named else enumerate(items)
        for step, item in steps:
            yield from _find(item, owner, (*path, step))
    elif entries := mapping(value):
        if _is_pod_spec(entries):
            yield path, entries, owner
            return
        for key, item in entries.items():
            yield from _find(item, entries, (*path, str(key)))


def _is_pod_spec(entries: Fields) -> bool:
    return any("image" in each or "name" in each for each in mappings(entries.get("containers")))


def pod_changes(service: ServiceChange) -> Iterator[PodChange]:
    """Yield the pod specs of created, updated and replaced objects."""
    for change in service.changes:
        if change.operation not in _APPLIED or change.after is None or change.after.external:
            continue
        before = change.before if change.before is not None else find_predecessor(service, change)
        old, new = pod_specs(before), pod_specs(change.after)
        moved = next((old[path] for path in old if path not in new), None)
        for path, (spec, owner) in new.items():
            found = old.get(path, moved)
            yield PodChange(change, path, found[0] if found else None, spec, owner)


def container_changes(pod: PodChange) -> Iterator[ContainerChange]:
    """Yield the containers of a pod spec after the change."""
    for field in CONTAINER_LISTS:
        old = {str(each.get("name")): each for each in mappings(mapping(pod.before).get(field))}
        for container in mappings(pod.after.get(field)):
            name = str(container.get("name"))
            yield ContainerChange(f"{pod.path}.{field}[{name}]", old.get(name), container, field == "initContainers")


def find_predecessor(service: ServiceChange, created: Change) -> ResourceState | None:
    """Return the deleted workload that a created one of another kind replaces.

    Example: the Deployment that a LeaderWorkerSet replaces.
    """
    if created.operation != "create":
        return None
    candidates = [change for change in service.changes if change.subject.kind != created.subject.kind and pod_specs(change.subject)]
    deleted = [change.before for change in candidates if change.operation == "delete" and change.before is not None]
    same_name = [each for each in deleted if each.object_name == created.subject.object_name]
    found = same_name or deleted
    return found[0] if len(found) == 1 else None
