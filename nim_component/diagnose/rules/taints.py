"""Taints of the nodes that are otherwise suitable for a pod."""

import re
from collections.abc import Iterator

from ...cluster.objects import Object, text_at
from ...cluster.scheduling import allocatable, blocking_taints, fits_affinity, fits_selector, gpu_resource_of, is_node_ready, requests_of
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot

CORDONED = "Suitable nodes are cordoned", "Uncordon them (`kubectl uncordon NODE`), or add a node."
_KUBERNETES_TAINT = "node.kubernetes.io/"


def find_taints(snapshot: Snapshot, pod: Object, message: str, evidence: str, subject: str) -> Iterator[Diagnosis]:
    """Yield the taint that keeps a pod from suitable nodes.

    If the nodes cannot be read, the taint is taken from the scheduler's message.
    """
    if snapshot.is_known("nodes"):
        taint = next((taint for node in snapshot.nodes.values() if _is_suitable(node, pod) for taint in blocking_taints(node, pod)), None)
        if taint is None:
            return  # only unsuitable nodes have a taint
    else:
        match = re.search(r"untolerated taint(?:\(s\)| \{([^:}]+)(?:: ([^}]*))?\})", message)
        if not match or not match[1]:
            text = "Suitable nodes have a taint that the pod does not tolerate"
            yield Diagnosis("taint", text, "Add the taint to tolerations.", evidence, subject=subject)
            return
        taint = {"key": match[1], "value": match[2] or "", "effect": "NoSchedule"}
    key, value, effect = (sanitize(text_at(taint, field), 80) for field in ("key", "value", "effect"))
    if key.startswith(_KUBERNETES_TAINT):
        yield _diagnose_state(snapshot, key.removeprefix(_KUBERNETES_TAINT), evidence, subject)
        return
    text = f"Suitable nodes have the taint {key}{f'={value}' if value else ''}:{effect}, which the pod does not tolerate"
    toleration = f"operator=Equal, value={value}" if value else "operator=Exists"
    fix = f"Add to the present tolerations: key={key}, {toleration}, effect={effect}."
    yield Diagnosis("taint", text, fix, evidence, subject=subject)


def _is_suitable(node: Object, pod: Object) -> bool:
    resource = gpu_resource_of(pod)
    has_gpus = resource is None or allocatable(node, resource) >= requests_of(pod, resource)
    return has_gpus and fits_selector(node, pod) and fits_affinity(node, pod)


def _diagnose_state(snapshot: Snapshot, state: str, evidence: str, subject: str) -> Diagnosis:
    """Return the diagnosis of a taint that Kubernetes sets for the state of a node."""
    if state == "unschedulable":
        return Diagnosis("node-cordoned", *CORDONED, evidence, subject=subject)
    ready = sum(is_node_ready(node) for node in snapshot.nodes.values())
    text = f"Suitable nodes are {state} ({ready} of {len(snapshot.nodes)} nodes are ready)"
    fix = "Repair or replace these nodes. Kubernetes sets their taint, and the pod should not tolerate it."
    return Diagnosis("node-not-ready", text, fix, evidence, subject=subject)
