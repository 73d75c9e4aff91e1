"""Kubernetes objects in a stack's exported state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ..cluster.kinds import WORKLOAD_KINDS
from ..cluster.objects import Object, at, items_at, mapping_at, text_at
from ..local.markers import SIGNATURE
from ..names import JOBS, SELECTOR_LABELS, SERVER
from ..text.field_paths import Path, parse_path

ObjectId = tuple[str, str, str]
"""Kind, namespace and name of an object."""
_PREFIX = "kubernetes:"


@dataclass(frozen=True)
class RecordedWorkload:
    """A workload or Job as Pulumi has recorded it."""

    inputs: Object
    """Object that was applied, without encrypted fields."""
    outputs: Object
    """Object that the cluster had after the last operation."""
    ignored: tuple[Path, ...] = ()
    """Paths that `ignore_changes` excludes."""


@dataclass(frozen=True)
class StackState:
    """Kubernetes objects of a state. Objects with a pending creation are not included."""

    objects: frozenset[ObjectId] = frozenset()
    pending_deletions: frozenset[ObjectId] = frozenset()
    """Objects that an unfinished update has replaced and not deleted."""
    workloads: Mapping[ObjectId, RecordedWorkload] = field(default_factory=dict[ObjectId, RecordedWorkload])
    """The component's Deployments, LeaderWorkerSets and Jobs without a pending deletion."""


def read_stack_state(state: Any) -> StackState:
    """Return the objects of an exported state.

    Raises:
        ValueError: The value is not an exported state.
    """
    if not isinstance(at(state, "deployment"), dict):
        raise ValueError("no deployment")
    objects: set[ObjectId] = set()
    pending_deletions: set[ObjectId] = set()
    workloads: dict[ObjectId, RecordedWorkload] = {}
    for resource in items_at(state, "deployment", "resources"):
        kind = text_at(resource, "type").rpartition(":")[2]
        # The id also exists where the metadata is encrypted, as in a Secret that was read.
        namespace, _, name = text_at(resource, "id").rpartition("/")
        if not text_at(resource, "type").startswith(_PREFIX) or not name:
            continue
        objects.add((kind, namespace, name))
        if resource.get("delete") is True:
            pending_deletions.add((kind, namespace, name))
        elif kind in WORKLOAD_KINDS:
            inputs, outputs = (_without_secrets(mapping_at(resource, key)) for key in ("inputs", "outputs"))
            if text_at(inputs, "metadata", "labels", SELECTOR_LABELS[0]) in (SERVER, *JOBS):
                workloads[kind, namespace, name] = RecordedWorkload(inputs, outputs, _ignored_paths(resource))
    return StackState(frozenset(objects), frozenset(pending_deletions), workloads)


def _ignored_paths(resource: Object) -> tuple[Path, ...]:
    paths = resource.get("ignoreChanges")
    return tuple(parse_path(each) for each in cast("list[Any]", paths) if isinstance(each, str)) if isinstance(paths, list) else ()


def _without_secrets(value: Any) -> Any:
    """Return a copy without encrypted values."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {key: _without_secrets(each) for key, each in fields.items() if not (isinstance(each, dict) and SIGNATURE in each)}
    if isinstance(value, list):
        return [_without_secrets(each) for each in cast("list[Any]", value)]
    return value
