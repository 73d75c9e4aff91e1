"""GPUs and replicas: the resources that a change requires or releases."""

from __future__ import annotations

from collections.abc import Iterator

from ...text.amounts import count_of
from ..accessors import get, integer
from ..change import Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding
from ..matching import MISSING
from ..object_fields import WORKLOADS, changed_under, claimed_devices, find_changed_templates, gpus, replicas, scale_target
from ..sentences import Sentence, enumerate_values, sentence
from ..server_fit import find_new_misfit


def sizes(service: ServiceChange) -> Iterator[Finding]:
    """Report changes of the GPUs per replica and of the number of replicas."""
    for change in service.of(*WORKLOADS):
        before, after = change.before, change.after
        if change.operation not in ("update", "replace") or before is None or after is None:
            continue
        old, new = replicas(before), replicas(after)
        total = _describe_total(before, after)
        is_removed = get(before.inputs, "spec", "replicas") is not None and get(after.inputs, "spec", "replicas") is None
        has_other_gpus = gpus(before) != gpus(after)
        if has_other_gpus:
            yield _gpus(service, change, before, after, total)
        if is_removed and change.subject.kind != "DaemonSet":
            yield _replicas_removed(service, change, old)
        elif old != new and old is not None and new is not None:
            yield _replicas(service, change, old, new, () if has_other_gpus else total)


def _describe_total(before: ResourceState, after: ResourceState) -> Sentence:
    """Return the GPUs of all replicas; empty if unknown, or if ResourceClaims contain them."""
    old, new = replicas(before), replicas(after)
    per_old, per_new = (sum(gpus(state).values()) for state in (before, after))
    if old is None or new is None or not (per_old or per_new) or claimed_devices(before) or claimed_devices(after):
        return ()
    return (f" (in total {count_of(new * per_new, 'GPU')} instead of {old * per_old})",)


def _gpus(service: ServiceChange, change: Change, before: ResourceState, after: ResourceState, total: Sentence) -> Finding:
    old, new = gpus(before), gpus(after)
    changed = changed_under(change, "spec")
    paths = [path for path in changed if ".resources." in path and any(name in path for name in {*old, *new})]
    if {*old} == {*new} and len(old) == 1:
        (name,) = old
        text = sentence("{name} per replica changes from {old} to {new}{total}.", name=name, old=old[name], new=new[name], total=total)
    else:
        was, becomes = (
            enumerate_values([*(f"{count} {name}" for name, count in sorted(gpus(state).items())), *claimed_devices(state)] or ["no GPU"])
            for state in (before, after)
        )
        text = sentence("The GPUs per replica change from {old} to {new}{total}.", old=was, new=becomes, total=total)
    if claimed_devices(after) and not new:
        consequence = sentence("The new pods stay Pending unless devices that match the ResourceClaims are free.")
    elif not new:
        consequence = sentence("The new pods request no GPU.")
    elif sum(new.values()) > sum(old.values()) or {*old} != {*new}:
        consequence = sentence("The new pods stay Pending unless a node has that many free GPUs.")
    elif find_new_misfit(service, change) is not None:
        consequence = ()
    else:
        consequence = sentence("The model must fit into the memory of fewer GPUs, and NIM requires a profile for that number of GPUs.")
    return finding("gpus", WARNING, change, service.name, text, consequence, *paths)


def _replicas_removed(service: ServiceChange, change: Change, old: int | None) -> Finding:
    is_ignored = change.after is not None and change.after.ignored and "spec.replicas" in change.after.ignored
    text = sentence("`replicas` is removed from the spec; it was {old}.", old=(str(old) if old is not None else "unknown",))
    if is_ignored:
        consequence = sentence("`ignore_changes` contains the field, so the number of replicas stays.")
        return finding("replicas-dropped", NOTICE, change, service.name, text, consequence, "spec.replicas")
    consequence = sentence("Kubernetes sets it to 1 immediately: if more replicas run, all but one stop, and an autoscaler starts from 1.")
    severity = WARNING if old == 1 and not _had_autoscaler(service, change) else CRITICAL
    return finding("replicas-dropped", severity, change, service.name, text, consequence, "spec.replicas")


def _had_autoscaler(service: ServiceChange, change: Change) -> bool:
    """Return true if an autoscaler existed before: more replicas may run than the spec contains."""
    autoscalers, component = service.of("HorizontalPodAutoscaler", "ScaledObject"), service.component
    if component is not None and component.before is not None and component.before.inputs.get("autoscaling") is not None:
        return True  # a preview does not contain the autoscaler if it is unchanged
    return any(each.before and scale_target(each.before)[1] in ("", change.subject.object_name) for each in autoscalers)


def _replicas(service: ServiceChange, change: Change, old: int, new: int, total: Sentence) -> Finding:
    text = sentence("The number of replicas changes from {old} to {new}{total}.", old=old, new=new, total=total)
    if not new:
        consequence = sentence("No request is answered, and the GPUs become free.")
        return finding("scaled-to-zero", CRITICAL, change, service.name, text, consequence, "spec.replicas")
    if _had_autoscaler(service, change):
        text = sentence("`replicas` changes from {old} to {new}. An autoscaler set the number until now.", old=old, new=new)
        consequence = sentence("If more replicas run, the others stop immediately. If fewer run, each new one loads the model.")
        return finding("replicas", WARNING, change, service.name, text, consequence, "spec.replicas")
    if new > old and old and change.subject.kind == "Deployment" and find_changed_templates(change):
        # The controller handles the scaling before the rollout: the ReplicaSet of the old template
        # gets all replicas first (isScalingEvent in deployment_controller.go).
        consequence = sentence(
            "The Deployment first starts {added} of the old template, and then a pod of the new template for every replica: "
            "{loads} model loads in total. A change of the template first, and of `replicas` in a second update, needs {fewer}.",
            added=(count_of(new - old, "more pod"),),
            loads=2 * new - old,
            fewer=new,
        )
        return finding("replicas", NOTICE, change, service.name, text, consequence, "spec.replicas")
    if new > old and not gpus(change.after) and not claimed_devices(change.after):
        return finding("replicas", NOTICE, change, service.name, text, sentence("The existing replicas keep running."), "spec.replicas")
    if new > old:
        consequence = sentence(
            "Each new replica requires free GPUs and loads the model before it serves requests. The existing replicas keep running."
        )
        return finding("replicas", NOTICE, change, service.name, text, consequence, "spec.replicas")
    consequence = sentence(
        "{stop} immediately. Requests that run longer than the grace period fail.",
        stop=(count_of(old - new, "replica stops", "replicas stop"),),
    )
    return finding("replicas", WARNING, change, service.name, text, consequence, "spec.replicas")


def arguments(service: ServiceChange) -> Iterator[Finding]:
    """Report arguments of the component if the preview ended before the workload."""
    change = service.component
    if change is None or change.operation != "update" or not service.is_partial or service.of(*WORKLOADS):
        return
    for each in change.differences:
        if each.old is MISSING or each.new is MISSING:
            continue
        if each.path == ("gpu",):
            text = sentence("The GPUs per replica change from {old} to {new}.", old=each.old, new=each.new)
            yield finding("gpus", WARNING, change, service.name, text, (), "gpu")
        elif each.path == ("replicas",):
            text = sentence("The number of replicas changes from {old} to {new}.", old=each.old, new=each.new)
            old, new = integer(each.old), integer(each.new)
            severity = CRITICAL if new == 0 else NOTICE if (new or 0) > (old or 0) else WARNING
            yield finding("scaled-to-zero" if new == 0 else "replicas", severity, change, service.name, text, (), "replicas")


RULES = (sizes, arguments)
