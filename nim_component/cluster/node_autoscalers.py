"""Signs of a node autoscaler, which can add nodes that the cluster does not have yet."""

from collections.abc import Iterable

from .objects import Object, items_at, text_at, texts_at

EVENT_REASONS = ("TriggeredScaleUp", "NotTriggerScaleUp", "FailedScaleUp", "Nominated")
"""Reasons of the events of pods by cluster-autoscaler and, the last one, by Karpenter.

[cluster-autoscaler](https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md)
"""
_LABEL_PREFIXES = (
    "karpenter.",  # karpenter.sh, karpenter.k8s.aws, karpenter.azure.com
    "cluster-autoscaler.kubernetes.io/",
    "cloud.google.com/gke-",  # the autoscaler of GKE runs outside the cluster
    "kubernetes.azure.com/",  # also that of AKS
    "eks.amazonaws.com/compute-type",  # EKS Auto Mode
)
_TAINT_KEYS = ("ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler")


def has_node_autoscaler(nodes: Iterable[Object], pod_events: Iterable[Object]) -> bool:
    """Return True if labels or taints of nodes, or events of pods, are signs of an autoscaler."""
    return any(_is_managed(node) for node in nodes) or any(event.get("reason") in EVENT_REASONS for event in pod_events)


def _is_managed(node: Object) -> bool:
    taints = (text_at(taint, "key") for taint in items_at(node, "spec", "taints"))
    has_label = any(key.startswith(_LABEL_PREFIXES) for key in texts_at(node, "metadata", "labels"))
    return has_label or any(key.startswith(("karpenter.", *_TAINT_KEYS)) for key in taints)
