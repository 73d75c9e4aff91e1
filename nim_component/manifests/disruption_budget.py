"""The PodDisruptionBudget."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.disruption import DisruptionBudgetArgs
from ..names import make_labels
from .workload import select_pods


def render_disruption_budget(nim: NIM, service_name: str, budget: DisruptionBudgetArgs) -> "dict[str, Any]":
    """Render metadata and spec."""
    spec: k8s.policy.v1.PodDisruptionBudgetSpecArgsDict = {
        "selector": select_pods(nim, service_name),
        "unhealthy_pod_eviction_policy": budget.unhealthy_pod_eviction_policy,
    }
    if budget.min_available is not None:
        spec["min_available"] = budget.min_available
    else:
        spec["max_unavailable"] = 1 if budget.max_unavailable is None else budget.max_unavailable
    return {"metadata": {"name": service_name, "namespace": nim.namespace, "labels": make_labels(service_name)}, "spec": spec}
