"""Adapters on a shared PVC and their loader Job: creation, changes, deletion."""

from typing import Any

import pytest

from .client import Client, DynamicApiError, Object, wait_until
from .drift import assert_apply_writes_nothing, assert_second_apply_changes_nothing, assert_values_are_applied
from .nodes import EIGHT_GPUS
from .objects import apply_all, pick, pods_of
from .services import SHARED, service
from .test_deletion import volumes_of
from .test_prewarm import job_pods, wait_for_job, without_deployment
from .waiting import deployment_of, wait_for_rollout


def refreshed(namespace: str, *adapters: str, **volume: Any) -> list[Object]:
    """Return a service of two replicas with a Job that downloads adapters."""
    return service(
        namespace,
        replicas=2,
        cache=SHARED,
        hf_repo_ids=list(adapters or ("my-org/one", "my-org/two")),
        lora_adapter_mem="1Gi",
        env={"NIM_PEFT_SOURCE": "/opt/nim/peft"},
        lora={"refresh_interval": 60, "volume": volume},
    )


def deploy(cluster: Client, objects: list[Object]) -> list[Object]:
    """Apply like the engine: the Job completes before the Deployment is created."""
    apply_all(cluster, without_deployment(objects))
    wait_for_job(cluster, objects)
    applied = apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    return applied


def test_objects_are_accepted_and_unchanged_by_second_apply(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    objects = refreshed(namespace)
    kinds = sorted(each["kind"] for each in objects)
    assert kinds == [*["ConfigMap"] * 4, "Deployment", "Job", "PersistentVolumeClaim", "PersistentVolumeClaim", "Service"]
    for pod in (pod for each in objects for pod in pods_of(each)):
        cluster.create(pod, dry_run=True)
    applied = deploy(cluster, objects)
    assert_values_are_applied(applied, objects)
    again = refreshed(namespace)  # rendered again
    assert_second_apply_changes_nothing(cluster, applied, again)
    assert_apply_writes_nothing(cluster, again)
    pvc = next(each["metadata"]["name"] for each in objects if "loras" in each["metadata"]["name"])
    mounted = {
        volume["persistentVolumeClaim"]["claimName"]
        for pod in [*cluster.pods(namespace), *job_pods(cluster, objects)]
        for volume in pod["spec"]["volumes"]
        if volume["name"] == "lora-pvc"
    }
    assert mounted == {pvc}
    assert cluster.get("v1", "PersistentVolumeClaim", pvc, namespace)["status"]["phase"] == "Bound"


def test_changed_adapters_create_job_and_keep_pods(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    objects = refreshed(namespace)
    deploy(cluster, objects)
    servers = {pod["metadata"]["uid"] for pod in cluster.pods(namespace) if "job-name" not in pod["metadata"]["labels"]}
    assert len(servers) == 2
    before = deployment_of(cluster, objects)["metadata"]["generation"]
    changed = refreshed(namespace, "my-org/one", "my-org/two@v2", "my-org/three")
    deploy(cluster, changed)
    for old in objects:  # the engine deletes last
        if old["kind"] in ("Job", "ConfigMap") and old["metadata"]["name"] not in {each["metadata"]["name"] for each in changed}:
            cluster.delete(old["apiVersion"], old["kind"], old["metadata"]["name"], namespace)
    wait_until(
        "the end of the old Job's pod", lambda: not cluster.find("batch/v1", "Job", pick(objects, "Job")["metadata"]["name"], namespace)
    )
    assert deployment_of(cluster, changed)["metadata"]["generation"] == before
    alive = {pod["metadata"]["uid"] for pod in cluster.pods(namespace)}
    assert servers <= alive
    (done,) = job_pods(cluster, changed)
    config = done["spec"]["volumes"][1]["configMap"]["name"]
    listed = cluster.get("v1", "ConfigMap", config, namespace)["data"]["adapters.json"]
    assert '"my-org/three"' in listed and '"v2"' in listed


def test_changed_job_under_old_name_is_refused(cluster: Client, namespace: str):
    """Jobs and immutable ConfigMaps cannot be changed, so their names contain a digest."""
    objects, changed = refreshed(namespace), refreshed(namespace, "my-org/three")
    apply_all(cluster, without_deployment(objects))
    job = pick(changed, "Job")
    job["metadata"]["name"] = pick(objects, "Job")["metadata"]["name"]
    with pytest.raises(DynamicApiError, match="field is immutable"):
        cluster.apply(job)
    listed = next(each for each in changed if each["kind"] == "ConfigMap" and "list" in each["metadata"]["name"])
    listed["metadata"]["name"] = next(each["metadata"]["name"] for each in objects if "list" in each["metadata"]["name"])
    with pytest.raises(DynamicApiError, match="field is immutable when `immutable` is set"):
        cluster.apply(listed)


def test_larger_volume_resizes_same_pvc(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    objects, larger = refreshed(namespace), refreshed(namespace, size="20Gi")
    deploy(cluster, objects)
    (name,) = {each["metadata"]["name"] for each in [*objects, *larger] if "loras" in each["metadata"]["name"]}
    (pvc,) = (each for each in apply_all(cluster, larger) if each["metadata"]["name"] == name)
    assert pvc["spec"]["resources"]["requests"]["storage"] == "20Gi"


def test_deletion_leaves_no_objects(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    wait_until("the ConfigMap of Kubernetes", lambda: cluster.find("v1", "ConfigMap", "kube-root-ca.crt", namespace))
    empty = cluster.everything(namespace)
    objects = refreshed(namespace)
    deploy(cluster, objects)
    for each in reversed(objects):
        cluster.delete(each["apiVersion"], each["kind"], each["metadata"]["name"], namespace)
    wait_until("an empty namespace", lambda: cluster.everything(namespace) == empty)
    wait_until("the end of the volumes", lambda: not volumes_of(cluster, namespace))
