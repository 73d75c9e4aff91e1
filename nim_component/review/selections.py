"""Pods that other objects select by labels: which Services, policies and budgets apply to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from ..text.field_paths import Path
from .accessors import Fields, get, mapping, mappings, strings
from .change import Change, ResourceState, ServiceChange, StackChange
from .findings import WARNING, Finding, finding
from .object_fields import changed_under
from .pod_changes import PodChange, pod_changes
from .sentences import enumerate_values, name_object, plain_text, sentence

MAX_OBJECTS = 4
"""Objects in the text of a finding."""
_SELECTORS = ("podSelector", "selector", "endpointSelector", "objectSelector", "workloadSelector")
_PEER_LISTS = ("fromEndpoints", "toEndpoints")
_PEERS = ("from", "to", *_PEER_LISTS)
_OF_OTHER_KINDS = ("ClusterRole", "Gateway", "Namespace", "PersistentVolumeClaim", "ServiceMonitor", "VolumeSnapshot")
"""Kinds whose selectors select no pods."""
_OF_TRAFFIC = ("Service", "InferencePool")
_SELECTED = "They apply to the pods, or admit them as clients, because of these labels."
_UNSELECTED = "They no longer apply to the pods, or no longer admit them as clients."
_NEW = "The new pods get a share of the requests."
_TARGETS = "Requests to the Service go to these pods."
_MAX_DEPTH = 12


class Selector(NamedTuple):
    """Selector of pods, and the object that contains it."""

    change: Change
    path: Path
    fields: Fields

    def matches(self, labels: Fields | None, namespace: str) -> bool:
        """Return true if pods with these labels are selected. Missing pods are not."""
        own, is_peer = self.change.subject.namespace, any(step in _PEERS for step in self.path)
        if labels is None or not (is_peer or own in ("", namespace) or not namespace):
            return False
        has_form = not self.fields.keys().isdisjoint(("matchLabels", "matchExpressions"))
        wanted = mapping(self.fields.get("matchLabels")) if has_form else self.fields
        expressions = mappings(self.fields.get("matchExpressions")) if has_form else []
        return all(labels.get(_strip(key)) == value for key, value in wanted.items()) and all(_holds(each, labels) for each in expressions)


def review_selections(stack: StackChange) -> Mapping[str, Sequence[Finding]]:
    """Return, by service, findings about pods that existing objects select, unlike before."""
    changed = [
        (service, pod) for service in stack.services for pod in pod_changes(service) if _old_labels(pod) != _labels(pod.new.template)
    ]
    selectors = [each for service in stack.services for each in _find_selectors(service)] if changed else []
    found: dict[str, list[Finding]] = {}
    for service, pod in changed:
        found.setdefault(service.name, []).extend(_report(service, pod, selectors))
    for service in stack.services:
        for change in service.of("Service"):
            if targets := [*_report_targets(service, change, stack)]:
                found.setdefault(service.name, []).extend(targets)
    return found


def _report_targets(service: ServiceChange, change: Change, stack: StackChange) -> Iterator[Finding]:
    """Report workloads that exist before, and whose pods a new or changed Service selects."""
    selectors = [mapping(get(None if state is None else state.inputs, "spec", "selector")) for state in (change.before, change.after)]
    if change.after is None or not change.has_effect or not selectors[1] or selectors[0] == selectors[1]:
        return
    old, new = (Selector(change, ("spec", "selector"), fields) for fields in selectors)
    workloads = [each for other in stack.services for each in other.changes if each.before is not None and each.after is not None]
    found: list[str] = []
    for each in workloads:
        labels = [_labels(spec.template) for spec in each.subject.pod_specs.values()]
        was = bool(selectors[0]) and any(old.matches(each_labels, each.subject.namespace) for each_labels in labels)
        if not was and any(new.matches(each_labels, each.subject.namespace) for each_labels in labels):
            found.append(plain_text(name_object(each)))
    if found:
        text = sentence(
            "{object} selects the pods of {workloads}, which exist before the change.",
            object=name_object(change),
            workloads=enumerate_values(found, at_most=MAX_OBJECTS),
        )
        yield finding("selection", WARNING, change, service.name, text, (_TARGETS,), *changed_under(change, "spec.selector"))


def _labels(template: Fields) -> Fields:
    return mapping(get(template, "metadata", "labels"))


def _old_labels(pod: PodChange) -> Fields | None:
    return _labels(pod.old.template) if pod.old is not None else None


def _find_selectors(service: ServiceChange) -> Iterator[Selector]:
    """Yield the selectors of objects that exist before and after the change."""
    for change in service.changes:
        before, after = change.before, change.after
        if before is not None and after is not None and not after.external and _selects_pods(after):
            yield from (Selector(change, path, fields) for path, fields in _walk(dict(after.inputs), ()))


def _selects_pods(state: ResourceState) -> bool:
    return state.type.startswith("kubernetes:") and state.kind not in _OF_OTHER_KINDS and not state.pod_specs


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Fields]]:
    if len(path) > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            if path[-1:] and path[-1] in _PEER_LISTS:
                yield (*path, index), mapping(item)
            yield from _walk(item, (*path, index))
    for key, item in mapping(value).items():
        if key in _SELECTORS and mapping(item):
            yield (*path, key), mapping(item)
        elif key not in ("namespaceSelector", "nodeSelector", "namespaces", "metadata"):
            yield from _walk(item, (*path, key))


def _report(service: ServiceChange, pod: PodChange, selectors: Sequence[Selector]) -> Iterator[Finding]:
    old, new, namespace = _old_labels(pod), _labels(pod.new.template), pod.change.subject.namespace
    before = pod.change.before.namespace if pod.change.before is not None else pod.change.subject.namespace
    marks = [(each, each.matches(old, before), each.matches(new, namespace)) for each in selectors]
    gained = [each for each, was, is_ in marks if is_ and not was and (old is not None or each.change.subject.kind in _OF_TRAFFIC)]
    # Another template of the object may take over, such as that of the leader of a node group.
    others = [_labels(spec.template) for spec in pod.change.subject.pod_specs.values()]
    lost = [each for each, was, _ in marks if was and not any(each.matches(labels, namespace) for labels in others)]
    differing = sorted(key for key in {*(old or {}), *new} if (old or {}).get(key) != new.get(key))
    for found, verb, consequence in (
        (gained, "selected", _SELECTED if old is not None else _NEW),
        (lost, "no longer selected", _UNSELECTED),
    ):
        if found:
            objects = dict.fromkeys(plain_text(name_object(each.change)) for each in found)
            text = sentence(
                "The pods of {object} are {verb} by {objects}: labels {labels} differ."
                if old is not None
                else "The pods of {object} are {verb} by {objects}, which exists before them.",
                object=name_object(pod.change),
                verb=(verb,),
                objects=enumerate_values(objects, at_most=MAX_OBJECTS),
                labels=enumerate_values(differing, at_most=MAX_OBJECTS),
            )
            paths = changed_under(pod.change, f"{pod.metadata_path}.labels")
            yield finding("selection", WARNING, pod.change, service.name, text, (consequence,), *paths)


def _strip(key: str) -> str:
    """Return the key of a label without the source that Cilium writes before it."""
    return key.removeprefix("k8s:").removeprefix("any:")


def _holds(expression: Fields, labels: Fields) -> bool:
    """Return true if labels meet an expression, as in a label selector of Kubernetes."""
    key, values = _strip(str(expression.get("key"))), strings(expression.get("values"))
    match expression.get("operator"):
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case "In":
            return labels.get(key) in values
        case _:
            return labels.get(key) not in values
