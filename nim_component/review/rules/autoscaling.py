"""Autoscalers and disruption budgets: who decides how many pods there are, and how many may go at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..change import ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, Sentence, finding, named, sentence
from ..objects import WORKLOADS, changed_under, get, gpus, number, replicas, share, targets

SCALERS = {"HorizontalPodAutoscaler": ("minReplicas", "maxReplicas", 1), "ScaledObject": ("minReplicaCount", "maxReplicaCount", 0)}
"""Where a scaler says its bounds, and what its lower one is by default."""


def conflicts(service: ServiceChange) -> Iterator[Finding]:
    """An autoscaler beside a fixed number of replicas that Pulumi does not ignore."""
    scalers = [change for change in service.of(*SCALERS) if change.after is not None]
    for workload in service.of(*WORKLOADS):
        scaler = next((each for each in scalers if targets(each.after)[1] in ("", workload.subject.object_name)), None)
        after = workload.after
        if scaler is None or after is None or not (scaler.happens or workload.happens) or get(after.inputs, "spec", "replicas") is None:
            continue
        moved = workload.before is not None and get(workload.before.inputs, "spec", "replicas") != get(after.inputs, "spec", "replicas")
        # Where the source does not say what is ignored, only a number that does change proves that it is not.
        if (after.ignored is None and not moved) or (after.ignored and "spec.replicas" in after.ignored):
            continue
        was = workload.before is not None and scaler.before is not None and not moved
        if not was:
            text = sentence("{what} scales what has a fixed `replicas`.", what=named(scaler))
            consequence = sentence("Each update sets the number back, or ends in a conflict. Ignore changes of `spec.replicas`.")
            yield finding("autoscaler-conflict", WARNING, workload, service.name, text, consequence, "spec.replicas")


def handovers(service: ServiceChange) -> Iterator[Finding]:
    """KEDA's webhook lets no second autoscaler near a workload, and the engine makes what is new before it deletes what goes."""
    gone = [change for change in service.of("HorizontalPodAutoscaler") if change.operation == "delete"]
    for change in service.of("ScaledObject"):
        old = next((each for each in gone if targets(each.before) == targets(change.after)), None)
        if change.operation == "create" and old is not None:
            text = sentence("{new} takes over from {old} in one step.", new=named(change), old=named(old))
            remedy = sentence(
                "KEDA refuses it while the other is there: the update ends in an error. Take the old one away first, by itself."
            )
            yield finding("autoscaler-conflict", CRITICAL, change, service.name, text, remedy)


def bounds(service: ServiceChange) -> Iterator[Finding]:
    """An autoscaler that comes, goes, or gets other bounds."""
    component = service.component()
    whole = component is not None and component.operation in ("create", "delete")
    for change in service.of(*SCALERS):
        before, after, subject = change.before, change.after, change.subject
        old, new = _bounds(before), _bounds(after)
        cost = _cost(service, new)
        if change.operation == "create" and not whole:
            text = sentence(
                "{what} is new: {low} to {high} replicas{cost}.",
                what=named(change),
                low=new[0],
                high=new[1],
                cost=(cost,),
            )
            yield finding("autoscaler-range", NOTICE, change, service.name, text, _zero(new))
        elif change.operation == "delete" and not whole:
            text = sentence("{what} is deleted.", what=named(change))
            yield finding(
                "autoscaler-removed", WARNING, change, service.name, text, sentence("Load no longer changes the number of replicas.")
            )
        elif change.operation in ("update", "replace") and old != new:
            text = sentence(
                "{what}: {old} replicas become {new}{cost}.", what=named(change), old=_range(old), new=_range(new), cost=(cost,)
            )
            paths = [f"spec.{field}" for field in SCALERS[subject.kind][:2]]
            less = (number(new[1]) or 0) < (number(old[1]) or 0) or (number(new[0]) or 0) < (number(old[0]) or 0)
            yield finding("autoscaler-range", WARNING if less else NOTICE, change, service.name, text, _zero(new), *paths)


def _bounds(resource: ResourceState | None) -> tuple[Any, Any]:
    if resource is None:
        return None, None
    low, high, least = SCALERS[resource.kind]
    minimum, maximum = get(resource.inputs, "spec", low), get(resource.inputs, "spec", high)
    return least if minimum is None else minimum, maximum


def _range(bounds: tuple[Any, Any]) -> Sentence:
    return sentence("{low} to {high}", low=bounds[0], high=bounds[1])


def _cost(service: ServiceChange, new: tuple[Any, Any]) -> str:
    each = next((sum(gpus(change.after).values()) for change in service.of(*WORKLOADS) if change.after), 0)
    high = number(new[1])
    return f", {each * high} GPUs at most" if each and high else ""


def _zero(new: tuple[Any, Any]) -> tuple[str, ...]:
    return sentence("At zero nothing answers until a pod has loaded its model.") if number(new[0]) == 0 else ()


def budgets(service: ServiceChange) -> Iterator[Finding]:
    """Disruption budgets: none means that a drain takes all, a tight one that it waits without end."""
    component = service.component()
    if component is not None and component.operation == "delete":
        return
    for change in service.of("PodDisruptionBudget"):
        name = change.subject.object_name
        if change.operation == "delete":
            text = sentence("PodDisruptionBudget {name} is deleted.", name=name)
            yield finding("disruption", WARNING, change, service.name, text, sentence("A node drain may take down every replica at once."))
            continue
        if not change.happens or change.after is None:
            continue
        spec = change.after.inputs.get("spec")
        most, least = get(spec, "maxUnavailable"), get(spec, "minAvailable")
        rule = (
            sentence("at most {most} may be missing", most=most)
            if most is not None
            else sentence("at least {least} must stay", least=least)
        )
        count = next((count for each in service.of(*WORKLOADS) if (count := replicas(each.after)) is not None), None)
        stuck = _stuck(most, least, count)
        verb = "is new" if change.operation == "create" else "changes"
        text = sentence("PodDisruptionBudget {name} {verb}: {rule}.", name=name, verb=(verb,), rule=rule)
        consequence = sentence("No pod may go: a node drain, and so an upgrade of the cluster, waits without end.") if stuck else ()
        yield finding("disruption", WARNING if stuck else NOTICE, change, service.name, text, consequence, *changed_under(change, "spec"))


def _stuck(most: Any, least: Any, count: int | None) -> bool:
    if most is not None:
        return share(most, count or 1, up=True) == 0
    return least is not None and count is not None and count > 0 and share(least, count, up=True) >= count


RULES = (conflicts, handovers, bounds, budgets)
