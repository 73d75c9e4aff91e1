"""References to the workload and its pods, for the objects that act on them.

A workload is a Deployment, or with `multi_node` a LeaderWorkerSet. Autoscalers, disruption budgets
and policies take their references from here, so that they work with both.
"""

from dataclasses import dataclass

import pulumi_kubernetes as k8s

from ..args import NIM
from ..names import SERVER, WORKER, make_name_selector, make_selector, name_leader_worker_set


@dataclass(frozen=True)
class Workload:
    """API version, kind and name of the workload."""

    api_version: str
    kind: str
    name: str

    def as_reference(self) -> "k8s.autoscaling.v2.CrossVersionObjectReferenceArgsDict":
        """Return the reference in the form of the SDK."""
        return {"api_version": self.api_version, "kind": self.kind, "name": self.name}

    def as_yaml(self) -> dict[str, str]:
        """Return the reference in the form of YAML, for a custom resource."""
        return {"apiVersion": self.api_version, "kind": self.kind, "name": self.name}


def find_workload(nim: NIM, service_name: str) -> Workload:
    """Return the workload of a service."""
    if nim.multi_node is not None:
        return Workload("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", name_leader_worker_set(service_name))
    return Workload("apps/v1", "Deployment", service_name)


def select_pods(nim: NIM, service_name: str) -> "k8s.meta.v1.LabelSelectorArgsDict":
    """Return the selector of all pods of the workload: servers, and workers of node groups.

    A Service, a monitor and an InferencePool select servers only, by `names.make_selector`.
    """
    if nim.multi_node is not None:
        return make_name_selector(service_name, (SERVER, WORKER))
    return {"match_labels": make_selector(service_name)}
