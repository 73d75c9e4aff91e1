"""New objects: which programs they run, and those of kinds without a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from ..accessors import mapping, mappings, strings
from ..change import COMPONENT, Change, ServiceChange
from ..findings import NOTICE, WARNING, Finding, Severity, finding
from ..object_fields import SERVERS
from ..pod_changes import CONTAINER_LISTS
from ..sensitivity import is_of_controller
from ..sentences import Sentence, enumerate_values, name_object, sentence
from ..values import show
from .lifecycle import REPORTED_ELSEWHERE, describe_wait, find_successor
from .rights import DEFINITION, MUTATORS
from .roles import BINDINGS, ROLES

_OF_COMPONENT = (*SERVERS, "Job", "InferencePool", "InferenceObjective", "ResourceClaimTemplate")
"""Kinds that the component creates for a service."""
_KNOWN = frozenset({
    *ROLES, *BINDINGS, *MUTATORS, DEFINITION, "Namespace", "ServiceAccount", "ServiceMonitor", "PodMonitor", "PrometheusRule",
    "VerticalPodAutoscaler", "Lease", "VolumeSnapshot",
})  # fmt: skip
"""Kinds that decide nothing about keys, traffic, code and rights, or whose rules report them."""
_MONITORS = ("ServiceMonitor", "PodMonitor")
_IDENTITY = "They can give the pods of the account rights in a cloud."
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
    if kind == "ServiceAccount" and (keys := _identities(change)):
        text = sentence("{object} is created with {keys}.", object=name_object(change), keys=enumerate_values(keys))
        return WARNING, text, sentence(_IDENTITY)
    if kind in _MONITORS and (hosts := sorted(set(_hosts(change.subject.inputs)))):
        text = sentence("{object} is created, and names {hosts}.", object=name_object(change), hosts=enumerate_values(hosts))
        return WARNING, text, sentence("Prometheus may send its requests there, with the keys that they contain.")
    if kind in _KNOWN or not change.subject.type.startswith("kubernetes:"):
        return NOTICE, created, ()
    return WARNING, created, sentence(_UNKNOWN)


def _identities(change: Change) -> list[str]:
    """Return the labels and annotations that can give an account an identity in a cloud."""
    fields = (mapping(change.subject.metadata.get(field)) for field in ("annotations", "labels"))
    return sorted(f"{key}={show(value)}" for each in fields for key, value in each.items() if is_of_controller(key))


def _hosts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from re.findall(r"://[^/\s]+", value)
    for item in cast("list[Any]", value) if isinstance(value, list) else mapping(value).values():
        yield from _hosts(item)


def _programs(change: Change) -> Iterator[str]:
    """Yield the image and the command of each container."""
    for pod in change.subject.pod_specs.values():
        for container in (each for field in CONTAINER_LISTS for each in mappings(pod.fields.get(field))):
            command = [*strings(container.get("command")), *strings(container.get("args"))]
            yield " ".join([str(container.get("image")), *command])


RULES = (creations,)
