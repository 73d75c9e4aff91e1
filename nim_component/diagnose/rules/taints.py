"""Taints of the nodes that are otherwise suitable for a pod."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...cluster.node_autoscalers import AUTOSCALER_TAINTS
from ...cluster.objects import Object, text_at
from ...cluster.scheduler_message import Reason, Taint, untolerated_taint
from ...cluster.scheduling import allocatable, blocking_taints, fits_labels, gpu_resource_of, is_node_ready, requests_of
from ...text.sanitizing import sanitize
from ..diagnosis import Confidence, Diagnosis
from ..snapshot import Snapshot

CORDONED = "Suitable nodes are cordoned", "Uncordon them (`kubectl uncordon NODE`), or add a node."
UNSCHEDULABLE = "node(s) were unschedulable"
"""Reason of the scheduler for cordoned nodes."""
_CORDON = Taint("node.kubernetes.io/unschedulable", "")
_KUBERNETES_TAINT = "node.kubernetes.io/"
_TEMPORARY_TAINTS = (
    "node.cloudprovider.kubernetes.io/",
    "karpenter.sh/",
    *AUTOSCALER_TAINTS,
    "cloud.google.com/impending-node-termination",
)
"""Taints of nodes that start or are removed. A pod should not tolerate them."""
_UNNAMED = ("node(s) had untolerated taint(s)", "node(s) had taints that the pod didn't tolerate")
"""Reasons of schedulers that do not name the taint."""
_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


def find_cordoned(snapshot: Snapshot, pod: Object, reasons: Sequence[Reason], evidence: str, subject: str) -> Iterator[Diagnosis]:
    """Yield a diagnosis if suitable nodes are cordoned, or may be if the nodes cannot be read."""
    if not snapshot.is_known("nodes"):
        confidence: Confidence = "certain" if len(reasons) == 1 else "likely"
        yield Diagnosis("node-cordoned", *CORDONED, evidence, confidence, subject)
    elif any(
        _name(taint) == _CORDON for node in snapshot.nodes.values() if _is_suitable(node, pod) for taint in blocking_taints(node, pod)
    ):
        yield Diagnosis("node-cordoned", *CORDONED, evidence, subject=subject)


def is_taint(reason: Reason) -> bool:
    """Return True for the scheduler's reason that a node has a taint."""
    return untolerated_taint(reason) is not None or reason.text in _UNNAMED


def is_gpu_taint(pod: Object, reason: Reason) -> bool:
    """Return True for a taint of nodes with the pod's GPUs, such as `nvidia.com/gpu`."""
    taint, resource = untolerated_taint(reason), gpu_resource_of(pod)
    return taint is not None and resource is not None and taint.key.partition("/")[0] == resource.partition("/")[0]


def find_taints(
    snapshot: Snapshot, pod: Object, reason: Reason, reasons: Sequence[Reason], evidence: str, subject: str
) -> Iterator[Diagnosis]:
    """Yield the taint that keeps a pod from suitable nodes.

    If the nodes cannot be read, the taint is taken from the scheduler's message. It may then be
    that of a node without GPUs.
    """
    named = untolerated_taint(reason)
    confidence: Confidence = "certain"
    if snapshot.is_known("nodes"):
        found = [blocking_taints(node, pod) for node in snapshot.nodes.values() if _is_suitable(node, pod)]
        taints = next((each for each in found if (each if named is None else named in map(_name, each))), list[Object]())
        taints = sorted(taints, key=lambda each: _name(each) != named)
    elif named is None:
        text = "Suitable nodes have a taint that the pod does not tolerate"
        confidence = "certain" if len(reasons) == 1 else "likely"
        yield Diagnosis("taint", text, "Add the taint to tolerations.", evidence, confidence, subject)
        return
    else:
        taints = [{"key": named.key, "value": named.value, "effect": "NoSchedule"}] if named.key not in _CONTROL_PLANE else []
        confidence = "certain" if all(_is_control_plane(each) for each in reasons if each != reason) else "likely"
    if not taints:
        return  # only unsuitable nodes have the taint
    if state := _state_of(text_at(taints[0], "key")):
        yield replace(_diagnose_state(snapshot, state, evidence, subject), confidence=confidence)
        return
    lasting = [each for each in taints if not _state_of(text_at(each, "key"))]
    key, value, effect = (sanitize(text_at(taints[0], field), 80) for field in ("key", "value", "effect"))
    text = f"Suitable nodes have the taint {key}{f'={value}' if value else ''}:{effect}, which the pod does not tolerate"
    yield Diagnosis(
        "taint", text, f"Add to the present tolerations: {'; and '.join(map(_toleration, lasting))}.", evidence, confidence, subject
    )


def _toleration(taint: Object) -> str:
    key, value, effect = (sanitize(text_at(taint, field), 80) for field in ("key", "value", "effect"))
    return f"key={key}, {f'operator=Equal, value={value}' if value else 'operator=Exists'}, effect={effect}"


def _is_control_plane(reason: Reason) -> bool:
    taint = untolerated_taint(reason)
    return taint is not None and taint.key in _CONTROL_PLANE


def _name(taint: Object) -> Taint:
    return Taint(text_at(taint, "key"), text_at(taint, "value"))


def _state_of(key: str) -> str:
    """Return the state of a node for which a taint is set, or an empty text for other taints."""
    if key.startswith(_KUBERNETES_TAINT):
        return key.removeprefix(_KUBERNETES_TAINT)
    return key if key.startswith(_TEMPORARY_TAINTS) or key.endswith("/agent-not-ready") else ""


def _is_suitable(node: Object, pod: Object) -> bool:
    resource = gpu_resource_of(pod)
    has_gpus = resource is None or allocatable(node, resource) >= requests_of(pod, resource)
    return has_gpus and fits_labels(node, pod)


def _diagnose_state(snapshot: Snapshot, state: str, evidence: str, subject: str) -> Diagnosis:
    """Return the diagnosis of a taint that Kubernetes sets for the state of a node."""
    if state == "unschedulable":
        return Diagnosis("node-cordoned", *CORDONED, evidence, subject=subject)
    if "/" in state or state.startswith(_TEMPORARY_TAINTS):
        text = f"Suitable nodes start or are being removed: they have the taint {state}"
        fix = "Wait until the nodes are ready or replaced: the taint is then removed, and the pod should not tolerate it."
        return Diagnosis("node-not-ready", text, fix, evidence, subject=subject)
    ready = sum(is_node_ready(node) for node in snapshot.nodes.values())
    text = f"Suitable nodes have the state {state} ({ready} of {len(snapshot.nodes)} nodes are ready)"
    fix = "Repair or replace these nodes. Kubernetes sets their taint, and the pod should not tolerate it."
    return Diagnosis("node-not-ready", text, fix, evidence, subject=subject)
