"""Queues that hold pods and Jobs: events of Kueue's Workloads."""

from collections.abc import Iterator

from ...cluster.objects import Object, message_of, text_at
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import MessagePattern, match_patterns

_FLAVORS = r"couldn't assign flavors to pod set \S{1,63}: "
_AMOUNT = r"for (?P<resource>\S{1,320}) in flavor (?P<flavor>[^,]{1,253}), "
_QUEUE = r"(?P<kind>LocalQueue|ClusterQueue) (?P<queue>\S{1,253})"

_PATTERNS = (
    MessagePattern(
        "queue-missing",
        r"\A(?:LocalQueue|ClusterQueue) ",
        "The {kind} {queue} of Kueue does not exist, or admits nothing",
        "Correct the label kueue.x-k8s.io/queue-name in pod_labels, or create and start the queue.",
        sentences=(_QUEUE + r" (?:doesn't exist|is (?:terminating or missing|inactive|stopped))\.?",),
    ),
    MessagePattern(
        "queue-unsuitable",
        r"\Acouldn't assign flavors .{0,2000}supports only TopologyAwareScheduling",
        "A flavor of Kueue admits only pods that request a topology",
        "Add the annotation kueue.x-k8s.io/podset-preferred-topology or podset-required-topology to pod_annotations, with a level of the "
        "flavor's Topology, such as kubernetes.io/hostname.",
        "likely",
    ),
    MessagePattern(
        "queue-full",
        r"\Acouldn't assign flavors .{0,2000}borrowing limit for (?P<resource>\S{1,320}) in flavor (?P<flavor>[^,]{1,253}?) exceeded",
        "Kueue holds the pod: with it, its queue exceeds the borrowing limit for {resource} in the flavor {flavor}",
        "Wait until other workloads of the queue end, raise borrowingLimit of the ClusterQueue, or request less (gpu, cpu, mem, replicas).",
        "likely",
    ),
    MessagePattern(
        "queue-full",
        r"\Acouldn't assign flavors .{0,2000}insufficient unused quota",
        "Kueue holds the pod: the quota for {resource} in the flavor {flavor} is in use",
        "Wait until other workloads of the queue end, raise its quota, or request less (gpu, cpu, mem, replicas).",
        sentences=(rf"{_FLAVORS}.{{0,2000}}?insufficient unused quota (?:in cohort )?{_AMOUNT}.+",),
    ),
    MessagePattern(
        "queue-too-small",
        r"\Acouldn't assign flavors .{0,2000}insufficient quota",
        "Kueue never admits the pod: it requests more of {resource} than the flavor {flavor} has in total",
        "Raise the quota of the ClusterQueue, or request less (gpu, cpu, mem).",
        sentences=(rf"{_FLAVORS}.{{0,2000}}?insufficient quota {_AMOUNT}.+maximum capacity.+",),
    ),
    MessagePattern(
        "queue-unsuitable",
        r"\Acouldn't assign flavors ",
        "Kueue finds no flavor of its queue for the pod",
        "Compare gpu_resource, node_selector, affinity and tolerations with the ResourceFlavors of the ClusterQueue. See the evidence.",
        sentences=(rf"{_FLAVORS}(?:resource \S{{1,320}} unavailable in|flavor \S{{1,253}} doesn't match|untolerated taint )\b.*",),
    ),
)


def find_queue(snapshot: Snapshot, owner: Object, subject: str) -> Iterator[Diagnosis]:
    """Yield the reason why a queue holds a pod or a Job, if its last event names one."""
    events = [each for each in snapshot.events() if text_at(each, "involvedObject", "kind") == "Workload"] or snapshot.events(owner)
    for event in events[-1:]:
        message = message_of(event)
        yield from match_patterns(_PATTERNS, message.strip(), subject, sanitize(message))
