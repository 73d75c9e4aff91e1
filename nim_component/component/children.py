"""Children of a service as attributes with their types: each is None if the service has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import pulumi
import pulumi_kubernetes as k8s


class TypedChildren:
    """Properties of `NIMService` for the children that not every service has."""

    if TYPE_CHECKING:  # At run time, Pulumi takes annotations for the types of inputs with these names.
        workload: k8s.apps.v1.Deployment | k8s.apiextensions.CustomResource
        optional_children: Mapping[str, pulumi.CustomResource]

    @property
    def deployment(self) -> k8s.apps.v1.Deployment | None:
        """Deployment of the server; None with `multi_node`."""
        return self.workload if isinstance(self.workload, k8s.apps.v1.Deployment) else None

    @property
    def leader_worker_set(self) -> k8s.apiextensions.CustomResource | None:
        """LeaderWorkerSet of the servers; None without `multi_node`."""
        return None if isinstance(self.workload, k8s.apps.v1.Deployment) else self.workload

    @property
    def autoscaler(self) -> k8s.autoscaling.v2.HorizontalPodAutoscaler | None:
        """HorizontalPodAutoscaler; None without `autoscaling`, and with `autoscaling.keda`."""
        return self._find_child("autoscaler")

    @property
    def scaled_object(self) -> k8s.apiextensions.CustomResource | None:
        """ScaledObject of KEDA; None without `autoscaling.keda`."""
        return self._find_child("scaled-object")

    @property
    def vertical_autoscaler(self) -> k8s.apiextensions.CustomResource | None:
        """VerticalPodAutoscaler; None without `vertical_autoscaling`."""
        return self._find_child("vertical-autoscaler")

    @property
    def ingress(self) -> k8s.networking.v1.Ingress | None:
        """Ingress; None without `ingress`."""
        return self._find_child("ingress")

    @property
    def http_route(self) -> k8s.apiextensions.CustomResource | None:
        """HTTPRoute; None without `http_route`."""
        return self._find_child("http-route")

    @property
    def grpc_route(self) -> k8s.apiextensions.CustomResource | None:
        """GRPCRoute; None without `grpc_route`."""
        return self._find_child("grpc-route")

    @property
    def inference_pool(self) -> k8s.apiextensions.CustomResource | None:
        """InferencePool; None without `inference_pool`."""
        return self._find_child("inference-pool")

    @property
    def service_account(self) -> k8s.core.v1.ServiceAccount | None:
        """ServiceAccount of the pods; None without `service_account`, and for an existing one."""
        return self._find_child("service-account")

    @property
    def network_policy(self) -> k8s.networking.v1.NetworkPolicy | None:
        """NetworkPolicy of the server's pods; None without `network_policy`."""
        return self._find_child("network-policy")

    @property
    def network_policy_jobs(self) -> k8s.networking.v1.NetworkPolicy | None:
        """NetworkPolicy of the Jobs' pods; None without `network_policy`, and without Jobs."""
        return self._find_child("network-policy-jobs")

    @property
    def disruption_budget(self) -> k8s.policy.v1.PodDisruptionBudget | None:
        """PodDisruptionBudget; None without `disruption_budget`."""
        return self._find_child("disruption-budget")

    @property
    def monitor(self) -> k8s.apiextensions.CustomResource | None:
        """ServiceMonitor or PodMonitor; None without `metrics.monitor`."""
        return self._find_child("monitor")

    @property
    def dashboard(self) -> k8s.core.v1.ConfigMap | None:
        """ConfigMap of the Grafana dashboard; None without `metrics.dashboard`."""
        return self._find_child("dashboard")

    @property
    def alerts(self) -> k8s.apiextensions.CustomResource | None:
        """PrometheusRule with the alerts; None without `metrics.alerts`."""
        return self._find_child("alerts")

    def _find_child(self, suffix: str) -> Any:
        component = cast("pulumi.ComponentResource", self)
        return self.optional_children.get(f"{component.pulumi_resource_name}-{suffix}")
