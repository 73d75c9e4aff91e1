"""Workloads that move to another namespace, with the objects that their pods refer to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..accessors import Fields, get, mappings
from ..change import ResourceState, ServiceChange
from ..findings import WARNING, Finding, finding
from ..object_fields import SERVERS, containers, pods
from ..sentences import enumerate_values, name_object, sentence

MAX_OBJECTS = 6
"""Objects in the text of a finding."""
_VARIABLES = {"secretKeyRef": "Secret", "secretRef": "Secret", "configMapKeyRef": "ConfigMap", "configMapRef": "ConfigMap"}
_VOLUMES = (
    ("secret", "secretName", "Secret"),
    ("configMap", "name", "ConfigMap"),
    ("persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
)


def moves(service: ServiceChange) -> Iterator[Finding]:
    """Report the objects that must exist in the new namespace of a workload."""
    for change in service.of(*SERVERS):
        before, after = change.before, change.after
        if before is None or after is None or before.namespace == after.namespace:
            continue
        created = {(each.kind, each.object_name) for state in service.changes if (each := state.after) and not each.external}
        required = [f"{kind} {name}" for kind, name in dict.fromkeys(_find_references(after)) if (kind, name) not in created]
        if required:
            text = sentence(
                "{object} moves from namespace {old} to {new}, and refers to objects that the service does not create: {objects}.",
                object=name_object(change),
                old=before.namespace,
                new=after.namespace,
                objects=enumerate_values(required, at_most=MAX_OBJECTS),
            )
            consequence = sentence(
                "They must exist in namespace {new} first. Otherwise the update fails, or the pods do not start.", new=after.namespace
            )
            yield finding("namespace-moved", WARNING, change, service.name, text, consequence, "metadata.namespace")


def _find_references(state: ResourceState) -> Iterator[tuple[str, str]]:
    """Yield kind and name of the objects that pods refer to."""
    for _, container in containers(state):
        sources = [*mappings(container.get("envFrom")), *(get(each, "valueFrom") for each in mappings(container.get("env")))]
        for source in sources:
            yield from _read(((kind, get(source, field, "name")) for field, kind in _VARIABLES.items()))
    for _, pod in pods(state):
        yield from _read(("Secret", each.get("name")) for each in mappings(pod.get("imagePullSecrets")))
        yield from _read((("ServiceAccount", pod.get("serviceAccountName")),))
        for volume in mappings(pod.get("volumes")):
            yield from _read_volume(volume)
            for source in mappings(get(volume, "projected", "sources")):
                yield from _read((("Secret", get(source, "secret", "name")), ("ConfigMap", get(source, "configMap", "name"))))


def _read_volume(volume: Fields) -> Iterator[tuple[str, str]]:
    yield from _read((kind, get(volume, source, field)) for source, field, kind in _VOLUMES)


def _read(found: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the references that have a name."""
    return ((kind, name) for kind, name in found if isinstance(name, str) and name not in ("", "default"))


RULES = (moves,)
