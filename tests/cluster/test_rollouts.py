"""Rollouts on a cluster without spare GPUs: the reason for the defaults."""

import time

import pytest

from .client import Client, DynamicApiError, Object, condition, message_of, wait_until
from .nodes import EIGHT_GPUS, GPU, NO_GPU, ONE_GPU, node
from .objects import apply_all, pick
from .services import NEW, OLD, SHARED, service
from .waiting import deployment_of, images, is_rolled_out, wait_for_rollout, wait_for_unschedulable


def with_kubernetes_default(objects: list[Object]) -> list[Object]:
    """Remove the strategy, and set a short progress deadline."""
    spec = pick(objects, "Deployment")["spec"]
    del spec["strategy"]
    spec["progressDeadlineSeconds"] = 5
    return objects


@pytest.mark.parametrize("replicas", [1, 3])
def test_image_change_needs_no_spare_gpu(cluster: Client, namespace: str, nodes, replicas: int):
    nodes([node("gpu-0", {GPU: replicas})])
    apply_all(cluster, service(namespace, replicas=replicas, cache=SHARED))
    wait_for_rollout(cluster, service(namespace, replicas=replicas, cache=SHARED))
    changed = service(namespace, NEW, replicas=replicas, cache=SHARED)
    apply_all(cluster, changed)
    deployment = wait_for_rollout(cluster, changed)
    assert deployment["spec"]["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    assert images(cluster, namespace) == {NEW}


@pytest.mark.parametrize("replicas", [1, 3])
def test_default_strategy_of_kubernetes_stalls(cluster: Client, namespace: str, nodes, replicas: int):
    nodes([node("gpu-0", {GPU: replicas})])
    first = with_kubernetes_default(service(namespace, replicas=replicas, cache=SHARED))
    apply_all(cluster, first)
    before = wait_for_rollout(cluster, first)
    assert before["spec"]["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    apply_all(cluster, with_kubernetes_default(service(namespace, NEW, replicas=replicas, cache=SHARED)))
    assert "1 Insufficient nvidia.com/gpu" in wait_for_unschedulable(cluster, namespace)

    def exceeded_deadline() -> Object | None:
        deployment = deployment_of(cluster, first)
        return deployment if condition(deployment, "Progressing").get("reason") == "ProgressDeadlineExceeded" else None

    stalled = wait_until("the reason ProgressDeadlineExceeded", exceeded_deadline)
    assert images(cluster, namespace) == {OLD, NEW}
    assert stalled["status"]["availableReplicas"] == replicas  # the old pods keep their GPUs forever

    # The next run, without a surge, completes the rollout.
    changed = service(namespace, NEW, replicas=replicas, rollout="rolling", cache=SHARED)
    apply_all(cluster, changed)
    wait_for_rollout(cluster, changed)
    assert images(cluster, namespace) == {NEW}


@pytest.mark.parametrize("way", ["patch", "rolling first"])
def test_recreate_over_default_strategy_needs_a_step(cluster: Client, namespace: str, nodes, way: str):
    nodes(ONE_GPU)
    first = with_kubernetes_default(service(namespace))
    apply_all(cluster, first)
    wait_for_rollout(cluster, first)
    (pod,) = cluster.pods(namespace)
    recreate = pick(service(namespace, rollout="recreate"), "Deployment")
    with pytest.raises(DynamicApiError) as refused:
        cluster.apply(recreate)  # no field manager owns the server's default, so apply cannot remove it
    assert refused.value.status == 422
    assert "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'" in message_of(refused.value)

    # docs/troubleshooting.md
    if way == "patch":
        cluster.patch(recreate, {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}})
    else:
        cluster.apply(pick(service(namespace, rollout="rolling"), "Deployment"))
    assert cluster.apply(recreate)["spec"]["strategy"] == {"type": "Recreate"}
    wait_for_rollout(cluster, first)
    assert [each["metadata"]["uid"] for each in cluster.pods(namespace)] == [pod["metadata"]["uid"]]


def test_surge_uses_spare_gpu_without_outage(cluster: Client, namespace: str, nodes):
    nodes([node("gpu-0", {GPU: 2})])
    apply_all(cluster, service(namespace, rollout="surge", cache=SHARED))
    wait_for_rollout(cluster, service(namespace, rollout="surge", cache=SHARED))
    changed = service(namespace, NEW, rollout="surge", cache=SHARED)
    apply_all(cluster, changed)
    available: list[int] = []
    for _ in range(300):
        deployment = deployment_of(cluster, changed)
        available.append(deployment["status"].get("availableReplicas", 0))
        if is_rolled_out(deployment):
            break
        time.sleep(0.05)
    else:
        pytest.fail(f"not rolled out: {deployment_of(cluster, changed)['status']}")
    assert images(cluster, namespace) == {NEW}
    assert min(available) >= 1


def test_strategy_can_be_switched(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    for rollout in ("recreate", "rolling", "surge", "recreate"):
        objects = service(namespace, replicas=2, rollout=rollout, cache=SHARED)
        apply_all(cluster, objects)
        wait_for_rollout(cluster, objects)
    assert deployment_of(cluster, objects)["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize(
    ("cluster_nodes", "gpu", "message"),
    [
        (NO_GPU, 1, "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."),
        (ONE_GPU, 2, "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."),
        ([node("gpu-0", {GPU: 8}), node("gpu-1", {GPU: 8}), node("cpu-0")], 16, "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."),
    ],
    ids=["none", "one", "two nodes of eight"],
)
def test_too_many_gpus_are_reported_by_scheduler(cluster: Client, namespace: str, nodes, cluster_nodes, gpu: int, message: str):
    nodes(cluster_nodes)
    apply_all(cluster, service(namespace, gpu=gpu))
    assert wait_for_unschedulable(cluster, namespace).startswith(message)


def test_rollout_waits_for_slow_pod(cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    objects = service(namespace, pod_annotations={"cluster-tests/ready-after": "2s"})
    began = time.monotonic()
    apply_all(cluster, objects)
    deployment = wait_for_rollout(cluster, objects)
    assert time.monotonic() - began > 2
    assert condition(deployment, "Available")["status"] == "True"
