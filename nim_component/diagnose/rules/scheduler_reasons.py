"""Reasons of the scheduler that need no further facts, and the sentences of those that do.

[Plugins](https://github.com/kubernetes/kubernetes/tree/master/pkg/scheduler/framework/plugins)
"""

import re

from ...cluster.scheduler_message import Reason
from ...text.sanitizing import LONGEST, sanitize
from .patterns import MessagePattern

NODE_AFFINITY = re.compile(
    r"node\(s\) didn't match (?:Pod's )?node (?:affinity(?:/selector)?|selector)|node\(s\) didn't match the requested node name"
    r"|node\(s\) didn't satisfy plugin\(s\) \[NodeAffinity\](?: simultaneously)?"
)
VOLUMES = re.compile(
    r"persistentvolumeclaim|PersistentVolume|persistent volumes|pvc\(s\)|volume|ReadWriteOncePod|had no available disk|enough free storage"
    r"|^PVC \S+ was not created for pod"
)
"""Text in the reasons about volumes. The rules for storage read these reasons."""

REASONS = (
    MessagePattern(
        "anti-affinity",
        r"pod (?:anti-)?affinity|pods anti-affinity",
        "The pod's affinity to other pods cannot be satisfied",
        "Relax affinity: use preferred instead of required terms, or fewer replicas than nodes.",
        sentences=(
            r"node\(s\) didn't match pod affinity(?:/anti-affinity)?(?: rules)?",
            r"node\(s\) didn't match pod anti-affinity(?: rules)?",
            r"node\(s\) didn't satisfy existing pods anti-affinity(?: rules)?",
            r"pod affinity terms conflict",
        ),
    ),
    MessagePattern(
        "topology-spread",
        r"pod topology spread constraints",
        "The pod's topology spread constraints cannot be satisfied",
        "Set whenUnsatisfiable to ScheduleAnyway in topology_spread, or add nodes in the missing zone.",
        sentences=(r"node\(s\) didn't match pod topology spread constraints(?: \(missing required label\))?",),
    ),
    MessagePattern(
        "node-full-of-pods",
        r"Too many pods|pod number exceeded|Insufficient pods",
        "The nodes run the maximum number of pods",
        "Add a node. The limit is maxPods of the kubelet.",
        sentences=(r"Too many pods", r"Insufficient pods", r"node\(s\) pod number exceeded"),
    ),
    MessagePattern(
        "host-port-taken",
        r"free ports for the requested pod ports",
        "A host port of the pod is in use on every node",
        "Remove hostPort from extra_containers.",
        sentences=(r"node\(s\) didn't have free ports for the requested pod ports",),
    ),
    MessagePattern(
        "queue-full",
        r"workload is over quota",
        "KAI Scheduler holds the pod: it requests {requested}, and the quota of its queue {queue} is {quota}, of which {used} "
        "are allocated",
        "Wait until other pods of the queue end, raise its quota, request less (gpu, cpu, mem, replicas), or use a "
        "preemptible priority_class.",
        sentences=(
            r"NonPreemptibleOverQuota: Non-preemptible workload is over quota\. Workload requested "
            r"(?P<requested>[\d.]+ [A-Za-z ]{2,12}), but "
            r"(?P<queue>\S{1,253}) quota is (?P<quota>[\d.]+ [A-Za-z]{2,6}), while (?P<used>[\d.]+ [A-Za-z]{2,6}) are already allocated "
            r"for non-preemptible pods\. Use a preemptible workload to go over quota\.?",
        ),
    ),
    MessagePattern(
        "queue-full",
        r"quota has reached the allowable limit of",
        "KAI Scheduler holds the pod: it requests {requested}, and the limit of its queue {queue} is {quota}, of which {used} "
        "are allocated",
        "Wait until other pods of the queue end, raise its limit, or request less (gpu, cpu, mem, replicas).",
        sentences=(
            r"OverLimit: (?P<queue>\S{1,253}) quota has reached the allowable limit of (?:GPUs|CPU cores|memory)\. "
            r"Limit is (?P<quota>[\d.]+ [A-Za-z]{2,6}), currently (?P<used>[\d.]+ [A-Za-z]{2,6}) allocated and workload requested "
            r"(?P<requested>[\d.]+ [A-Za-z]{2,6})\.?",
        ),
    ),
    MessagePattern(
        "no-nodes",
        r"no nodes available to schedule pods",
        "The cluster has no node",
        "Add a node pool with GPUs.",
        sentences=(r"no nodes available to schedule pods",),
    ),
    MessagePattern(
        "device-class-missing",
        r"device class (?P<name>\S+) does not exist",
        "The DeviceClass {name} of the pod's ResourceClaim does not exist",
        "Correct the DeviceClass in the ResourceClaim or template that resource_claims names, or install its DRA driver.",
        sentences=(r"(?:request \S{1,200}: )?device class (?P<name>\S{1,253}) does not exist",),
    ),
    MessagePattern(
        "resource-claim-missing",
        r"resourceclaim(?:template)?\S* \"?(?P<name>[^\"\s]+)\"? (?:not found|does not exist)",
        "The ResourceClaim {name} of the pod does not exist",
        "Create it, or correct resource_claims.",
        sentences=(r"(?:could not find )?resourceclaim(?:\.resource\.k8s\.io)? \"?(?P<name>[^\"\s]{1,253})\"? not found",),
    ),
    MessagePattern(
        "resource-claim-unallocated",
        r"allocate all claims|resourceclaim",
        "No node has free devices that satisfy the pod's ResourceClaims",
        "Free devices, relax the selectors of the ResourceClaims in resource_claims, or add a node. See "
        "`kubectl get resourceslices` for what the DRA driver offers.",
        sentences=(
            r"cannot allocate all claims",
            r"resourceclaim not available on the node",
            r"resourceclaim cannot be allocated for the node \(unsuitable\)",
            r"unallocated immediate resourceclaim",
            r"resourceclaim must be reallocated",
            r"resourceclaim in use",
        ),
    ),
)
"""Patterns of a reason without its count."""


def show_reason(message: str, reason: Reason) -> str:
    """Return the scheduler's message as evidence. A long one is cut around the reason."""
    if len(message) <= LONGEST:
        return sanitize(message)
    start = max(0, message.find(str(reason)) - 40)
    shown = sanitize(message[start:], LONGEST - 1)
    return f"…{shown}" if start else shown
