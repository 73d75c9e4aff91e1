"""Budget, claims, spread and scheduler before a real API server, its controllers and its scheduler."""

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
def test_a_budget_is_accepted_and_stays(cluster: Client, namespace: str, budget: dict[str, Any]):
    objects = service(namespace, replicas=2, disruption_budget=budget)
    assert_second_apply_changes_nothing(cluster, apply_all(cluster, objects), objects)
    live = cluster.get("policy/v1", "PodDisruptionBudget", "llama", namespace)
    assert live["spec"] == pick(objects, "PodDisruptionBudget")["spec"]


def evict(cluster: Client, namespace: str, name: str) -> None:
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
    cluster.kind("v1", "Pod").subresources["eviction"].create(name=name, namespace=namespace, body=eviction)


def test_the_second_of_two_pods_is_not_evicted_before_the_first_is_back(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    objects = service(namespace, replicas=2, disruption_budget={})
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)

    def allowed() -> bool:
        status = cluster.get("policy/v1", "PodDisruptionBudget", "llama", namespace).get("status", {})
        return status.get("disruptionsAllowed") == 1

    wait_until("a budget that knows its pods", allowed)
    first, second = (pod["metadata"]["name"] for pod in cluster.pods(namespace))
    evict(cluster, namespace, first)
    with pytest.raises(DynamicApiError) as refused:
        evict(cluster, namespace, second)
    assert "violate the pod's disruption budget" in message_of(refused.value)


def test_pods_are_spread_over_zones_by_the_selector_of_their_own(cluster: Client, namespace: str, nodes):
    nodes([node(f"gpu-{zone}", {GPU: 8}, labels={ZONE: zone}) for zone in ("a", "b")])
    spread = [{"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule"}]
    objects = service(namespace, replicas=4, topology_spread=spread)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    on = sorted(pod["spec"]["nodeName"] for pod in cluster.pods(namespace))
    assert on == ["gpu-a", "gpu-a", "gpu-b", "gpu-b"]


def test_claims_and_a_scheduler_are_accepted_and_stay(cluster: Client, namespace: str):
    claims = [
        {"name": "gpus", "devices": [{"name": "gpu", "count": 2, "selectors": ["device.driver == 'gpu.nvidia.com'"]}], "request": "gpu"},
        {"name": "nic", "template": "fabric"},
        {"name": "shared", "claim": "shared"},
    ]
    objects = service(namespace, resource_claims=claims, gpu=0, scheduler_name="kai-scheduler")
    assert_second_apply_changes_nothing(cluster, apply_all(cluster, objects), objects)
    template = pick(objects, "ResourceClaimTemplate")
    live = cluster.get(template["apiVersion"], "ResourceClaimTemplate", template["metadata"]["name"], namespace)
    assert live["spec"]["spec"] == template["spec"]["spec"]
    pod = cluster.create(pod_of(pick(objects, "Deployment")), dry_run=True)
    assert pod["spec"]["schedulerName"] == "kai-scheduler"
    assert pod["spec"]["containers"][0]["resources"]["claims"] == [{"name": "gpus", "request": "gpu"}, {"name": "nic"}, {"name": "shared"}]


def test_an_expression_that_is_none_is_refused_by_the_server(cluster: Client, namespace: str):
    claims = [{"name": "gpus", "devices": [{"name": "gpu", "selectors": ["device.driver ="]}]}]
    with pytest.raises(DynamicApiError, match="selectors"):
        cluster.apply(pick(service(namespace, resource_claims=claims), "ResourceClaimTemplate"))


def test_each_pod_gets_a_claim_of_its_own_that_goes_with_it(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    objects = service(namespace, replicas=2, cache=CacheArgs(ephemeral=True))
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    pods = {pod["metadata"]["name"] for pod in cluster.pods(namespace)}
    assert {claim["metadata"]["name"] for claim in cluster.list("v1", "PersistentVolumeClaim", namespace)} == {
        f"{pod}-cache" for pod in pods
    }
    apply_all(cluster, service(namespace, replicas=0, cache=CacheArgs(ephemeral=True)))
    wait_until("no claims", lambda: not cluster.list("v1", "PersistentVolumeClaim", namespace))
