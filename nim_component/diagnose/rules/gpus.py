"""GPUs of the cluster: available, free, and in use."""

from collections import Counter
from collections.abc import Iterator

from ...cluster.objects import Object, name_of, text_at, texts_at
from ...cluster.scheduling import allocatable, blocking_taints, fits_affinity, fits_selector, holds_resources, requests_of
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot


def find_gpus(snapshot: Snapshot, pod: Object, resource: str, evidence: str, subject: str) -> Iterator[Diagnosis]:
    """Yield the reason why no node has a pod's GPUs free, if the GPUs are the reason."""
    requested = requests_of(pod, resource)
    offered = {name: number for name, node in snapshot.nodes.items() if (number := allocatable(node, resource))}
    if not snapshot.is_known("nodes"):
        fix = f"Free GPUs, add a node, or lower gpu (now {requested})."
        yield Diagnosis("gpu-insufficient", f"No node has {requested} free {resource}", fix, evidence, subject=subject)
        return
    if not offered:
        fix = "Add a GPU node pool (a pool scaled to 0 requires its autoscaler), or install the NVIDIA device plugin. "
        yield Diagnosis("gpu-absent", f"No node offers {resource}", f"{fix}{_describe_offers(snapshot)}.", evidence, subject=subject)
        return
    largest = max(offered.values())
    if requested > largest:
        text = f"The pod requests {requested} {resource}, but the largest node has {largest}"
        fix = f"Set gpu to at most {largest}, or add a node with {requested} GPUs: a pod cannot be spread over nodes."
        yield Diagnosis("gpu-too-many", text, fix, evidence, subject=subject)
        return
    # The scheduler counts every node that lacks a GPU, including those without any. If a suitable
    # node has the GPUs free, there is another reason.
    suitable = {name: number for name, number in offered.items() if _is_suitable(snapshot.nodes[name], pod)}
    free = _count_free(snapshot, resource)
    if not suitable or (snapshot.cluster_pods is not None and any(free[name] >= requested for name in suitable)):
        return
    text = f"No node has {requested} free {resource}: {_describe_free(snapshot, suitable, free)}"
    fix = f"Free GPUs ({_describe_users(snapshot, resource)}), add a node, or lower gpu (now {requested})."
    yield Diagnosis("gpu-insufficient", text, fix, evidence, subject=subject)


def _is_suitable(node: Object, pod: Object) -> bool:
    return fits_selector(node, pod) and fits_affinity(node, pod) and not blocking_taints(node, pod)


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
