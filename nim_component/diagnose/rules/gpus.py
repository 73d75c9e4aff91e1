"""Which GPUs there are, which are free, and who holds the others."""

from collections import Counter
from collections.abc import Iterator

from ...cluster.objects import Object, name_of, text_at, texts_at
from ...cluster.scheduling import allocatable, blocking_taints, fits_affinity, fits_selector, holds_resources, requests_of
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot


def find_gpus(snapshot: Snapshot, pod: Object, resource: str, evidence: str, subject: str) -> Iterator[Diagnosis]:
    wanted = requests_of(pod, resource)
    have = {name: number for name, node in snapshot.nodes.items() if (number := allocatable(node, resource))}
    if not snapshot.is_known("nodes"):
        fix = f"Free GPUs, add a node, or lower gpu (now {wanted})."
        yield Diagnosis("gpu-insufficient", f"No node has {wanted} free {resource}", fix, evidence, subject=subject)
        return
    if not have:
        fix = (
            f"Add a GPU node pool (a pool scaled to 0 needs its autoscaler), or install NVIDIA's device plugin: {_what_there_is(snapshot)}."
        )
        yield Diagnosis("gpu-absent", f"No node offers {resource}", fix, evidence, subject=subject)
        return
    largest = max(have.values())
    if wanted > largest:
        fix = f"Set gpu to at most {largest}, or add a node with {wanted} GPUs: a pod cannot be spread over nodes."
        text = f"The pod wants {wanted} {resource}, and the largest node has {largest}"
        yield Diagnosis("gpu-too-many", text, fix, evidence, subject=subject)
        return
    # The scheduler counts every node that lacks a GPU, also those without any: where the GPUs are free, something else stands in the way.
    open_to = {name: number for name, number in have.items() if is_open(snapshot.nodes[name], pod)}
    free = free_gpus(snapshot, resource)
    if not open_to or (snapshot.others is not None and any(free[name] >= wanted for name in open_to)):
        return
    text = f"No node has {wanted} free {resource}: {_free_gpus(snapshot, open_to, free)}"
    fix = f"Free GPUs ({_holders(snapshot, resource)}), add a node, or lower gpu (now {wanted})."
    yield Diagnosis("gpu-insufficient", text, fix, evidence, subject=subject)


def is_open(node: Object, pod: Object) -> bool:
    return fits_selector(node, pod) and fits_affinity(node, pod) and not blocking_taints(node, pod)


def _what_there_is(snapshot: Snapshot) -> str:
    extended = {key for node in snapshot.nodes.values() for key in texts_at(node, "status", "allocatable") if "/" in key}
    named = ", ".join(sanitize(key, 60) for key in sorted(extended)[:6])
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
    where = ", ".join(f"{sanitize(name, 60)} {free[name]} of {have[name]}" for name in most_first[:4])
    more = f" and {len(have) - 4} more nodes" if len(have) > 4 else ""
    return f"{sum(free[name] for name in have)} of {sum(have.values())} are free, {where}{more}"


def _holders(snapshot: Snapshot, resource: str) -> str:
    holders: Counter[str] = Counter()
    for pod in snapshot.others or ():
        if holds_resources(pod) and (number := requests_of(pod, resource)):
            holders[f"{text_at(pod, 'metadata', 'namespace')}/{name_of(pod)}"] += number
    if not holders:
        return "their holders cannot be seen"
    return "held by " + ", ".join(f"{sanitize(name, 80)} {number}" for name, number in holders.most_common(3))
