"""Deleting a service leaves nothing, but a cache that is to be kept."""

from typing import Any

import pytest

from nim_component import CacheArgs, NIMService
from nim_component.testing import record

from .client import Client, Object, wait_until
from .nodes import ONE_GPU
from .objects import apply_all, pick, place
from .services import service, with_everything
from .waiting import wait_for_rollout

GROUPS: dict[str, Any] = {
    "autoscaling": {"max_replicas": 2, "metrics": [{"resource": {"name": "cpu", "utilization": 60}}]},
    "ingress": {"hosts": ["a.example.com"]},
    "disruption_budget": {},
    "network_policy": {"ingress": []},
}
KINDS = {"ConfigMap", "Deployment", "EndpointSlice", "PersistentVolumeClaim", "Pod", "ReplicaSet", "Secret", "Service"}
OF_GROUPS = {"HorizontalPodAutoscaler", "Ingress", "NetworkPolicy", "PodDisruptionBudget"}


@pytest.fixture
def empty(cluster: Client, namespace: str) -> set[tuple[str, str]]:
    """What Kubernetes itself puts into every namespace."""
    wait_until("Kubernetes' own", lambda: cluster.find("v1", "ConfigMap", "kube-root-ca.crt", namespace))
    return cluster.everything(namespace)


def bring_up_and_destroy(cluster: Client, namespace: str, empty: set[tuple[str, str]], retain: bool) -> list[Object]:
    """As the engine does: in reverse order, and what is retained is left alone."""
    seen = record(lambda: NIMService("llama", with_everything(cache=CacheArgs(access_mode="ReadWriteMany", retain=retain), **GROUPS)))
    objects = place(seen.run, namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    assert {kind for kind, _ in cluster.everything(namespace) - empty} >= KINDS | OF_GROUPS
    kept = {each.inputs["metadata"]["name"] for each in seen.run.resources if each.options.retain_on_delete}
    for each in reversed(objects):
        name = each["metadata"]["name"]
        if name not in kept:
            cluster.delete(each["apiVersion"], each["kind"], name, namespace)
    return objects


def volumes_of(cluster: Client, namespace: str) -> list[Object]:
    return [each for each in cluster.list("v1", "PersistentVolume") if each["spec"]["claimRef"]["namespace"] == namespace]


def test_nothing_is_left(cluster: Client, namespace: str, nodes, empty: set[tuple[str, str]]):
    nodes(ONE_GPU)
    bring_up_and_destroy(cluster, namespace, empty, retain=False)
    wait_until("an empty namespace", lambda: cluster.everything(namespace) == empty)
    wait_until("the end of the volume", lambda: not volumes_of(cluster, namespace))


def test_a_retained_cache_is_left_and_can_be_taken_up_again(cluster: Client, namespace: str, nodes, empty: set[tuple[str, str]]):
    nodes(ONE_GPU)
    claim = pick(bring_up_and_destroy(cluster, namespace, empty, retain=True), "PersistentVolumeClaim")["metadata"]["name"]
    wait_until("only the claim", lambda: cluster.everything(namespace) == empty | {("PersistentVolumeClaim", claim)})
    before = cluster.get("v1", "PersistentVolumeClaim", claim, namespace)

    again = service(namespace, cache=CacheArgs(existing_claim=claim))
    apply_all(cluster, again)
    wait_for_rollout(cluster, again)
    after = cluster.get("v1", "PersistentVolumeClaim", claim, namespace)
    assert after["status"]["phase"] == "Bound"
    assert after["spec"]["volumeName"] == before["spec"]["volumeName"]
