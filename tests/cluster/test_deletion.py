"""Deletion of a service. Only a retained cache stays."""

from typing import Any

import pytest

from nim_component import CacheArgs, NIMService
from nim_component.testing import record

from .client import Client, Object, wait_until
from .nodes import ONE_GPU
from .objects import apply_all, pick, place
from .services import service, with_everything
from .waiting import wait_for_rollout

OPTION_SETS: dict[str, Any] = {
    "autoscaling": {"max_replicas": 2, "metrics": [{"resource": {"name": "cpu", "utilization": 60}}]},
    "ingress": {"hosts": ["a.example.com"]},
    "disruption_budget": {},
    "network_policy": {"ingress": []},
}
KINDS = {"ConfigMap", "Deployment", "EndpointSlice", "PersistentVolumeClaim", "Pod", "ReplicaSet", "Secret", "Service"}
OF_OPTION_SETS = {"HorizontalPodAutoscaler", "Ingress", "NetworkPolicy", "PodDisruptionBudget"}


@pytest.fixture
def empty(cluster: Client, namespace: str) -> set[tuple[str, str]]:
    """Return the objects that Kubernetes creates in every namespace."""
    wait_until("the ConfigMap of Kubernetes", lambda: cluster.find("v1", "ConfigMap", "kube-root-ca.crt", namespace))
    return cluster.everything(namespace)


def deploy_and_destroy(cluster: Client, namespace: str, empty: set[tuple[str, str]], retain: bool) -> list[Object]:
    """Apply, then delete like the engine: in reverse order, without retained objects.

    Return the objects.
    """
    seen = record(lambda: NIMService("llama", with_everything(cache=CacheArgs(access_mode="ReadWriteMany", retain=retain), **OPTION_SETS)))
    objects = place(seen.run, namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    assert {kind for kind, _ in cluster.everything(namespace) - empty} >= KINDS | OF_OPTION_SETS
    kept = {each.inputs["metadata"]["name"] for each in seen.run.resources if each.options.retain_on_delete}
    for each in reversed(objects):
        name = each["metadata"]["name"]
        if name not in kept:
            cluster.delete(each["apiVersion"], each["kind"], name, namespace)
    return objects


def volumes_of(cluster: Client, namespace: str) -> list[Object]:
    return [each for each in cluster.list("v1", "PersistentVolume") if each["spec"]["claimRef"]["namespace"] == namespace]


def test_deletion_leaves_no_objects(cluster: Client, namespace: str, nodes, empty: set[tuple[str, str]]):
    nodes(ONE_GPU)
    deploy_and_destroy(cluster, namespace, empty, retain=False)
    wait_until("an empty namespace", lambda: cluster.everything(namespace) == empty)
    wait_until("the end of the volume", lambda: not volumes_of(cluster, namespace))


def test_retained_cache_stays_and_can_be_reused(cluster: Client, namespace: str, nodes, empty: set[tuple[str, str]]):
    nodes(ONE_GPU)
    pvc = pick(deploy_and_destroy(cluster, namespace, empty, retain=True), "PersistentVolumeClaim")["metadata"]["name"]
    wait_until("only the PVC", lambda: cluster.everything(namespace) == empty | {("PersistentVolumeClaim", pvc)})
    before = cluster.get("v1", "PersistentVolumeClaim", pvc, namespace)

    again = service(namespace, cache=CacheArgs(existing_claim=pvc))
    apply_all(cluster, again)
    wait_for_rollout(cluster, again)
    after = cluster.get("v1", "PersistentVolumeClaim", pvc, namespace)
    assert after["status"]["phase"] == "Bound"
    assert after["spec"]["volumeName"] == before["spec"]["volumeName"]
