"""Autoscalers and disruption budgets: the number of pods, and how many may be evicted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...text.amounts import count_of
from ..accessors import get, integer
from ..change import Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, Severity, finding
from ..object_fields import WORKLOADS, changed_under, find_server, pod_count, scale_target
from ..sentences import Sentence, name_object, sentence

AUTOSCALERS = {
    "HorizontalPodAutoscaler": ("minReplicas", "maxReplicas", (1, None)),
    "ScaledObject": ("minReplicaCount", "maxReplicaCount", (0, 100)),
}
"""Fields of the lower and the upper bound, and their defaults. The upper one of an HPA has none."""

Bounds = tuple[Any, Any]


def conflicts(service: ServiceChange) -> Iterator[Finding]:
    """Report an autoscaler of a workload whose fixed number of replicas Pulumi does not ignore."""
    autoscalers = [change for change in service.of(*AUTOSCALERS) if change.after is not None]
    for workload in service.of(*WORKLOADS):
        autoscaler = next((each for each in autoscalers if scale_target(each.after)[1] in ("", workload.subject.object_name)), None)
        before, after = workload.before, workload.after
        if autoscaler is None or after is None or not (autoscaler.has_effect or workload.has_effect):
            continue
        if get(after.inputs, "spec", "replicas") is None:
            continue
        changes_replicas = before is not None and get(before.inputs, "spec", "replicas") != get(after.inputs, "spec", "replicas")
        # Without `ignore_changes` in the source, only a changed number is certainly not ignored.
        if (after.ignored is None and not changes_replicas) or (after.ignored and "spec.replicas" in after.ignored):
            continue
        existed_before = before is not None and autoscaler.before is not None and not changes_replicas
        if not existed_before:
            text = sentence("{autoscaler} scales a workload with a fixed `replicas`.", autoscaler=name_object(autoscaler))
            consequence = sentence(
                "Each update resets the number of replicas or fails with a conflict. Add `spec.replicas` to `ignore_changes`."
            )
            yield finding("autoscaler-conflict", WARNING, workload, service.name, text, consequence, "spec.replicas")


def handovers(service: ServiceChange) -> Iterator[Finding]:
    """Report a ScaledObject that replaces another autoscaler in the same update.

    The admission webhook of KEDA rejects a second autoscaler of a workload, and the engine creates
    objects before it deletes others.
    """
    deleted = [change for change in service.of("HorizontalPodAutoscaler") if change.operation == "delete"]
    for change in service.of("ScaledObject"):
        old = next((each for each in deleted if scale_target(each.before) == scale_target(change.after)), None)
        if change.operation == "create" and old is not None:
            text = sentence("{new} replaces {old} in one update.", new=name_object(change), old=name_object(old))
            consequence = sentence(
                "KEDA rejects it while the other autoscaler exists, so the update fails. "
                "Delete the old autoscaler in a separate update first."
            )
            yield finding("autoscaler-conflict", CRITICAL, change, service.name, text, consequence)


def ranges(service: ServiceChange) -> Iterator[Finding]:
    """Report autoscalers that are created or deleted, and changes of their bounds."""
    changes = service.of(*AUTOSCALERS)
    predecessors = {
        scale_target(change.before): change for change in changes if change.operation == "delete" and not service.is_whole
    }  # autoscalers of the same workload, by their target
    successors = {scale_target(change.after) for change in changes if change.operation == "create"}
    for change in changes:
        old, new = _bounds(change.before), _bounds(change.after)
        predecessor = predecessors.get(scale_target(change.after))
        if change.operation == "create" and predecessor is not None:
            yield _describe_handover(service, change, predecessor)
        elif change.operation == "create" and service.component is None:
            yield _describe_foreign(service, change, new)
        elif change.operation == "create" and not service.is_whole:
            text = sentence(
                "{object} is created: {range} replicas{cost}.", object=name_object(change), range=_range(new), cost=_cost(service, new)
            )
            yield finding("autoscaler-range", NOTICE, change, service.name, text, _scale_to_zero(new))
        elif change.operation == "delete" and not service.is_whole and scale_target(change.before) not in successors:
            text = sentence("{object} is deleted.", object=name_object(change))
            consequence = sentence("The number of replicas no longer follows the load.") + _describe_fixed(service)
            yield finding("autoscaler-removed", WARNING, change, service.name, text, consequence)
        elif change.operation in ("update", "replace") and old != new:
            text = sentence(
                "{object}: the range changes from {old} to {new} replicas{cost}.",
                object=name_object(change),
                old=_range(old),
                new=_range(new),
                cost=_cost(service, new),
            )
            paths = [f"spec.{field}" for field in AUTOSCALERS[change.subject.kind][:2]]
            yield finding("autoscaler-range", _severity(old, new), change, service.name, text, _scale_to_zero(new), *paths)


def _describe_handover(service: ServiceChange, change: Change, old: Change) -> Finding:
    """Describe an autoscaler that replaces one of another kind: the load is followed as before."""
    bounds = _bounds(old.before), _bounds(change.after)
    text = sentence(
        "{new} replaces {old}: {range} replicas instead of {before}{cost}.",
        new=name_object(change),
        old=name_object(old),
        range=_range(bounds[1]),
        before=_range(bounds[0]),
        cost=_cost(service, bounds[1]),
    )
    consequence = sentence("While both exist, Kubernetes scales with neither: the number of replicas stays.") + _scale_to_zero(bounds[1])
    return finding("autoscaler-range", _severity(*bounds), change, service.name, text, consequence)


def _describe_foreign(service: ServiceChange, change: Change, bounds: Bounds) -> Finding:
    """Describe a new autoscaler that is of no service: its workload may be of another one."""
    kind, name = scale_target(change.after)
    text = sentence(
        "{object} is created for {kind} {name}: {range} replicas.", object=name_object(change), kind=kind, name=name, range=_range(bounds)
    )
    idle = (" ", *_scale_to_zero(bounds)) if _scale_to_zero(bounds) else ()
    consequence = (*sentence("It sets the number of replicas of this workload, whatever the workload's own field contains."), *idle)
    return finding("autoscaler-range", WARNING, change, service.name, text, consequence)


def _severity(old: Bounds, new: Bounds) -> Severity:
    """Return the severity of another range: a warning if a bound becomes lower."""
    is_lower = any((integer(after) or 0) < (integer(before) or 0) for before, after in zip(old, new, strict=True))
    return WARNING if is_lower else NOTICE


def _describe_fixed(service: ServiceChange) -> Sentence:
    """Return the number of replicas that holds without an autoscaler."""
    count, _ = find_server(service)
    if count is None:
        return ()
    return sentence(" It becomes {count}, the value of `replicas`: if more run, the others stop immediately.", count=count)


def _bounds(state: ResourceState | None) -> Bounds:
    if state is None:
        return None, None
    low, high, defaults = AUTOSCALERS[state.kind]
    given = get(state.inputs, "spec", low), get(state.inputs, "spec", high)
    minimum, maximum = (default if value is None else value for value, default in zip(given, defaults, strict=True))
    return minimum, maximum


def _range(bounds: Bounds) -> Sentence:
    return sentence("{low}–{high}", low=bounds[0], high=bounds[1])


def _cost(service: ServiceChange, bounds: Bounds) -> Sentence:
    _, per_replica = find_server(service)
    maximum = integer(bounds[1])
    return (f", at most {count_of(per_replica * maximum, 'GPU')}",) if per_replica and maximum else ()


def _scale_to_zero(bounds: Bounds) -> Sentence:
    if integer(bounds[0]) != 0:
        return ()
    return sentence("With 0 replicas, no request is answered until a pod has loaded its model.")


def disruption_budgets(service: ServiceChange) -> Iterator[Finding]:
    """Report PodDisruptionBudgets.

    Without one, a drain may evict all pods at the same time. A strict one blocks the drain.
    """
    if service.is_deleted:
        return
    for change in service.of("PodDisruptionBudget"):
        name = change.subject.object_name
        if change.operation == "delete":
            text = sentence("PodDisruptionBudget {name} is deleted.", name=name)
            consequence = sentence("A node drain may evict all replicas at the same time.")
            yield finding("disruption", WARNING, change, service.name, text, consequence)
            continue
        if not change.has_effect or change.after is None:
            continue
        spec = change.after.inputs.get("spec")
        maximum, minimum = get(spec, "maxUnavailable"), get(spec, "minAvailable")
        limit = sentence("neither `minAvailable` nor `maxUnavailable` is set")
        if maximum is not None:
            limit = sentence("`maxUnavailable` is {maximum}", maximum=maximum)
        elif minimum is not None:
            limit = sentence("`minAvailable` is {minimum}", minimum=minimum)
        count, _ = find_server(service)
        is_blocking = _blocks_evictions(maximum, minimum, count)
        verb = "is created" if change.operation == "create" else "changes"
        text = sentence("PodDisruptionBudget {name} {verb}: {limit}.", name=name, verb=(verb,), limit=limit)
        consequence = sentence("It blocks every eviction, so node drains and cluster upgrades never finish.") if is_blocking else ()
        severity = WARNING if is_blocking else NOTICE
        paths = changed_under(change, "spec.maxUnavailable", "spec.minAvailable")
        if paths or change.operation != "update":
            yield finding("disruption", severity, change, service.name, text, consequence, *paths)


def _blocks_evictions(maximum: Any, minimum: Any, count: int | None) -> bool:
    if maximum is not None:
        return pod_count(maximum, count or 1, round_up=True) == 0
    if minimum is None:
        return False
    if count is None:
        return str(minimum) == "100%"
    return count > 0 and pod_count(minimum, count, round_up=True) >= count


RULES = (conflicts, handovers, ranges, disruption_budgets)
