"""Pods that no node takes: what the scheduler says, and what the nodes show beside it."""

import re
from collections.abc import Iterator

from ...cluster.objects import Object, condition, items_at, name_of, text_at, texts_at, time_at
from ...cluster.scheduling import allocatable, blocking_taints, fits_affinity, fits_selector, gpu_resource_of, is_node_ready, requests_of
from ...names import LOADER_CONTAINER, PREWARM_CONTAINER
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .gpus import find_gpus
from .patterns import MessagePattern, match_patterns

SILENCE = 30
"""Seconds after which a pod that nobody has looked at is worth a word."""

_OTHERS = (
    MessagePattern(
        "node-cordoned",
        r"\d+ node\(s\) were unschedulable",
        "Nodes that would do are cordoned",
        "Uncordon them (kubectl uncordon NODE), or add a node.",
    ),
    MessagePattern(
        "anti-affinity",
        r"didn't match pod (anti-)?affinity( rules)?|didn't satisfy existing pods anti-affinity",
        "The pod's affinity to other pods cannot be met",
        "Loosen affinity: preferred in place of required, or fewer replicas than nodes.",
    ),
    MessagePattern(
        "topology-spread",
        r"didn't match pod topology spread constraints",
        "The pod's topology spread cannot be met",
        "Use whenUnsatisfiable: ScheduleAnyway in topology_spread, or add nodes in the missing zone.",
    ),
    MessagePattern(
        "node-full-of-pods", r"Too many pods", "The nodes have no room for another pod", "Add a node; the limit is the kubelet's maxPods."
    ),
    MessagePattern(
        "host-port-taken",
        r"didn't have free ports",
        "A host port that the pod wants is taken on every node",
        "Take hostPort out of extra_containers.",
    ),
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """What keeps pods from being placed."""
    for pod in snapshot.pods:
        scheduled, subject = condition(pod, "PodScheduled"), f"pod/{name_of(pod)}"
        if text_at(pod, "spec", "nodeName"):
            continue
        if scheduled.get("reason") == "SchedulingGated":
            gates = ", ".join(sanitize(text_at(gate, "name"), 60) for gate in items_at(pod, "spec", "schedulingGates"))
            fix = (
                "The queue that owns the gate (Kueue, say) admits it when there is quota: look there, or leave its label out of pod_labels."
            )
            yield Diagnosis("scheduling-gated", f"The pod is held back by the scheduling gate {gates}", fix, subject=subject)
        elif scheduled.get("reason") == "Unschedulable":
            yield from _read_message(snapshot, pod, text_at(scheduled, "message"), subject)
        elif not scheduled and _age(snapshot, pod) > SILENCE:
            text = f"No scheduler has looked at the pod for {_age(snapshot, pod)} s"
            yield Diagnosis(
                "no-scheduler", text, "Look after kube-scheduler, or after the scheduler that pods are sent to.", subject=subject
            )


def _age(snapshot: Snapshot, pod: Object) -> int:
    created = time_at(pod, "metadata", "creationTimestamp")
    return int((snapshot.now - created).total_seconds()) if created else 0


def _read_message(snapshot: Snapshot, pod: Object, message: str, subject: str) -> Iterator[Diagnosis]:
    evidence = sanitize(message)
    if re.search(r"no nodes available to schedule pods", message):
        yield Diagnosis("no-nodes", "The cluster has no node", "Add a node pool with GPUs.", evidence, subject=subject)
    elif match := re.search(r"Insufficient ([a-z0-9.-]+/[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)", message):
        yield from find_gpus(snapshot, pod, match[1], evidence, subject)
    if match := re.search(r"Insufficient (cpu|memory|ephemeral-storage)\b", message):
        text = f"No node that would do has {_asked(pod, match[1])} of {match[1]} free"
        yield Diagnosis("node-too-small", text, f"Lower {_argument(pod, match[1])}, or take larger nodes.", evidence, subject=subject)
    # One node that lacks a GPU is tainted as often as not: taints and selectors count where the GPUs are.
    if re.search(r"untolerated taint", message):
        yield from _find_taints(snapshot, pod, message, evidence, subject)
    if re.search(r"didn't match Pod's node affinity/selector", message):
        yield _find_selector(snapshot, pod, evidence, subject)
    if PREWARM_CONTAINER in _names(pod) and "didn't match pod affinity" in message:
        text = "The pre-warm Job must run where the server does, since the cache's volume is there, and that node does not take it"
        fix = "Make room on that node (cache.prewarm.cpu, cache.prewarm.mem), or use cache.access_mode ReadWriteMany."
        yield Diagnosis("prewarm-elsewhere", text, fix, evidence, subject=subject)
        return
    yield from match_patterns(_OTHERS, message, subject, evidence)


def _names(pod: Object) -> set[str]:
    return {text_at(each, "name") for each in items_at(pod, "spec", "containers")}


def _argument(pod: Object, resource: str) -> str:
    """What sets how much of a resource the pod asks for."""
    argument = {"cpu": "cpu", "memory": "mem", "ephemeral-storage": "ephemeral_storage"}[resource]
    if PREWARM_CONTAINER in _names(pod):
        return f"cache.prewarm.{argument}"
    return "lora_adapter_mem" if LOADER_CONTAINER in _names(pod) else argument


def _asked(pod: Object, resource: str) -> str:
    asked = [
        str(value)
        for each in items_at(pod, "spec", "containers")
        for key, value in texts_at(each, "resources", "requests").items()
        if key == resource
    ]
    return sanitize(" + ".join(asked) or "enough", 60)


def _has_what_is_wanted(node: Object, pod: Object) -> bool:
    resource = gpu_resource_of(pod)
    return resource is None or allocatable(node, resource) >= requests_of(pod, resource)


def _may_go_to(node: Object, pod: Object) -> bool:
    return fits_selector(node, pod) and fits_affinity(node, pod)


def _find_taints(snapshot: Snapshot, pod: Object, message: str, evidence: str, subject: str) -> Iterator[Diagnosis]:
    able = [node for node in snapshot.nodes.values() if _has_what_is_wanted(node, pod) and _may_go_to(node, pod)]
    taints = [taint for node in able for taint in blocking_taints(node, pod)]
    if snapshot.is_known("nodes") and not taints:
        return  # the tainted nodes would not do anyway
    if not snapshot.is_known("nodes"):
        match = re.search(r"untolerated taint(?:\(s\)| \{([^:}]+)(?:: ([^}]*))?\})", message)
        if not match or not match[1]:
            yield Diagnosis(
                "taint",
                "Nodes that would do have a taint that the pod does not bear",
                "Add the taint to tolerations.",
                evidence,
                subject=subject,
            )
            return
        taints = [{"key": match[1], "value": match[2] or "", "effect": "NoSchedule"}]
    taint = taints[0]
    key, value, effect = (sanitize(text_at(taint, part), 80) for part in ("key", "value", "effect"))
    if key.startswith("node.kubernetes.io/"):
        state = key.removeprefix("node.kubernetes.io/")
        if state == "unschedulable":
            fix = "Uncordon them (kubectl uncordon NODE), or add a node."
            yield Diagnosis("node-cordoned", "Nodes that would do are cordoned", fix, evidence, subject=subject)
        else:
            ready = sum(is_node_ready(node) for node in snapshot.nodes.values())
            text = f"Nodes that would do are {state} ({ready} of {len(snapshot.nodes)} nodes are ready)"
            yield Diagnosis(
                "node-not-ready",
                text,
                "Repair or replace these nodes; a taint of this kind is the cluster's own, not to be tolerated.",
                evidence,
                subject=subject,
            )
        return
    line = (
        f"{{key: {key}, operator: Equal, value: {value}, effect: {effect}}}"
        if value
        else f"{{key: {key}, operator: Exists, effect: {effect}}}"
    )
    text = f"Nodes that would do have the taint {key}{f'={value}' if value else ''}:{effect}, which the pod does not bear"
    yield Diagnosis("taint", text, f"Add it to tolerations, beside those it has: {line}.", evidence, subject=subject)


def _find_selector(snapshot: Snapshot, pod: Object, evidence: str, subject: str) -> Diagnosis:
    wanted = texts_at(pod, "spec", "nodeSelector")
    labels = [texts_at(node, "metadata", "labels") for node in snapshot.nodes.values()]
    for key, value in wanted.items():
        values = sorted({each[key] for each in labels if key in each})
        if snapshot.is_known("nodes") and value not in values:
            there = f"nodes have: {', '.join(sanitize(each, 60) for each in values[:6])}" if values else "no node has this label at all"
            text = f"No node has the label {sanitize(key, 100)}={sanitize(value, 70)}"
            return Diagnosis("node-selector", text, f"Correct node_selector ({there}), or label a node.", evidence, subject=subject)
    if wanted and snapshot.is_known("nodes") and not any(fits_selector(node, pod) for node in snapshot.nodes.values()):
        text = f"No node has all of the labels {sanitize(', '.join(f'{k}={v}' for k, v in wanted.items()), 150)}"
        return Diagnosis(
            "node-selector", text, "Loosen node_selector: each label is there, but not on one node.", evidence, subject=subject
        )
    field = "affinity or the node affinity of its volume" if not wanted else "node_selector or affinity"
    return Diagnosis(
        "node-affinity",
        f"The nodes that the pod's {field} allows cannot take it",
        f"Loosen {field}.",
        evidence,
        confidence="likely",
        subject=subject,
    )
