"""Pods that no node takes: what the scheduler says, and what the nodes show beside it."""

import re
from collections import Counter
from collections.abc import Iterator

from ..findings import Finding, harmless
from ..objects import (
    Object,
    Snapshot,
    allocatable,
    blocking_taints,
    condition,
    gpu_resource_of,
    holds_resources,
    is_node_ready,
    items_at,
    name_of,
    requests_of,
    text_at,
    texts_at,
    time_at,
)
from .words import Words, find_words

SILENCE = 30
"""Seconds after which a pod that nobody has looked at is worth a word."""

_OTHERS = (
    Words(
        "node-cordoned",
        r"\d+ node\(s\) were unschedulable",
        "Nodes that would do are cordoned",
        "Uncordon them (kubectl uncordon NODE), or add a node.",
    ),
    Words(
        "anti-affinity",
        r"didn't match pod (anti-)?affinity( rules)?|didn't satisfy existing pods anti-affinity",
        "The pod's affinity to other pods cannot be met",
        "Loosen affinity: preferred in place of required, or fewer replicas than nodes.",
    ),
    Words(
        "topology-spread",
        r"didn't match pod topology spread constraints",
        "The pod's topology spread cannot be met",
        "Use whenUnsatisfiable: ScheduleAnyway in topology_spread, or add nodes in the missing zone.",
    ),
    Words(
        "node-full-of-pods", r"Too many pods", "The nodes have no room for another pod", "Add a node; the limit is the kubelet's maxPods."
    ),
    Words(
        "host-port-taken",
        r"didn't have free ports",
        "A host port that the pod wants is taken on every node",
        "Take hostPort out of extra_containers.",
    ),
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """What keeps pods from being placed."""
    for pod in snapshot.pods:
        scheduled, subject = condition(pod, "PodScheduled"), f"pod/{name_of(pod)}"
        if text_at(pod, "spec", "nodeName"):
            continue
        if scheduled.get("reason") == "SchedulingGated":
            gates = ", ".join(harmless(text_at(gate, "name"), 60) for gate in items_at(pod, "spec", "schedulingGates"))
            cure = (
                "The queue that owns the gate (Kueue, say) admits it when there is quota: look there, or leave its label out of pod_labels."
            )
            yield Finding("scheduling-gated", f"The pod is held back by the scheduling gate {gates}", cure, subject=subject)
        elif scheduled.get("reason") == "Unschedulable":
            yield from _read_message(snapshot, pod, text_at(scheduled, "message"), subject)
        elif not scheduled and _age(snapshot, pod) > SILENCE:
            text = f"No scheduler has looked at the pod for {_age(snapshot, pod)} s"
            yield Finding("no-scheduler", text, "Look after kube-scheduler, or after the scheduler that pods are sent to.", subject=subject)


def _age(snapshot: Snapshot, pod: Object) -> int:
    created = time_at(pod, "metadata", "creationTimestamp")
    return int((snapshot.now - created).total_seconds()) if created else 0


def _read_message(snapshot: Snapshot, pod: Object, message: str, subject: str) -> Iterator[Finding]:
    evidence = harmless(message)
    if re.search(r"no nodes available to schedule pods", message):
        yield Finding("no-nodes", "The cluster has no node", "Add a node pool with GPUs.", evidence, subject=subject)
    elif match := re.search(r"Insufficient ([a-z0-9.-]+/[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)", message):
        yield from _find_gpus(snapshot, pod, match[1], evidence, subject)
    if match := re.search(r"Insufficient (cpu|memory|ephemeral-storage)\b", message):
        argument = {"cpu": "cpu", "memory": "mem", "ephemeral-storage": "ephemeral_storage"}[match[1]]
        text = f"No node that would do has {_asked(pod, match[1])} of {match[1]} free"
        yield Finding("node-too-small", text, f"Lower {argument}, or take larger nodes.", evidence, subject=subject)
    # One node that lacks a GPU is tainted as often as not: taints and selectors count where the GPUs are.
    if re.search(r"untolerated taint", message):
        yield from _find_taints(snapshot, pod, message, evidence, subject)
    if re.search(r"didn't match Pod's node affinity/selector", message):
        yield _find_selector(snapshot, pod, evidence, subject)
    yield from find_words(_OTHERS, message, subject, evidence)


def _asked(pod: Object, resource: str) -> str:
    asked = [
        str(value)
        for each in items_at(pod, "spec", "containers")
        for key, value in texts_at(each, "resources", "requests").items()
        if key == resource
    ]
    return harmless(" + ".join(asked) or "enough", 60)


def _find_gpus(snapshot: Snapshot, pod: Object, resource: str, evidence: str, subject: str) -> Iterator[Finding]:
    wanted = requests_of(pod, resource)
    have = {name: number for name, node in snapshot.nodes.items() if (number := allocatable(node, resource))}
    if not snapshot.known("nodes"):
        cure = f"Free GPUs, add a node, or lower gpu (now {wanted})."
        yield Finding("gpu-insufficient", f"No node has {wanted} free {resource}", cure, evidence, subject=subject)
        return
    if not have:
        cure = (
            f"Add a GPU node pool (a pool scaled to 0 needs its autoscaler), or install NVIDIA's device plugin: {_what_there_is(snapshot)}."
        )
        yield Finding("gpu-absent", f"No node offers {resource}", cure, evidence, subject=subject)
        return
    largest = max(have.values())
    if wanted > largest:
        cure = f"Set gpu to at most {largest}, or add a node with {wanted} GPUs: a pod cannot be spread over nodes."
        text = f"The pod wants {wanted} {resource}, and the largest node has {largest}"
        yield Finding("gpu-too-many", text, cure, evidence, subject=subject)
        return
    # The scheduler counts every node that lacks a GPU, also those without any: where the GPUs are free, something else stands in the way.
    open_to = {name: number for name, number in have.items() if _is_open(snapshot.nodes[name], pod)}
    free = free_gpus(snapshot, resource)
    if not open_to or (snapshot.others is not None and any(free[name] >= wanted for name in open_to)):
        return
    text = f"No node has {wanted} free {resource}: {_free_gpus(snapshot, open_to, free)}"
    cure = f"Free GPUs ({_holders(snapshot, resource)}), add a node, or lower gpu (now {wanted})."
    yield Finding("gpu-insufficient", text, cure, evidence, subject=subject)


def _is_open(node: Object, pod: Object) -> bool:
    return _fits_selector(node, pod) and not blocking_taints(node, pod)


def _what_there_is(snapshot: Snapshot) -> str:
    extended = {key for node in snapshot.nodes.values() for key in texts_at(node, "status", "allocatable") if "/" in key}
    named = ", ".join(harmless(key, 60) for key in sorted(extended)[:6])
    return f"nodes offer {named}: name one in gpu_resource" if named else "no node offers any extended resource"


def free_gpus(snapshot: Snapshot, resource: str) -> dict[str, int]:
    """How many of a resource each node that has it has free. The pods' own uses are counted as far as they are known."""
    used: Counter[str] = Counter()
    for pod in snapshot.others if snapshot.others is not None else snapshot.all("pods"):
        if holds_resources(pod):
            used[text_at(pod, "spec", "nodeName")] += requests_of(pod, resource)
    have = {name: allocatable(node, resource) for name, node in snapshot.nodes.items()}
    return {name: max(0, number - used[name]) for name, number in have.items() if number}


def _free_gpus(snapshot: Snapshot, have: dict[str, int], free: dict[str, int]) -> str:
    if snapshot.others is None:
        return f"{sum(have.values())} on {len(have)} nodes, in use as far as can be seen"
    most_first = sorted(have, key=lambda name: -free[name])
    where = ", ".join(f"{harmless(name, 60)} {free[name]} of {have[name]}" for name in most_first[:4])
    more = f" and {len(have) - 4} more nodes" if len(have) > 4 else ""
    return f"{sum(free[name] for name in have)} of {sum(have.values())} are free, {where}{more}"


def _holders(snapshot: Snapshot, resource: str) -> str:
    holders: Counter[str] = Counter()
    for pod in snapshot.others or ():
        if holds_resources(pod) and (number := requests_of(pod, resource)):
            holders[f"{text_at(pod, 'metadata', 'namespace')}/{name_of(pod)}"] += number
    if not holders:
        return "their holders cannot be seen"
    return "held by " + ", ".join(f"{harmless(name, 80)} {number}" for name, number in holders.most_common(3))


def _has_what_is_wanted(node: Object, pod: Object) -> bool:
    resource = gpu_resource_of(pod)
    return resource is None or allocatable(node, resource) >= requests_of(pod, resource)


def _find_taints(snapshot: Snapshot, pod: Object, message: str, evidence: str, subject: str) -> Iterator[Finding]:
    able = [node for node in snapshot.nodes.values() if _has_what_is_wanted(node, pod) and _fits_selector(node, pod)]
    taints = [taint for node in able for taint in blocking_taints(node, pod)]
    if snapshot.known("nodes") and not taints:
        return  # the tainted nodes would not do anyway
    if not snapshot.known("nodes"):
        match = re.search(r"untolerated taint(?:\(s\)| \{([^:}]+)(?:: ([^}]*))?\})", message)
        if not match or not match[1]:
            yield Finding(
                "taint",
                "Nodes that would do have a taint that the pod does not bear",
                "Add the taint to tolerations.",
                evidence,
                subject=subject,
            )
            return
        taints = [{"key": match[1], "value": match[2] or "", "effect": "NoSchedule"}]
    taint = taints[0]
    key, value, effect = (harmless(text_at(taint, part), 80) for part in ("key", "value", "effect"))
    if key.startswith("node.kubernetes.io/"):
        state = key.removeprefix("node.kubernetes.io/")
        if state == "unschedulable":
            cure = "Uncordon them (kubectl uncordon NODE), or add a node."
            yield Finding("node-cordoned", "Nodes that would do are cordoned", cure, evidence, subject=subject)
        else:
            ready = sum(is_node_ready(node) for node in snapshot.nodes.values())
            text = f"Nodes that would do are {state} ({ready} of {len(snapshot.nodes)} nodes are ready)"
            yield Finding(
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
    yield Finding("taint", text, f"Add it to tolerations, beside those it has: {line}.", evidence, subject=subject)


def _fits_selector(node: Object, pod: Object) -> bool:
    labels = texts_at(node, "metadata", "labels")
    return all(labels.get(key) == value for key, value in texts_at(pod, "spec", "nodeSelector").items())


def _find_selector(snapshot: Snapshot, pod: Object, evidence: str, subject: str) -> Finding:
    wanted = texts_at(pod, "spec", "nodeSelector")
    labels = [texts_at(node, "metadata", "labels") for node in snapshot.nodes.values()]
    for key, value in wanted.items():
        values = sorted({each[key] for each in labels if key in each})
        if snapshot.known("nodes") and value not in values:
            there = f"nodes have: {', '.join(harmless(each, 60) for each in values[:6])}" if values else "no node has this label at all"
            text = f"No node has the label {harmless(key, 100)}={harmless(value, 70)}"
            return Finding("node-selector", text, f"Correct node_selector ({there}), or label a node.", evidence, subject=subject)
    if wanted and snapshot.known("nodes") and not any(_fits_selector(node, pod) for node in snapshot.nodes.values()):
        text = f"No node has all of the labels {harmless(', '.join(f'{k}={v}' for k, v in wanted.items()), 150)}"
        return Finding("node-selector", text, "Loosen node_selector: each label is there, but not on one node.", evidence, subject=subject)
    field = "affinity or the node affinity of its volume" if not wanted else "node_selector or affinity"
    return Finding(
        "node-affinity",
        f"The nodes that the pod's {field} allows cannot take it",
        f"Loosen {field}.",
        evidence,
        sure="likely",
        subject=subject,
    )
