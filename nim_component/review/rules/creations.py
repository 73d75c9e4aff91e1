"""New objects: which programs they run, and those of kinds without a rule."""

from __future__ import annotations

from collections.abc import Iterator

from ..accessors import mappings, strings
from ..change import COMPONENT, Change, ServiceChange
from ..findings import NOTICE, WARNING, Finding, Severity, finding
from ..object_fields import SERVERS
from ..pod_changes import CONTAINER_LISTS
from ..sentences import Sentence, enumerate_values, name_object, sentence
from .lifecycle import REPORTED_ELSEWHERE, describe_wait, find_successor
from .rights import DEFINITION, MUTATORS
from .roles import BINDINGS, ROLES

_OF_COMPONENT = (*SERVERS, "Job", "InferencePool", "InferenceObjective", "ResourceClaimTemplate")
"""Kinds that the component creates for a service."""
_KNOWN = frozenset({
    *ROLES, *BINDINGS, *MUTATORS, DEFINITION, "Namespace", "ServiceAccount", "ServiceMonitor", "PodMonitor", "PrometheusRule",
    "VerticalPodAutoscaler", "Lease", "VolumeSnapshot", "StorageClass",
})  # fmt: skip
"""Kinds that decide nothing about keys, traffic, code and rights, or whose rules report them."""
_PODS = "Its pods get what their spec names: keys, an account, and the network of their namespace."
_UNKNOWN = "The review has no rule for a new object of this kind. Read its fields."


def creations(service: ServiceChange) -> Iterator[Finding]:
    """Report new objects. Those of a new service are one finding, except programs of others."""
    successor = find_successor(service)
    for change in service.changes:
        kind = change.subject.kind
        if change is successor or change.operation != "create" or kind in (*REPORTED_ELSEWHERE, COMPONENT):
            continue
        severity, text, consequence = _describe(service, change)
        if severity != NOTICE or not service.is_created:
            yield finding("created", severity, change, service.name, text, consequence)


def _describe(service: ServiceChange, change: Change) -> tuple[Severity, Sentence, Sentence]:
    kind, created = change.subject.kind, sentence("{object} is created.", object=name_object(change))
    if service.component is not None and kind in _OF_COMPONENT:
        return NOTICE, created, describe_wait(change) if kind == "Job" else ()
    if programs := list(dict.fromkeys(_programs(change))):
        text = sentence("{object} is created, and runs {programs}.", object=name_object(change), programs=enumerate_values(programs))
        return WARNING, text, sentence(_PODS)
    if kind in _KNOWN or not change.subject.type.startswith("kubernetes:"):
        return NOTICE, created, ()
    return WARNING, created, sentence(_UNKNOWN)


def _programs(change: Change) -> Iterator[str]:
    """Yield the image and the command of each container."""
    for pod in change.subject.pod_specs.values():
        for container in (each for field in CONTAINER_LISTS for each in mappings(pod.fields.get(field))):
            command = [*strings(container.get("command")), *strings(container.get("args"))]
            yield " ".join([str(container.get("image")), *command])


RULES = (creations,)
