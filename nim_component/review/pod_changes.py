"""Changes of pod specs and their containers, also where a workload gets another kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .accessors import Fields, mapping, mappings
from .change import Change, ResourceState, ServiceChange
from .pod_specs import PodSpec

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")
_APPLIED = ("create", "update", "replace")


class PodChange(NamedTuple):
    """Change of a pod spec."""

    change: Change
    path: str
    """Path of the pod spec in the object after the change."""
    old: PodSpec | None
    """None for new pods."""
    new: PodSpec

    @property
    def metadata_path(self) -> str:
        """Path of the metadata beside the pod spec."""
        return f"{self.path.removesuffix('spec')}metadata"

    @property
    def before(self) -> Fields | None:
        """Pod spec before the change; None for new pods."""
        return self.old.fields if self.old is not None else None

    @property
    def after(self) -> Fields:
        """Pod spec after the change."""
        return self.new.fields


class ContainerChange(NamedTuple):
    """Change of a container."""

    path: str
    before: Fields | None
    """Container before the change; None for a new container."""
    after: Fields


def pod_changes(service: ServiceChange) -> Iterator[PodChange]:
    """Yield the pod specs of created, updated and replaced objects."""
    for change in service.changes:
        if change.operation not in _APPLIED or change.after is None or change.after.external:
            continue
        before = change.before or _find_predecessor(service, change)
        old, new = before.pod_specs if before is not None else dict[str, PodSpec](), change.after.pod_specs
        moved = next((old[path] for path in old if path not in new), None)
        for path, spec in new.items():
            yield PodChange(change, path, old.get(path, moved), spec)


def container_changes(pod: PodChange) -> Iterator[ContainerChange]:
    """Yield the containers of a pod spec after the change."""
    for field in CONTAINER_LISTS:
        old = containers_by_name(pod.before, field)
        for name, container in containers_by_name(pod.after, field).items():
            yield ContainerChange(f"{pod.path}.{field}[{name}]", old.get(name), container)


def containers_by_name(pod: Fields | None, field: str) -> dict[str, Fields]:
    """Return the containers in one of the lists of a pod spec.

    A second container of a name, which Kubernetes rejects, is not taken for the first one.
    """
    found: dict[str, Fields] = {}
    for each in mappings(mapping(pod).get(field)):
        name = str(each.get("name"))
        found[name if name not in found else f"{name}#{len(found)}"] = each
    return found


def _find_predecessor(service: ServiceChange, created: Change) -> ResourceState | None:
    """Return the deleted workload that a created one of another kind replaces.

    Example: the Deployment that a LeaderWorkerSet replaces.
    """
    if created.operation != "create":
        return None
    candidates = [change for change in service.changes if change.subject.kind != created.subject.kind and change.subject.pod_specs]
    deleted = [change.before for change in candidates if change.operation == "delete" and change.before is not None]
    same_name = [each for each in deleted if each.object_name == created.subject.object_name]
    found = same_name or deleted
    return found[0] if len(found) == 1 else None
