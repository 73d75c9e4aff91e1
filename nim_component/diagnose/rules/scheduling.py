"""Pods that the scheduler cannot place: its message, together with the state of the nodes."""

import re
from collections.abc import Iterator

from ...cluster.objects import Object, condition, items_at, name_of, text_at, texts_at, time_at
from ...cluster.scheduling import fits_selector, gpu_resource_of, requests_of
from ...kubernetes.gpu_resources import is_gpu
from ...names import LOADER_CONTAINER, PREWARM_CONTAINER
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .gpus import find_gpus
from .patterns import MessagePattern, match_patterns
from .taints import CORDONED, find_taints

_INSUFFICIENT = re.compile(r"Insufficient ([a-z0-9.-]+/[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)")
SCHEDULER_DELAY = 30
"""Seconds in which a scheduler normally processes a pod."""

_PATTERNS = (
    MessagePattern("node-cordoned", r"\d+ node\(s\) were unschedulable", *CORDONED),
    MessagePattern(
        "anti-affinity",
        r"didn't match pod (anti-)?affinity( rules)?|didn't satisfy existing pods anti-affinity",
        "The pod's affinity to other pods cannot be satisfied",
        "Relax affinity: use preferred instead of required terms, or fewer replicas than nodes.",
    ),
    MessagePattern(
        "topology-spread",
        r"didn't match pod topology spread constraints",
        "The pod's topology spread constraints cannot be satisfied",
        "Set whenUnsatisfiable to ScheduleAnyway in topology_spread, or add nodes in the missing zone.",
    ),
    MessagePattern(
        "node-full-of-pods",
        r"Too many pods",
        "The nodes run the maximum number of pods",
        "Add a node. The limit is maxPods of the kubelet.",
    ),
    MessagePattern(
        "host-port-taken",
        r"didn't have free ports",
        "A host port of the pod is in use on every node",
        "Remove hostPort from extra_containers.",
    ),
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield the reasons why pods have no node."""
    for pod in snapshot.pods:
        scheduled, subject = condition(pod, "PodScheduled"), f"pod/{name_of(pod)}"
        if text_at(pod, "spec", "nodeName"):
            continue
        if scheduled.get("reason") == "SchedulingGated":
            gates = ", ".join(sanitize(text_at(gate, "name"), 60) for gate in items_at(pod, "spec", "schedulingGates"))
            text = f"The scheduling gate {gates} keeps the pod from being scheduled"
            fix = "Check the gate's queue (such as Kueue): it admits the pod when quota is available. Or remove its label from pod_labels."
            yield Diagnosis("scheduling-gated", text, fix, subject=subject)
        elif scheduled.get("reason") == "Unschedulable":
            yield from _read_message(snapshot, pod, text_at(scheduled, "message"), subject)
        elif not scheduled and _age(snapshot, pod) > SCHEDULER_DELAY:
            text = f"No scheduler has processed the pod for {_age(snapshot, pod)} s"
            yield Diagnosis("no-scheduler", text, "Check kube-scheduler, or the scheduler in scheduler_name.", subject=subject)


def _age(snapshot: Snapshot, pod: Object) -> int:
    created = time_at(pod, "metadata", "creationTimestamp")
    return int((snapshot.now - created).total_seconds()) if created else 0


def _read_message(snapshot: Snapshot, pod: Object, message: str, subject: str) -> Iterator[Diagnosis]:
    evidence = sanitize(message)
    if re.search(r"no nodes available to schedule pods", message):
        yield Diagnosis("no-nodes", "The cluster has no node", "Add a node pool with GPUs.", evidence, subject=subject)
    for resource in dict.fromkeys(_INSUFFICIENT.findall(message)):
        if is_gpu(resource) or resource == gpu_resource_of(pod):
            yield from find_gpus(snapshot, pod, resource, evidence, subject)
        else:
            text = f"No suitable node has {requests_of(pod, resource)} of {resource} free"
            fix = "Lower it in extra_resources, or add nodes that offer it."
            yield Diagnosis("node-too-small", text, fix, evidence, subject=subject)
    if match := re.search(r"Insufficient (cpu|memory|ephemeral-storage)\b", message):
        text = f"No suitable node has {_requested(pod, match[1])} of {match[1]} free"
        yield Diagnosis("node-too-small", text, f"Lower {_argument(pod, match[1])}, or use larger nodes.", evidence, subject=subject)
    # The scheduler counts taints and selectors of nodes without GPUs too. Only those of nodes with
    # the GPUs are relevant.
    if re.search(r"untolerated taint", message):
        yield from find_taints(snapshot, pod, message, evidence, subject)
    if re.search(r"didn't match Pod's node affinity/selector", message):
        yield _check_selector(snapshot, pod, evidence, subject)
    if PREWARM_CONTAINER in _container_names(pod) and "didn't match pod affinity" in message:
        text = "The prewarm Job must run on the server's node because of the cache volume, and that node cannot take it"
        fix = "Free resources on that node, lower cache.prewarm.cpu or cache.prewarm.mem, or set cache.access_mode to ReadWriteMany."
        yield Diagnosis("prewarm-elsewhere", text, fix, evidence, subject=subject)
        return
    yield from match_patterns(_PATTERNS, message, subject, evidence)


def _container_names(pod: Object) -> set[str]:
    return {text_at(each, "name") for each in items_at(pod, "spec", "containers")}


def _argument(pod: Object, resource: str) -> str:
    """Return the argument that sets the pod's request of a resource."""
    argument = {"cpu": "cpu", "memory": "mem", "ephemeral-storage": "ephemeral_storage"}[resource]
    if PREWARM_CONTAINER in _container_names(pod):
        return f"cache.prewarm.{argument}"
    return "lora_adapter_mem" if LOADER_CONTAINER in _container_names(pod) else argument


def _requested(pod: Object, resource: str) -> str:
    requests = [
        str(value)
        for each in items_at(pod, "spec", "containers")
        for key, value in texts_at(each, "resources", "requests").items()
        if key == resource
    ]
    return sanitize(" + ".join(requests) or "enough", 60)


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
