"""Deletion of a service. Only a retained cache stays."""

from typing import Any

import pytest

from nim_component import CacheArgs, NIMService
from nim_component.testing import record

from ..child_arguments import combine_children, merge
from .client import Client, Object, wait_until
from .nodes import ONE_GPU
from .objects import apply_all, pick, place
from .services import service, with_everything
from .waiting import wait_for_rollout

KINDS = {"ConfigMap", "Deployment", "EndpointSlice", "PersistentVolumeClaim", "Pod", "ReplicaSet", "Secret", "Service"}
COMBINATIONS = combine_children()
"""Services that together have every optional child."""


@pytest.fixture
def empty(cluster: Client, namespace: str) -> set[tuple[str, str]]:
    """Return the objects that Kubernetes creates in every namespace."""
    wait_until("the ConfigMap of Kubernetes", lambda: cluster.find("v1", "ConfigMap", "kube-root-ca.crt", namespace))
    return cluster.everything(namespace)


def deploy_and_destroy(cluster: Client, namespace: str, empty: set[tuple[str, str]], fields: dict[str, Any], retain: bool) -> list[Object]:
    """Apply, then delete like the engine: in reverse order, without retained objects.

    Return the objects.
    """
    fields = merge(fields, {"cache": {"access_mode": "ReadWriteMany", "retain": retain}})
    seen = record(lambda: NIMService("llama", with_everything(**fields)))
    objects = place(seen.run, namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    assert {kind for kind, _ in cluster.everything(namespace) - empty} >= KINDS | {each["kind"] for each in objects}
    kept = {each.inputs["metadata"]["name"] for each in seen.run.resources if each.options.retain_on_delete}
    for each in reversed(objects):
        name = each["metadata"]["name"]
        if name not in kept:
            cluster.delete(each["apiVersion"], each["kind"], name, namespace)
    return objects


def volumes_of(cluster: Client, namespace: str) -> list[Object]:
    return [each for each in cluster.list("v1", "PersistentVolume") if each["spec"]["claimRef"]["namespace"] == namespace]


@pytest.mark.parametrize("fields", COMBINATIONS, ids=lambda fields: "+".join(fields)[:60])
def test_deletion_leaves_no_objects(
    crds: None, cluster: Client, namespace: str, nodes, empty: set[tuple[str, str]], fields: dict[str, Any]
):
    nodes(ONE_GPU)
    deploy_and_destroy(cluster, namespace, empty, fields, retain=False)
    wait_until("an empty namespace", lambda: cluster.everything(namespace) == empty)
    wait_until("the end of the volume", lambda: not volumes_of(cluster, namespace))


def test_retained_cache_stays_and_can_be_reused(crds: None, cluster: Client, namespace: str, nodes, empty: set[tuple[str, str]]):
    nodes(ONE_GPU)
    pvc = pick(deploy_and_destroy(cluster, namespace, empty, COMBINATIONS[0], retain=True), "PersistentVolumeClaim")["metadata"]["name"]
    wait_until("only the PVC", lambda: cluster.everything(namespace) == empty | {("PersistentVolumeClaim", pvc)})
    before = cluster.get("v1", "PersistentVolumeClaim", pvc, namespace)

    again = service(namespace, cache=CacheArgs(existing_claim=pvc))
    apply_all(cluster, again)
    wait_for_rollout(cluster, again)
    after = cluster.get("v1", "PersistentVolumeClaim", pvc, namespace)
    assert after["status"]["phase"] == "Bound"
    assert after["spec"]["volumeName"] == before["spec"]["volumeName"]
