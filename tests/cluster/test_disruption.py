"""Disruption budgets, ResourceClaims, topology spread and schedulers on a real control plane."""

from typing import Any

import pytest

from nim_component import NIM, CacheArgs, NIMSecrets

from .client import Client, DynamicApiError, Object, message_of, wait_until
from .drift import assert_second_apply_changes_nothing
from .nodes import EIGHT_GPUS, GPU, node
from .objects import apply_all, pick, pod_of, render
from .waiting import wait_for_rollout

ZONE = "topology.kubernetes.io/zone"


def service(namespace: str, **fields: Any) -> list[Object]:
    return render(NIM(**({"secrets": NIMSecrets.keyless(), "cache": CacheArgs(empty_dir=True)} | fields)), namespace)


@pytest.mark.parametrize(
    "budget", [{}, {"max_unavailable": "50%"}, {"min_available": 1, "unhealthy_pod_eviction_policy": "IfHealthyBudget"}], ids=str
)
def test_disruption_budget_is_accepted(cluster: Client, namespace: str, budget: dict[str, Any]):
    objects = service(namespace, replicas=2, disruption_budget=budget)
    assert_second_apply_changes_nothing(cluster, apply_all(cluster, objects), objects)
    live = cluster.get("policy/v1", "PodDisruptionBudget", "llama", namespace)
    assert live["spec"] == pick(objects, "PodDisruptionBudget")["spec"]


def evict(cluster: Client, namespace: str, name: str) -> None:
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
    cluster.kind("v1", "Pod").subresources["eviction"].create(name=name, namespace=namespace, body=eviction)


def test_second_eviction_waits_for_first_pod(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    objects = service(namespace, replicas=2, disruption_budget={})
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)

    def allows_disruption() -> bool:
        status = cluster.get("policy/v1", "PodDisruptionBudget", "llama", namespace).get("status", {})
        return status.get("disruptionsAllowed") == 1

    wait_until("a budget that has counted its pods", allows_disruption)
    first, second = (pod["metadata"]["name"] for pod in cluster.pods(namespace))
    evict(cluster, namespace, first)
    with pytest.raises(DynamicApiError) as refused:
        evict(cluster, namespace, second)
    assert "violate the pod's disruption budget" in message_of(refused.value)


def test_topology_spread_distributes_pods_over_zones(cluster: Client, namespace: str, nodes):
    nodes([node(f"gpu-{zone}", {GPU: 8}, labels={ZONE: zone}) for zone in ("a", "b")])
    spread = [{"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule"}]
    objects = service(namespace, replicas=4, topology_spread=spread)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    used_nodes = sorted(pod["spec"]["nodeName"] for pod in cluster.pods(namespace))
    assert used_nodes == ["gpu-a", "gpu-a", "gpu-b", "gpu-b"]


def test_resource_claims_and_scheduler_are_accepted(cluster: Client, namespace: str):
    resource_claims = [
        {"name": "gpus", "devices": [{"name": "gpu", "count": 2, "selectors": ["device.driver == 'gpu.nvidia.com'"]}], "request": "gpu"},
        {"name": "nic", "template": "fabric"},
        {"name": "shared", "claim": "shared"},
    ]
    objects = service(namespace, resource_claims=resource_claims, gpu=0, scheduler_name="kai-scheduler")
    assert_second_apply_changes_nothing(cluster, apply_all(cluster, objects), objects)
    template = pick(objects, "ResourceClaimTemplate")
    live = cluster.get(template["apiVersion"], "ResourceClaimTemplate", template["metadata"]["name"], namespace)
    assert live["spec"]["spec"] == template["spec"]["spec"]
    pod = cluster.create(pod_of(pick(objects, "Deployment")), dry_run=True)
    assert pod["spec"]["schedulerName"] == "kai-scheduler"
    assert pod["spec"]["containers"][0]["resources"]["claims"] == [{"name": "gpus", "request": "gpu"}, {"name": "nic"}, {"name": "shared"}]


def test_invalid_device_selector_is_refused(cluster: Client, namespace: str):
    resource_claims = [{"name": "gpus", "devices": [{"name": "gpu", "selectors": ["device.driver ="]}]}]
    with pytest.raises(DynamicApiError, match="selectors"):
        cluster.apply(pick(service(namespace, resource_claims=resource_claims), "ResourceClaimTemplate"))


def test_ephemeral_pvc_is_deleted_with_its_pod(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    objects = service(namespace, replicas=2, cache=CacheArgs(ephemeral=True))
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    pods = {pod["metadata"]["name"] for pod in cluster.pods(namespace)}
    assert {pvc["metadata"]["name"] for pvc in cluster.list("v1", "PersistentVolumeClaim", namespace)} == {
        f"{pod}-cache-ephemeral" for pod in pods
    }
    apply_all(cluster, service(namespace, replicas=0, cache=CacheArgs(ephemeral=True)))
    wait_until("no PVC", lambda: not cluster.list("v1", "PersistentVolumeClaim", namespace))
