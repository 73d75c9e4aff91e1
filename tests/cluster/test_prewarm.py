"""The prewarm Job: it completes without a GPU and without the server."""

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
    """Return the Job when its condition Complete is true, like Pulumi."""

    def poll() -> Object | None:
        job = job_of(cluster, objects)
        return job if condition(job, "Complete").get("status") == "True" else None

    return wait_until("a complete Job", poll)


def job_pods(cluster: Client, objects: list[Object]) -> list[Object]:
    name, namespace = (pick(objects, "Job")["metadata"][key] for key in ("name", "namespace"))
    return cluster.list("v1", "Pod", namespace, labels=f"job-name={name}")


def without_deployment(objects: list[Object]) -> list[Object]:
    """Return the objects that Pulumi creates before the Job is complete."""
    return [each for each in objects if each["kind"] != "Deployment"]


def test_job_completes_on_node_without_gpu(cluster: Client, namespace: str, nodes):
    nodes([node("cpu-0")])
    objects = service(namespace)
    apply_all(cluster, without_deployment(objects))
    job = wait_for_job(cluster, objects)
    assert job["status"]["succeeded"] == 1
    assert "ttlSecondsAfterFinished" not in job["spec"]


def test_next_job_runs_on_node_of_volume(cluster: Client, namespace: str, nodes):
    """The volume can be attached to one node.

    Without the affinity, the scheduler would select an idle node.
    """
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


def test_job_added_later_runs_on_node_of_pods(cluster: Client, namespace: str, nodes):
    """The running pods are from before `cache.prewarm`, and stay: their volume is on their node."""
    nodes([*ONE_GPU, *(node(f"cpu-{at}") for at in range(3))])
    plain = render(NIM(secrets=NIMSecrets.keyless(), image=OLD), namespace)
    apply_all(cluster, plain)
    wait_for_rollout(cluster, plain)
    (before,) = cluster.pods(namespace)
    warmed = service(namespace)
    apply_all(cluster, without_deployment(warmed))
    wait_for_job(cluster, warmed)
    (job_pod,) = job_pods(cluster, warmed)
    assert job_pod["spec"]["nodeName"] == "gpu-0"
    apply_all(cluster, warmed)
    wait_for_rollout(cluster, warmed)
    assert before["metadata"]["uid"] in [pod["metadata"]["uid"] for pod in cluster.pods(namespace)]


def test_download_does_not_use_the_gpu(cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    objects = service(namespace, access_mode="ReadWriteMany")
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    changed = service(namespace, NEW, access_mode="ReadWriteMany")
    apply_all(cluster, without_deployment(changed))
    wait_for_job(cluster, changed)
    servers = [pod for pod in cluster.pods(namespace) if GPU in pod["spec"]["containers"][0]["resources"]["limits"]]
    assert [pod["spec"]["containers"][0]["image"] for pod in servers] == [OLD]


def test_job_pod_is_no_endpoint(cluster: Client, namespace: str, nodes):
    nodes([node("cpu-0")])
    objects = service(namespace)
    apply_all(cluster, without_deployment(objects))
    wait_for_job(cluster, objects)
    slices = cluster.list("discovery.k8s.io/v1", "EndpointSlice", namespace)
    assert [each for each in slices if each.get("endpoints")] == []


def test_changed_job_under_old_name_is_refused(cluster: Client, namespace: str):
    """The pod template of a Job is immutable, so its name contains a digest."""
    objects, changed = service(namespace), service(namespace, NEW)
    apply_all(cluster, without_deployment(objects))
    job = pick(changed, "Job")
    job["metadata"]["name"] = pick(objects, "Job")["metadata"]["name"]
    with pytest.raises(DynamicApiError, match="field is immutable"):
        cluster.apply(job)
