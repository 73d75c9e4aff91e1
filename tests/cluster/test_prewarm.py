"""The Job that fills the cache: it comes to its end, and neither waits for the server nor the server for it."""

from typing import Any

import pytest

from nim_component import NIM, CacheArgs, NIMSecrets, PrewarmArgs

from .client import Client, DynamicApiError, Object, condition, wait_until
from .nodes import GPU, ONE_GPU, node
from .objects import apply_all, pick, render
from .waiting import wait_for_rollout

OLD, NEW = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0", "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"


def service(namespace: str, image: str = OLD, **cache: Any) -> list[Object]:
    warm = PrewarmArgs(profiles=["vllm-fp16-tp1-pp1"])
    return render(NIM(secrets=NIMSecrets.keyless(), image=image, cache=CacheArgs(prewarm=warm, **cache)), namespace)


def job_of(cluster: Client, objects: list[Object]) -> Object:
    metadata = pick(objects, "Job")["metadata"]
    return cluster.get("batch/v1", "Job", metadata["name"], metadata["namespace"])


def wait_for_job(cluster: Client, objects: list[Object]) -> Object:
    """As Pulumi judges it: the condition Complete."""

    def ask() -> Object | None:
        job = job_of(cluster, objects)
        return job if condition(job, "Complete").get("status") == "True" else None

    return wait_until("a complete Job", ask)


def job_pods(cluster: Client, objects: list[Object]) -> list[Object]:
    name, namespace = (pick(objects, "Job")["metadata"][key] for key in ("name", "namespace"))
    return cluster.list("v1", "Pod", namespace, labels=f"job-name={name}")


def without_deployment(objects: list[Object]) -> list[Object]:
    """What Pulumi makes before the Job is complete."""
    return [each for each in objects if each["kind"] != "Deployment"]


def test_the_job_comes_to_its_end_on_a_node_without_a_gpu(cluster: Client, namespace: str, nodes):
    nodes([node("cpu-0")])
    objects = service(namespace)
    apply_all(cluster, without_deployment(objects))
    job = wait_for_job(cluster, objects)
    assert job["status"]["succeeded"] == 1
    assert "ttlSecondsAfterFinished" not in job["spec"]


def test_with_a_volume_for_one_node_the_next_job_comes_to_the_servers_node(cluster: Client, namespace: str, nodes):
    # Without the affinity the larger, idle node would be taken, and the volume could not follow.
    nodes([*ONE_GPU, *(node(f"cpu-{at}") for at in range(3))])
    objects = service(namespace)
    apply_all(cluster, without_deployment(objects))
    wait_for_job(cluster, objects)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    changed = service(namespace, NEW)
    assert pick(changed, "Job")["metadata"]["name"] != pick(objects, "Job")["metadata"]["name"]
    apply_all(cluster, without_deployment(changed))
    wait_for_job(cluster, changed)
    (pod,) = job_pods(cluster, changed)
    assert pod["spec"]["nodeName"] == "gpu-0"


def test_the_gpu_stays_the_servers_while_the_next_model_is_downloaded(cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    objects = service(namespace, access_mode="ReadWriteMany")
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    changed = service(namespace, NEW, access_mode="ReadWriteMany")
    apply_all(cluster, without_deployment(changed))
    wait_for_job(cluster, changed)
    servers = [pod for pod in cluster.pods(namespace) if GPU in pod["spec"]["containers"][0]["resources"]["limits"]]
    assert [pod["spec"]["containers"][0]["image"] for pod in servers] == [OLD]


def test_the_service_has_no_endpoint_at_the_job(cluster: Client, namespace: str, nodes):
    nodes([node("cpu-0")])
    objects = service(namespace)
    apply_all(cluster, without_deployment(objects))
    wait_for_job(cluster, objects)
    slices = cluster.list("discovery.k8s.io/v1", "EndpointSlice", namespace)
    assert [each for each in slices if each.get("endpoints")] == []


def test_a_changed_job_is_refused_under_the_old_name(cluster: Client, namespace: str):
    # What the digest in the name is for.
    objects, changed = service(namespace), service(namespace, NEW)
    apply_all(cluster, without_deployment(objects))
    job = pick(changed, "Job")
    job["metadata"]["name"] = pick(objects, "Job")["metadata"]["name"]
    with pytest.raises(DynamicApiError, match="field is immutable"):
        cluster.apply(job)
