"""New objects: which programs they run, and those of kinds without a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from ...text.field_paths import Path, show_path
from ..accessors import get, mapping
from ..change import COMPONENT, Change, ServiceChange
from ..findings import NOTICE, WARNING, Finding, Severity, finding
from ..object_fields import SERVERS
from ..ordinary_fields import is_ordinary
from ..programs import find_foreign_programs, find_programs
from ..sensitivity import is_of_controller, is_of_other_provider
from ..sentences import Sentence, enumerate_values, name_object, sentence
from ..values import is_unreadable, show
from .lifecycle import REPORTED_ELSEWHERE, describe_wait, find_successor
from .rights import DEFINITION, LEVELS, MUTATORS
from .roles import BINDINGS, ROLES

_OF_COMPONENT = (*SERVERS, "Job", "InferencePool", "InferenceObjective", "ResourceClaimTemplate")
"""Kinds that the component creates for a service."""
_KNOWN = frozenset({
    *ROLES, *BINDINGS, *MUTATORS, DEFINITION, "Namespace", "ServiceAccount", "ServiceMonitor", "PodMonitor", "PrometheusRule",
    "VolumeSnapshot",
})  # fmt: skip
"""Kinds that decide nothing about keys, traffic, code and rights, or whose rules report them."""
_TARGETS = re.compile(
    r"spec\.(selector\b.*|namespaceSelector\.matchNames.*|\w+\[\d+\]\.((port|targetPort)=.*|path=/[\w/.-]*|relabelings\[\d+\]\.(targetLabel=(?!__).*|replacement=[\w-]*)))",
    re.DOTALL,
)
"""Fields of a monitor, with their values, that select what is scraped or add a label."""
_MONITORS = ("ServiceMonitor", "PodMonitor")
_EVICTS = "It can change the resources of running pods, or restart them. A pod that starts again loads its model again."
_IDENTITY = "They can give the pods of the account rights in a cloud."
_INJECTION = re.compile("inject|mesh|istio|linkerd|sidecar|ignore|exempt|webhook", re.IGNORECASE)
"""Words in labels without a domain that decide about containers or admission."""
_ADMISSION = "Controllers read them for all its pods: they can inject containers, or skip policies and webhooks."
_PODS = "Its pods get what their spec names: keys, an account, and the network of their namespace."
_KEEPS_PODS = ("Off", "Initial")
"""Modes in which a VerticalPodAutoscaler restarts no running pod. The default is another one."""
_UNREADABLE = "The review cannot read all its fields: they are secret, or known only during the update."
_OUTSIDE = "It is outside Kubernetes, and can give rights or run code there. Read its fields."
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
    is_of_component = service.component is not None and kind in _OF_COMPONENT
    programs = find_foreign_programs(service, change) if is_of_component else find_programs(change.subject)
    if is_of_component and not programs:
        return NOTICE, created, describe_wait(change) if kind == "Job" else ()
    if programs:
        text = sentence("{object} is created, and runs {programs}.", object=name_object(change), programs=enumerate_values(programs))
        return WARNING, text, sentence(_PODS)
    if kind == "ServiceAccount" and (keys := _identities(change)):
        text = sentence("{object} is created with {keys}.", object=name_object(change), keys=enumerate_values(keys))
        return WARNING, text, sentence(_IDENTITY)
    if kind == "Namespace" and (keys := _identities(change, _INJECTION)):
        text = sentence("{object} is created with {keys}.", object=name_object(change), keys=enumerate_values(keys))
        return WARNING, text, sentence(_ADMISSION)
    if kind == "VerticalPodAutoscaler" and get(change.subject.inputs, "spec", "updatePolicy", "updateMode") in _KEEPS_PODS:
        return NOTICE, created, ()
    if kind in _MONITORS and (fields := _find_unlisted(change)):
        text = sentence("{object} is created with {fields}.", object=name_object(change), fields=enumerate_values(fields, at_most=4))
        return WARNING, text, sentence("They can send requests of Prometheus, and keys, to other hosts.")
    if kind in _MONITORS and (hosts := sorted(set(_hosts(change.subject.inputs)))):
        text = sentence("{object} is created, and names {hosts}.", object=name_object(change), hosts=enumerate_values(hosts))
        return WARNING, text, sentence("Prometheus may send its requests there, with the keys that they contain.")
    if is_unreadable({key: value for key, value in change.subject.inputs.items() if key != "metadata"}) and kind != "Secret":
        return WARNING, created, sentence(_UNREADABLE)
    if is_of_other_provider(change):
        return WARNING, created, sentence(_OUTSIDE)
    if kind in _KNOWN or not change.subject.type.startswith("kubernetes:"):
        return NOTICE, created, ()
    return WARNING, created, sentence(_EVICTS if kind == "VerticalPodAutoscaler" else _UNKNOWN)


def _identities(change: Change, words: re.Pattern[str] | None = None) -> list[str]:
    """Return the labels and annotations that controllers read, and those with certain words.

    The rule `rights` reports levels of Pod Security.
    """
    fields = [(key, value) for field in ("annotations", "labels") for key, value in mapping(change.subject.metadata.get(field)).items()]
    read = [(key, value) for key, value in fields if is_of_controller(key) or (words is not None and words.search(key))]
    return sorted(f"{key}={show(value)}" for key, value in read if not key.startswith(LEVELS))


def _find_unlisted(change: Change) -> list[str]:
    """Return the fields of a new monitor that are neither ordinary nor select its targets."""
    paths = [(show_path(("spec", *path)), value) for path, value in _leaves(change.subject.inputs.get("spec"), ())]
    return [path for path, value in paths if not is_ordinary(change.subject.kind, path) and not _TARGETS.fullmatch(f"{path}={value}")]


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield path and value of each field that contains no other one."""
    items = list(enumerate(cast("list[Any]", value))) if isinstance(value, list) else list(mapping(value).items())
    if not items and path:
        yield path, value
    for key, item in items:
        yield from _leaves(item, (*path, key))


def _hosts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from re.findall(r"://[^/\s]+", value)
    for item in cast("list[Any]", value) if isinstance(value, list) else mapping(value).values():
        yield from _hosts(item)


RULES = (creations,)
