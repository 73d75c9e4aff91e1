"""Children and outputs have their types."""

from typing import assert_type

import pulumi
import pulumi_kubernetes as k8s

from nim_component import NIM, NIMSecrets, NIMService

service = NIMService("llama", NIM(secrets=NIMSecrets.keyless()))

assert_type(service.url, pulumi.Output[str])
assert_type(service.service, k8s.core.v1.Service)
assert_type(service.deployment, k8s.apps.v1.Deployment | None)
assert_type(service.leader_worker_set, k8s.apiextensions.CustomResource | None)
assert_type(service.autoscaler, k8s.autoscaling.v2.HorizontalPodAutoscaler | None)
assert_type(service.ingress, k8s.networking.v1.Ingress | None)
assert_type(service.http_route, k8s.apiextensions.CustomResource | None)
assert_type(service.network_policy, k8s.networking.v1.NetworkPolicy | None)
assert_type(service.disruption_budget, k8s.policy.v1.PodDisruptionBudget | None)
assert_type(service.dashboard, k8s.core.v1.ConfigMap | None)
assert_type(service.monitor, k8s.apiextensions.CustomResource | None)

if service.ingress is not None:
    pulumi.export("address", service.ingress.status)
