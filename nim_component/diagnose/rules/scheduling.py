"""Pods that the scheduler cannot place: its message, together with the state of the nodes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...cluster.objects import Object, condition, items_at, name_of, text_at, texts_at, time_at
from ...cluster.scheduler_message import Reason, lacking_resource, split_reasons
from ...cluster.scheduling import fits_selector, gpu_resource_of, requests_of
from ...kubernetes.gpu_resources import is_gpu
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .autoscalers import find_autoscaling
from .gpus import find_gpus
from .patterns import SEE_EVIDENCE, match_patterns
from .pod_requests import ARGUMENTS, argument_of, is_prewarm, requested
from .queues import find_queue
from .scheduler_reasons import NODE_AFFINITY, REASONS, VOLUMES, show_reason
from .taints import UNSCHEDULABLE, find_cordoned, find_taints, is_gpu_taint, is_taint

SCHEDULER_DELAY = 30
"""Seconds in which a scheduler normally processes a pod."""
_GPU_CAUSES = ("gpu-absent", "gpu-insufficient", "gpu-too-many", "gpu-unhealthy", "device-plugin-not-ready")
_SIZE_CAUSES = ("node-too-small", "node-full-of-pods")
_UNSCHEDULABLE = ("Unschedulable", "SchedulerError")


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield the reasons why pods have no node."""
    for pod in snapshot.pods:
        scheduled, subject = condition(pod, "PodScheduled"), f"pod/{name_of(pod)}"
        if text_at(pod, "spec", "nodeName"):
            continue
        if scheduled.get("reason") == "SchedulingGated":
            yield from (queue := list(find_queue(snapshot, pod, subject)))
            gates = ", ".join(sanitize(text_at(gate, "name"), 60) for gate in items_at(pod, "spec", "schedulingGates"))
            text = f"The scheduling gate {gates} keeps the pod from being scheduled"
            fix = "Check the gate's queue (such as Kueue): it admits the pod when quota is available. Or remove its label from pod_labels."
            yield Diagnosis("scheduling-gated", text, fix, confidence="possible" if queue else "certain", subject=subject)
        elif scheduled.get("reason") in _UNSCHEDULABLE:
            yield from _check_unschedulable(snapshot, pod, text_at(scheduled, "message"), subject)
        elif not scheduled and _age(snapshot, pod) > SCHEDULER_DELAY:
            text = f"No scheduler has processed the pod for {_age(snapshot, pod)} s"
            yield Diagnosis("no-scheduler", text, "Check kube-scheduler, or the scheduler in scheduler_name.", subject=subject)


def _age(snapshot: Snapshot, pod: Object) -> int:
    created = time_at(pod, "metadata", "creationTimestamp")
    return int((snapshot.now - created).total_seconds()) if created else 0


def _check_unschedulable(snapshot: Snapshot, pod: Object, message: str, subject: str) -> Iterator[Diagnosis]:
    """Yield the autoscaler's decision, then the scheduler's reasons.

    While a node is being added, the scheduler's reasons concern only the nodes that exist. If an
    autoscaler cannot add a node, they are no more than the reasons for its attempt.
    """
    autoscaling = list(find_autoscaling(snapshot, pod, subject))
    yield from autoscaling
    if any(each.cause == "node-scaling-up" for each in autoscaling):
        return
    reasons = split_reasons(message)
    found: dict[str, Diagnosis] = {}
    for each in reasons if snapshot.is_known("nodes") else sorted(reasons, key=lambda reason: not is_gpu_taint(pod, reason)):
        for diagnosis in _check_reason(snapshot, pod, each, reasons, show_reason(message, each), subject):
            found.setdefault(diagnosis.cause, diagnosis)
    # Volumes exclude more nodes than the affinity to other pods: they are the first reason.
    if (other := found.get("anti-affinity")) and _count_volumes(reasons) > _count(reasons, "affinity rules", "anti-affinity"):
        found["anti-affinity"] = replace(other, confidence="likely")
    # A node without GPUs can lack memory too: if the GPUs are the reason, memory may not be one.
    is_gpu_missing = any(each.confidence == "certain" for each in found.values() if each.cause in _GPU_CAUSES)
    for each in found.values():
        if is_gpu_missing and each.cause in _SIZE_CAUSES:
            yield replace(each, confidence="likely")
            continue
        yield replace(each, confidence="likely") if autoscaling and each.confidence == "certain" else each
    unknown = [each for each in reasons if not _is_known(each)]
    if unknown or not (found or autoscaling):
        text = f"The scheduler cannot place the pod: {sanitize('; '.join(map(str, unknown or reasons)), 200) or 'it gives no reason'}"
        yield Diagnosis("unschedulable", text, SEE_EVIDENCE, sanitize(message), "likely" if unknown else "possible", subject)


def _check_reason(
    snapshot: Snapshot, pod: Object, reason: Reason, reasons: Sequence[Reason], evidence: str, subject: str
) -> Iterator[Diagnosis]:
    resource = lacking_resource(reason)
    if resource in ARGUMENTS:
        text = f"No suitable node has {requested(pod, resource)} of {resource} free"
        yield Diagnosis("node-too-small", text, f"Lower {argument_of(pod, resource)}, or use larger nodes.", evidence, subject=subject)
    elif resource and (is_gpu(resource) or resource == gpu_resource_of(pod)):
        yield from find_gpus(snapshot, pod, resource, evidence, subject)
    elif resource:
        text = f"No suitable node has {requests_of(pod, resource)} of {resource} free"
        yield Diagnosis("node-too-small", text, "Lower it in extra_resources, or add nodes that offer it.", evidence, subject=subject)
    elif reason.text == UNSCHEDULABLE:
        yield from find_cordoned(snapshot, pod, reasons, evidence, subject)
    elif is_taint(reason):
        # The scheduler counts taints and selectors of nodes without GPUs too. Only those of nodes
        # with the GPUs are relevant.
        yield from find_taints(snapshot, pod, reason, reasons, evidence, subject)
    elif NODE_AFFINITY.fullmatch(reason.text):
        yield _check_selector(snapshot, pod, evidence, subject)
    elif is_prewarm(pod) and reason.text == "node(s) didn't match pod affinity rules":
        text = "The prewarm Job must run on the server's node because of the cache volume, and that node cannot take it"
        fix = "Free resources on that node, lower cache.prewarm.cpu or cache.prewarm.mem, or set cache.access_mode to ReadWriteMany."
        yield Diagnosis("prewarm-elsewhere", text, fix, evidence, subject=subject)
    else:
        yield from match_patterns(REASONS, reason.text, subject, evidence)


def _count(reasons: Sequence[Reason], *texts: str) -> int:
    """Return the number of nodes that reasons with one of the texts exclude."""
    return sum(each.nodes for each in reasons if any(text in each.text for text in texts))


def _count_volumes(reasons: Sequence[Reason]) -> int:
    return sum(each.nodes for each in reasons if VOLUMES.search(each.text))


def _is_known(reason: Reason) -> bool:
    """Return True if a rule reads the reason: one of this module, or one for volumes."""
    if (
        lacking_resource(reason)
        or reason.text == UNSCHEDULABLE
        or is_taint(reason)
        or NODE_AFFINITY.fullmatch(reason.text)
        or VOLUMES.search(reason.text)
    ):
        return True
    return any(each.find(reason.text) for each in REASONS)


def _check_selector(snapshot: Snapshot, pod: Object, evidence: str, subject: str) -> Diagnosis:
    selector = texts_at(pod, "spec", "nodeSelector")
    labels = [texts_at(node, "metadata", "labels") for node in snapshot.nodes.values()]
    for key, value in selector.items():
        values = sorted({each[key] for each in labels if key in each})
        if snapshot.is_known("nodes") and value not in values:
            existing = (
                f"nodes have: {', '.join(sanitize(each, 60) for each in values[:6])}" if values else "no node has a label of this key"
            )
            text = f"No node has the label {sanitize(key, 100)}={sanitize(value, 70)}"
            return Diagnosis("node-selector", text, f"Correct node_selector ({existing}), or label a node.", evidence, subject=subject)
    if selector and snapshot.is_known("nodes") and not any(fits_selector(node, pod) for node in snapshot.nodes.values()):
        text = f"No node has all of the labels {sanitize(', '.join(f'{key}={value}' for key, value in selector.items()), 150)}"
        fix = "Relax node_selector: each label exists, but not on one node."
        return Diagnosis("node-selector", text, fix, evidence, subject=subject)
    field = "node_selector or affinity" if selector else "affinity or the node affinity of its volume"
    text = f"The nodes that the pod's {field} allows cannot take it"
    return Diagnosis("node-affinity", text, f"Relax {field}.", evidence, confidence="likely", subject=subject)
