"""Objects that are created, replaced or deleted, and the order of these operations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ...names import LORA_LISTS
from ...text.amounts import count_of, spell_duration
from ..accessors import get
from ..change import Change, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, Severity, finding
from ..object_fields import JOBS, PVC, SERVERS, WORKLOADS, containers, replicas, startup_budget, total_gpus
from ..sentences import Sentence, enumerate_values, name_kind, name_object, sentence
from ..values import show

# Other rules report the creation and the deletion of these kinds.
REPORTED_ELSEWHERE = (
    PVC, "Secret", "HorizontalPodAutoscaler", "ScaledObject", "PodDisruptionBudget", "NetworkPolicy", "Ingress",
    "HTTPRoute", "GRPCRoute", "Service", "ConfigMap",
)  # fmt: skip


def services(service: ServiceChange) -> Iterator[Finding]:
    """Report a service that is added or removed, as one finding for all its objects."""
    component = service.component
    if component is None or not service.is_whole:
        return
    servers = service.of(*SERVERS)
    if service.is_deleted:
        removed = [change for change in service.changes if change.operation == "delete" and change is not component]
        deleted, retained = ([_label(change) for change in removed if change.subject.retain is each] for each in (False, True))
        consequence = sentence("Deleted: {objects}. ", objects=enumerate_values(deleted)) if deleted else ()
        if retained:
            consequence += sentence("Stays in the cluster, without the stack: {objects}. ", objects=enumerate_values(retained))
        counts = [replicas(change.before) for change in servers if change.operation == "delete" and not change.subject.retain]
        is_running = any(count != 0 for count in counts)  # None is an unknown number
        if is_running:
            stop = (
                count_of(sum(count or 0 for count in counts), "replica stops", "replicas stop")
                if None not in counts
                else "All replicas stop"
            )
            consequence += sentence("{stop}, and no request is answered.", stop=(stop,))
        is_lost = any(change.operation == "delete" and not change.subject.retain for change in service.of("PersistentVolumeClaim"))
        severity = CRITICAL if is_running or is_lost else WARNING
        yield finding("service-removed", severity, component, service.name, sentence("The service is removed."), consequence)
        return
    images = {show(container.get("image")): None for change in servers for _, container in islice(containers(change.after, init=False), 1)}
    count, devices = sum(replicas(change.after) or 0 for change in servers), sum(total_gpus(change.after) for change in servers)
    text = sentence(
        "The service is added, with {replicas} and {gpus} in total{images}.",
        replicas=(count_of(count, "replica"),),
        gpus=(count_of(devices, "GPU"),),
        images=sentence(": {images}", images=enumerate_values(images)) if images else (),
    )
    consequence = sentence("It requires nodes with that many free GPUs.") if devices else ()
    yield finding("service-added", NOTICE, component, service.name, text, consequence)


def _label(change: Change) -> str:
    return f"{change.subject.kind} {change.subject.object_name}"


def replacements(service: ServiceChange) -> Iterator[Finding]:
    """Report replaced objects. A deletion before the creation interrupts the service."""
    for change in service.changes:
        kind = change.subject.kind
        is_moved = "provider" in change.reasons and change.order == "create-before-delete"  # the rule `provider` reports it
        if change.operation != "replace" or kind == "Secret" or is_moved:
            continue
        text = sentence(
            "{object} is replaced{why}: the new one is created first, then the old one is deleted.",
            object=name_object(change),
            why=_why(change),
        )
        if change.order == "delete-before-create" and kind != "PersistentVolumeClaim":
            yield _deleted_first(service, change)
        elif kind == "Job":
            yield finding("replaced", NOTICE, change, service.name, text, describe_wait(change), *change.reasons)
        elif kind in WORKLOADS:
            yield finding("replaced", WARNING, change, service.name, text, _side_by_side(change), *change.reasons)
        elif kind not in REPORTED_ELSEWHERE:
            yield finding("replaced", NOTICE, change, service.name, text, (), *change.reasons)


def _side_by_side(change: Change) -> Sentence:
    """Return the consequence of old and new pods that run at the same time."""
    needed = total_gpus(change.after)
    if not needed:
        return sentence("All pods are recreated.")
    return sentence(
        "All pods are recreated. Old and new pods use GPUs at the same time: "
        "without {gpus}, the new pods stay Pending and the update waits.",
        gpus=(count_of(needed, "spare GPU"),),
    )


def describe_wait(change: Change) -> Sentence:
    """Return how long the update waits for a Job.

    Its dependents, such as a rollout, wait as well.
    """
    if get(change.subject.inputs, "metadata", "annotations", "pulumi.com/skipAwait") == "true":
        return ()
    limit = get(change.subject.inputs, "spec", "activeDeadlineSeconds")
    at_most = sentence(" (at most {time})", time=(spell_duration(limit),)) if isinstance(limit, int) else ()
    return sentence("The update waits until the Job is complete{at_most}, and so does a rollout that depends on it.", at_most=at_most)


def _deleted_first(service: ServiceChange, change: Change) -> Finding:
    kind = change.subject.kind
    text = sentence("{object} is deleted before it is created again{why}.", object=name_object(change), why=_why(change))
    severity: Severity = WARNING
    if kind == "Job":
        consequence = sentence("A running Job is interrupted and starts again from the beginning.")
    elif kind in WORKLOADS:
        severity, consequence = _stopped(change)
    elif kind == "Service":
        severity, consequence = CRITICAL, sentence("Clients cannot connect in the meantime, and the cluster IP changes.")
    elif kind == "ConfigMap" and service.component is not None and change.subject.name in _name_lists(service.component):
        severity, consequence = NOTICE, sentence("Pods that start in the meantime compare their adapters with the other list.")
    elif any(each.order == change.order for each in service.of(*WORKLOADS)):
        severity, consequence = NOTICE, sentence("The pods that use it are deleted before it.")
    else:
        consequence = sentence("Pods that start in the meantime do not find it.")
    return finding("deleted-first", severity, change, service.name, text, consequence, *change.reasons)


def _name_lists(component: Change) -> list[str]:
    """Return the logical names of the two lists with which pods compare their adapters."""
    return [f"{component.subject.name}-{suffix}" for suffix in LORA_LISTS]


def _stopped(change: Change) -> tuple[Severity, Sentence]:
    count, budget = replicas(change.before), startup_budget(change.after)
    if count == 0:
        return NOTICE, sentence("The workload has no replicas now.")
    stop = count_of(count, "replica stops", "replicas stop") if count is not None else "All replicas stop"
    time = f"up to {spell_duration(budget)} (the startup budget)" if budget else "the duration of a start"
    return CRITICAL, sentence("{stop}, and no request is answered until a new replica is ready: {time}.", stop=(stop,), time=(time,))


def _why(change: Change) -> Sentence:
    if change.cause:
        kind, _, name = change.cause.partition(" ")
        return sentence(" because {kind} {name}, on which it depends, is replaced", kind=name_kind(kind), name=name)
    return sentence(" (forced by {reasons})", reasons=enumerate_values(change.reasons)) if change.reasons else ()


def deletions(service: ServiceChange) -> Iterator[Finding]:
    """Report deleted objects of a service that stays."""
    if service.is_deleted:
        return
    successor = find_successor(service)
    for change in service.changes:
        kind = change.subject.kind
        if change.operation != "delete" or kind == PVC or (kind in REPORTED_ELSEWHERE and not change.subject.retain):
            continue
        text = sentence("{object} is deleted.", object=name_object(change))
        if successor is not None and kind in SERVERS and not change.subject.retain:
            yield _succeeded(service, change, successor)
        elif change.subject.retain:
            text = sentence("{object} is removed from the stack.", object=name_object(change))
            consequence = sentence("It stays in the cluster, but the stack no longer manages it.")
            yield finding("deleted", NOTICE, change, service.name, text, consequence)
        elif kind in JOBS:
            # Pods that serve requests belong to other workloads, also while a Job runs.
            consequence = sentence("Only pods of the Job stop, if it is not complete. Running models are not affected.")
            yield finding("deleted", NOTICE, change, service.name, text, consequence)
        elif kind == "DaemonSet":
            yield finding("deleted", CRITICAL, change, service.name, text, ("Its pods stop on all nodes permanently.",))
        elif kind in WORKLOADS:
            count = replicas(change.before)
            if count == 0:
                yield finding("deleted", WARNING, change, service.name, text, sentence("Its spec has 0 replicas."))
                continue
            stop = count_of(count, "replica stops", "replicas stop") if count is not None else "All replicas stop"
            yield finding("deleted", CRITICAL, change, service.name, text, (f"{stop} permanently.",))
        elif kind == "Namespace":
            consequence = sentence("Everything in it is deleted too, also PVCs and objects of other programs.")
            yield finding("deleted", CRITICAL, change, service.name, text, consequence)
        else:
            yield finding("deleted", WARNING, change, service.name, text)


def find_successor(service: ServiceChange) -> Change | None:
    """Return the created workload that replaces a deleted one of another kind.

    Example: a LeaderWorkerSet that replaces a Deployment.
    """
    changes = [change for change in service.of(*SERVERS) if change.operation != "delete" or not change.subject.retain]
    deleted, created = ([change for change in changes if change.operation == each] for each in ("delete", "create"))
    is_successor = len(deleted) == len(created) == 1 and deleted[0].subject.kind != created[0].subject.kind
    return created[0] if is_successor else None


def _succeeded(service: ServiceChange, old: Change, new: Change) -> Finding:
    text = sentence(
        "{new} replaces {old}: the new one is created first, and the old one is deleted when the new one is ready.",
        new=name_object(new),
        old=name_object(old),
    )
    return finding("replaced", WARNING, old, service.name, text, _side_by_side(new))


def protected(service: ServiceChange) -> Iterator[Finding]:
    """Report protected objects that the change would delete. The engine then fails the update."""
    for change in service.changes:
        if change.before is not None and change.before.protect and change.operation in ("delete", "replace") and not change.before.external:
            verb = "deleted" if change.operation == "delete" else "replaced"
            text = sentence("{object} is protected and would be {verb}.", object=name_object(change), verb=(verb,))
            consequence = sentence(
                "The update fails before it changes anything. Remove `protect` in a separate update, or keep the object unchanged."
            )
            yield finding("protected", CRITICAL, change, service.name, text, consequence, *change.reasons)


RULES = (services, replacements, deletions, protected)
