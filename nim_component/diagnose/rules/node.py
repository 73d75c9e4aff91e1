"""Nodes that were lost, and pods that a node evicted or rejected."""

from collections.abc import Iterator

from ...cluster.objects import Object, condition, event_time, is_ready, message_of, name_of, phase_of, text_at
from ...cluster.scheduling import is_node_ready
from ...kubernetes.kubectl import delete_pod
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .claim_messages import CLAIM_PATTERNS
from .eviction_usage import describe_disk_eviction, describe_memory_eviction
from .evictions import EVICTIONS
from .node_admission import find_shortage
from .patterns import match_patterns
from .sandbox_messages import SANDBOX_PATTERNS

_START_PATTERNS = {"FailedCreatePodSandBox": SANDBOX_PATTERNS, "FailedPrepareDynamicResources": CLAIM_PATTERNS}
"""Patterns by the reason of events that precede the containers of a pod."""
_PREEMPTION_AGE = 600
"""Seconds for which a preemption is reported."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of the nodes of pods."""
    for pod in snapshot.pods:
        subject, node = f"pod/{name_of(pod)}", text_at(pod, "spec", "nodeName")
        if phase_of(pod) == "Failed":
            reason, message = text_at(pod, "status", "reason"), text_at(pod, "status", "message")
            # A failed pod remains as a record. Its failure is relevant until another pod is ready.
            if reason and not any(is_ready(each) for each in snapshot.pods if each is not pod):
                yield from _check_failure(pod, reason, message, subject)
        elif node and snapshot.is_known("nodes"):
            yield from _check_node(snapshot, pod, node, subject)
        if phase_of(pod) == "Pending" and not text_at(pod, "status", "podIP"):
            for event in snapshot.events(pod, *_START_PATTERNS)[-1:]:
                yield from match_patterns(_START_PATTERNS[event["reason"]], message_of(event), subject)
    yield from _check_preemptions(snapshot)


def _check_failure(pod: Object, reason: str, message: str, subject: str) -> Iterator[Diagnosis]:
    shortage = list(find_shortage(pod, reason, message, subject))
    yield from shortage
    if not shortage:
        text = f"{reason}: {message}"
        disk, memory = describe_disk_eviction(pod, text), describe_memory_eviction(text)
        values = {"disk_problem": disk.problem, "disk_fix": disk.fix, "memory_problem": memory.problem, "memory_fix": memory.fix}
        yield from match_patterns(EVICTIONS, text, subject, **values)


def _check_node(snapshot: Snapshot, pod: Object, node: str, subject: str) -> Iterator[Diagnosis]:
    found, shown = snapshot.nodes.get(node), sanitize(node, 80)
    if found is None:
        command = delete_pod(snapshot.namespace, name_of(pod))
        fix = f"The pod is replaced after a while. If it is not, delete it: `{command}`."
        yield Diagnosis("node-lost", f"The pod's node {shown} no longer exists", fix, subject=subject)
    elif not is_node_ready(found):
        message = sanitize(text_at(condition(found, "Ready"), "message"))
        fix = "Repair or replace the node. The pod moves after five minutes, but its ReadWriteOnce cache only after the node is deleted."
        yield Diagnosis("node-lost", f"The pod's node {shown} does not respond", fix, message, subject=subject)


def _check_preemptions(snapshot: Snapshot) -> Iterator[Diagnosis]:
    if any(is_ready(pod) for pod in snapshot.pods):
        return
    for event in snapshot.events(None, "Preempted")[-1:]:
        if (snapshot.now - event_time(event)).total_seconds() < _PREEMPTION_AGE:
            yield from match_patterns(EVICTIONS, f"preempted {message_of(event)}", "pod", sanitize(message_of(event)))
