"""Nodes that were lost or throw pods out."""

from collections.abc import Iterator

from ...cluster.objects import Object, condition, event_time, is_ready, message_of, name_of, phase_of, text_at
from ...cluster.scheduling import is_node_ready
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import MessagePattern, any_of, match_patterns

_EVICTIONS = (
    MessagePattern(
        "evicted-disk",
        any_of(
            r"low on resource: (?:ephemeral-storage|nodefs|imagefs)",
            r"ephemeral.storage.{0,120}exceeds",
            r"Usage of EmptyDir volume",
            r"DiskPressure",
        ),
        "The pod was evicted: the node's disk is full, or the pod used more of it than it may",
        "Raise ephemeral_storage (or cache.size of an empty_dir), keep the model in a claim, or give nodes a larger disk.",
    ),
    MessagePattern(
        "evicted-memory",
        r"low on resource: memory|MemoryPressure",
        "The pod was evicted: the node ran out of memory",
        "Another pod uses more than it asked for: give the model nodes of its own with a taint, or a priority_class.",
    ),
    MessagePattern(
        "node-shutdown",
        r"node (?:is )?shut(?:ting)? ?down|NodeShutdown|Terminated",
        "The pod's node was shut down",
        "A new pod waits for another node: a spot or pre-emptible GPU can go at any time.",
    ),
    MessagePattern(
        "pod-preempted",
        r"preempt",
        "A pod of higher priority took this pod's place",
        "Give the service a priority_class, or add GPUs.",
    ),
    MessagePattern(
        "node-admission",
        r"OutOf\S+|UnexpectedAdmissionError|Allocate failed|NodeAffinity|Topology",
        "The node refused the pod that the scheduler sent",
        "Another pod took the GPU first, or the device plugin lost count: it is tried again; "
        "if it stays so, restart the device plugin of the node.",
        "likely",
    ),
    MessagePattern("evicted", r".", "The pod was thrown off its node", "The words below say why.", "likely"),
)
_SANDBOX = (
    MessagePattern(
        "runtime-class-missing",
        r'no runtime for "(?P<name>[^"]+)" is configured|RuntimeHandler "(?P<handler>[^"]+)" not supported',
        "The node does not know the pod's RuntimeClass",
        "Correct runtime_class, or install NVIDIA's container toolkit on the node.",
    ),
    MessagePattern(
        "pod-network",
        r"network|cni|IP address|ipam",
        "The node cannot give the pod a network address",
        "Look after the cluster's network plugin on that node: this is not the service's fault.",
        "likely",
    ),
    MessagePattern("pod-sandbox", r".", "The node cannot set the pod up", "The words below say why.", "likely"),
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """What nodes do to pods."""
    for pod in snapshot.pods:
        subject, node = f"pod/{name_of(pod)}", text_at(pod, "spec", "nodeName")
        if phase_of(pod) == "Failed":
            reason, message = text_at(pod, "status", "reason"), text_at(pod, "status", "message")
            if reason:
                yield from _replaced(snapshot, pod, match_patterns(_EVICTIONS, f"{reason}: {message}", subject))
        elif node and snapshot.is_known("nodes"):
            yield from _find_lost_node(snapshot, node, subject)
        if phase_of(pod) == "Pending" and not text_at(pod, "status", "podIP"):
            for event in snapshot.events(pod, "FailedCreatePodSandBox")[-1:]:
                yield from match_patterns(_SANDBOX, message_of(event), subject)
    yield from _find_preemption(snapshot)


def _replaced(snapshot: Snapshot, failed: Object, diagnoses: Iterator[Diagnosis]) -> Iterator[Diagnosis]:
    """An evicted pod stays as a record: what it died of matters until a later one is ready."""
    if not any(is_ready(pod) for pod in snapshot.pods if pod is not failed):
        yield from diagnoses


def _find_lost_node(snapshot: Snapshot, node: str, subject: str) -> Iterator[Diagnosis]:
    found, shown = snapshot.nodes.get(node), sanitize(node, 80)
    if found is None:
        fix = "It is replaced after a while; where it is not, delete the pod with kubectl delete pod --force."
        yield Diagnosis("node-lost", f"The pod's node {shown} is gone", fix, subject=subject)
    elif not is_node_ready(found):
        said = sanitize(text_at(condition(found, "Ready"), "message"))
        fix = "Repair or replace the node; the pod moves after five minutes, its ReadWriteOnce cache only when the node is really gone."
        yield Diagnosis("node-lost", f"The pod's node {shown} does not answer", fix, said, subject=subject)


def _find_preemption(snapshot: Snapshot) -> Iterator[Diagnosis]:
    if any(is_ready(pod) for pod in snapshot.pods):
        return
    for event in snapshot.events(None, "Preempted")[-1:]:
        if (snapshot.now - event_time(event)).total_seconds() < 600:
            yield from match_patterns(_EVICTIONS, f"preempted {message_of(event)}", "pod", sanitize(message_of(event)))
