"""GPUs of the cluster: available, free, and in use."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ...cluster.gpu_health import count_unhealthy, describe_health, describe_missing_plugin
from ...cluster.node_autoscalers import has_node_autoscaler
from ...cluster.objects import Object, name_of, text_at, texts_at
from ...cluster.scheduling import (
    allocatable,
    can_run,
    capacity,
    fits_labels,
    holds_resources,
    is_node_ready,
    requests_of,
)
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot

_GPU_LABELS = (
    ("nvidia.com/gpu.present", "true"),  # GPU feature discovery
    ("feature.node.kubernetes.io/pci-10de.present", "true"),  # node feature discovery
    ("kubernetes.azure.com/accelerator", "nvidia"),
)
"""Labels of nodes with NVIDIA GPUs, whether or not the device plugin runs."""


def find_gpus(snapshot: Snapshot, pod: Object, resource: str, evidence: str, subject: str) -> Iterator[Diagnosis]:
    """Yield the reason why no node has a pod's GPUs free, if the GPUs are the reason."""
    requested = requests_of(pod, resource)
    offered = {name: number for name, node in snapshot.nodes.items() if (number := allocatable(node, resource))}
    if not snapshot.is_known("nodes"):
        fix = f"Free GPUs, add a node, or lower gpu (now {requested})."
        yield Diagnosis("gpu-insufficient", f"No node has {requested} free {resource}", fix, evidence, subject=subject)
        return
    without_plugin = list(_find_nodes_without_plugin(snapshot, pod, resource))
    if not offered:
        if without_plugin:
            yield _diagnose_plugin(without_plugin[0], resource, evidence, subject)
            return
        fix = "Add a GPU node pool (a pool scaled to 0 requires its autoscaler), or install the NVIDIA device plugin. "
        confidence = "likely" if has_node_autoscaler(snapshot.nodes.values(), snapshot.events(pod)) else "certain"
        yield Diagnosis("gpu-absent", f"No node offers {resource}", f"{fix}{_describe_offers(snapshot)}.", evidence, confidence, subject)
        return
    largest = max(offered.values())
    if requested > largest:
        yield _diagnose_size(snapshot, pod, resource, largest, evidence, subject)
        return
    # The scheduler counts every node that lacks a GPU, including those without any. If a suitable
    # node has the GPUs free, there is another reason.
    suitable = {name: number for name, number in offered.items() if can_run(snapshot.nodes[name], pod)}
    free = _count_free(snapshot, resource)
    if not suitable or (snapshot.cluster_pods is not None and any(free[name] >= requested for name in suitable)):
        return
    text = f"No node has {requested} free {resource}: {_describe_free(snapshot, suitable, free)}"
    fix = f"Free GPUs ({_describe_users(snapshot, resource)}), add a node, or lower gpu (now {requested})."
    yield Diagnosis("gpu-insufficient", text, fix, evidence, subject=subject)
    for name in suitable:
        unhealthy = count_unhealthy(snapshot.nodes[name], resource)
        if unhealthy and snapshot.cluster_pods is not None and free[name] + unhealthy >= requested:
            yield replace(_diagnose_health(snapshot.nodes[name], resource, evidence, subject), confidence="likely")
            break
    if without_plugin:
        yield replace(_diagnose_plugin(without_plugin[0], resource, evidence, subject), confidence="likely")


def _diagnose_size(snapshot: Snapshot, pod: Object, resource: str, largest: int, evidence: str, subject: str) -> Diagnosis:
    """Return the diagnosis of a pod that requests more GPUs than any node offers."""
    requested = requests_of(pod, resource)
    for node in snapshot.nodes.values():
        if capacity(node, resource) >= requested and fits_labels(node, pod):
            return _diagnose_health(node, resource, evidence, subject)
    text = f"The pod requests {requested} {resource}, but the largest node has {largest}"
    fix = f"Set gpu to at most {largest}, or add a node with {requested} GPUs: a pod cannot be spread over nodes."
    return Diagnosis("gpu-too-many", text, fix, evidence, subject=subject)


def _diagnose_health(node: Object, resource: str, evidence: str, subject: str) -> Diagnosis:
    text, fix = describe_health(node, resource)
    return Diagnosis("gpu-unhealthy", f"{text[0].upper()}{text[1:]}", fix, evidence, subject=subject)


def _find_nodes_without_plugin(snapshot: Snapshot, pod: Object, resource: str) -> Iterator[Object]:
    """Yield suitable nodes that have NVIDIA GPUs, by labels or capacity, and offer none of them."""
    vendor = resource.partition("/")[0]
    for node in snapshot.nodes.values():
        offers = any(allocatable(node, key) for key in texts_at(node, "status", "allocatable") if key.startswith(f"{vendor}/"))
        labels = texts_at(node, "metadata", "labels")
        has_gpus = capacity(node, resource) > 0 or any(labels.get(key) == value for key, value in _GPU_LABELS)
        if vendor == "nvidia.com" and has_gpus and not offers and is_node_ready(node) and fits_labels(node, pod):
            yield node


def _diagnose_plugin(node: Object, resource: str, evidence: str, subject: str) -> Diagnosis:
    text, fix = describe_missing_plugin(node, resource)
    # Labels remain without a device plugin, also where a DRA driver is used in its place.
    confidence = "certain" if capacity(node, resource) else "likely"
    return Diagnosis("device-plugin-not-ready", f"{text[0].upper()}{text[1:]}", fix, evidence, confidence, subject)


def _describe_offers(snapshot: Snapshot) -> str:
    extended = {key for node in snapshot.nodes.values() for key in texts_at(node, "status", "allocatable") if "/" in key}
    names = ", ".join(sanitize(key, 60) for key in sorted(extended)[:6])
    return f"Nodes offer {names}: set gpu_resource to one of them" if names else "No node offers an extended resource"


def _count_free(snapshot: Snapshot, resource: str) -> dict[str, int]:
    """Return the free GPUs of each node with GPUs, as far as the pods that use them are known."""
    used: Counter[str] = Counter()
    for pod in snapshot.cluster_pods if snapshot.cluster_pods is not None else snapshot.all("pods"):
        if holds_resources(pod):
            used[text_at(pod, "spec", "nodeName")] += requests_of(pod, resource)
    offered = {name: allocatable(node, resource) for name, node in snapshot.nodes.items()}
    return {name: max(0, number - used[name]) for name, number in offered.items() if number}


def _describe_free(snapshot: Snapshot, offered: dict[str, int], free: dict[str, int]) -> str:
    total = sum(offered.values())
    if snapshot.cluster_pods is None:
        return f"suitable nodes have {total} in total, and the pods that use them are unknown"
    most_first = sorted(offered, key=lambda name: -free[name])
    by_node = ", ".join(f"{sanitize(name, 60)} {free[name]} of {offered[name]}" for name in most_first[:4])
    others = f" and {len(offered) - 4} more nodes" if len(offered) > 4 else ""
    return f"{sum(free[name] for name in offered)} of {total} are free, {by_node}{others}"


def _describe_users(snapshot: Snapshot, resource: str) -> str:
    users: Counter[str] = Counter()
    for pod in snapshot.cluster_pods or ():
        if holds_resources(pod) and (number := requests_of(pod, resource)):
            users[f"{text_at(pod, 'metadata', 'namespace')}/{name_of(pod)}"] += number
    if not users:
        return "the pods that use them are unknown"
    return "used by " + ", ".join(f"{sanitize(name, 80)} {number}" for name, number in users.most_common(3))
