"""Node autoscalers: signs that a cluster has one, and its decisions about a pod.

An autoscaler can add nodes that the cluster does not have yet.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from .objects import Object, event_time, items_at, message_of, text_at, texts_at

PROVISION_SECONDS = 900
"""Seconds after which autoscalers give up on a node that does not become ready.

Default of cluster-autoscaler (`--max-node-provision-time`) and limit of Karpenter.
"""
KARPENTER_REFUSALS = ("Failed to schedule pod, ", "Could not schedule pod, ", "Failed to provision new node, ")
"""Beginnings of Karpenter's refusals. The scheduler's own events FailedScheduling have others."""
_REFUSAL_REASONS = ("FailedScheduling", "FailedProvisioning")
"""Reasons of Karpenter's refusals. Old releases use the second one."""
Outcome = Literal["adding", "refused", "failed"]
_OUTCOMES: Mapping[str, Outcome] = {
    "TriggeredScaleUp": "adding",
    "NotTriggerScaleUp": "refused",
    "FailedScaleUp": "failed",
    "Nominated": "adding",
    "InsufficientCapacityError": "failed",
}
"""Outcomes by the reason of an event: of cluster-autoscaler and, the last two, of Karpenter.

[cluster-autoscaler](https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md)
"""
_KARPENTER_REASONS = ("Nominated", "InsufficientCapacityError")
_LABEL_PREFIXES = (
    "karpenter.",  # karpenter.sh, karpenter.k8s.aws, karpenter.azure.com
    "cluster-autoscaler.kubernetes.io/",
    "cloud.google.com/gke-",  # the autoscaler of GKE runs outside the cluster
    "kubernetes.azure.com/",  # also that of AKS
    "eks.amazonaws.com/compute-type",  # EKS Auto Mode
)
AUTOSCALER_TAINTS = ("ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler")
"""Keys of the taints of nodes that cluster-autoscaler removes."""


class Decision(NamedTuple):
    """Decision of an autoscaler about a pod."""

    outcome: Outcome
    is_karpenter: bool
    message: str
    time: datetime


def has_node_autoscaler(nodes: Iterable[Object], pod_events: Iterable[Object]) -> bool:
    """Return True if labels or taints of nodes, or events of pods, are signs of an autoscaler."""
    return any(_is_managed(node) for node in nodes) or any(_read_decision(event) for event in pod_events)


def find_decision(pod_events: Iterable[Object]) -> Decision | None:
    """Return the last decision of an autoscaler, from the events of a pod in order of time.

    If a cluster has two autoscalers and one adds a node, the other's refusal is left out. A refusal
    because of a failed attempt is left out in favour of the failure, which names the reason.
    """
    last: dict[bool, Decision] = {}
    for event in pod_events:
        if decision := _read_decision(event):
            previous = last.get(decision.is_karpenter)
            if not (previous and previous.outcome == "failed" and "in backoff" in decision.message):
                last[decision.is_karpenter] = decision
    adding = [each for each in last.values() if each.outcome == "adding"]
    return max(adding or last.values(), key=lambda each: each.time, default=None)


def _read_decision(event: Object) -> Decision | None:
    reason, message = event.get("reason"), message_of(event)
    if reason in _REFUSAL_REASONS and message.startswith(KARPENTER_REFUSALS):
        return Decision("refused", True, message, event_time(event))
    outcome = _OUTCOMES.get(str(reason))
    return outcome and Decision(outcome, reason in _KARPENTER_REASONS, message, event_time(event))


def _is_managed(node: Object) -> bool:
    taints = (text_at(taint, "key") for taint in items_at(node, "spec", "taints"))
    has_label = any(key.startswith(_LABEL_PREFIXES) for key in texts_at(node, "metadata", "labels"))
    return has_label or any(key.startswith(("karpenter.", *AUTOSCALER_TAINTS)) for key in taints)
