"""Values that text formats can change: the cluster has the given values."""

import pytest

from nim_component import NIM, CacheArgs, Toleration
from nim_component.kubernetes.quantities import parse_quantity

from .client import Client, wait_until
from .drift import assert_second_apply_changes_nothing
from .nodes import EIGHT_GPUS, GPU, MIG, MIG_SLICES, TAINTED_GPUS, node
from .objects import apply_all, pick, pod_of, render
from .services import keyless
from .waiting import deployment_of, wait_for_rollout, wait_for_unschedulable


def nim(**fields) -> NIM:
    return keyless(cache=CacheArgs(empty_dir=True), **fields)


def test_node_selector_with_true_and_8_matches(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    selector = {"nvidia.com/gpu.present": "true", "nvidia.com/gpu.count": "8"}
    objects = render(nim(node_selector=selector), namespace)
    apply_all(cluster, objects)
    deployment = wait_for_rollout(cluster, objects)
    assert deployment["spec"]["template"]["spec"]["nodeSelector"] == selector


def test_node_selector_with_other_value_matches_none(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    apply_all(cluster, render(nim(node_selector={"nvidia.com/gpu.count": "4"}), namespace))
    assert wait_for_unschedulable(cluster, namespace).startswith(
        "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector"
    )


@pytest.mark.parametrize("seconds", [0, 300])
def test_toleration_seconds_are_applied(cluster: Client, namespace: str, seconds: int):
    spot = Toleration(key="spot", operator="Exists", effect="NoExecute", toleration_seconds=seconds)
    objects = render(nim(tolerations=[spot]), namespace)
    apply_all(cluster, objects)
    toleration = {"key": "spot", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}
    assert deployment_of(cluster, objects)["spec"]["template"]["spec"]["tolerations"] == [toleration]


def test_default_toleration_matches_gpu_taint(cluster: Client, namespace: str, nodes):
    nodes(TAINTED_GPUS)
    objects = render(nim(), namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    (pod,) = cluster.pods(namespace)
    assert pod["spec"]["nodeName"] == "gpu-0"


def test_tainted_node_needs_toleration(cluster: Client, namespace: str, nodes):
    nodes(TAINTED_GPUS)
    apply_all(cluster, render(nim(tolerations=[]), namespace))
    message = wait_for_unschedulable(cluster, namespace)
    assert message.startswith("0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint")


def test_mig_slice_is_scheduled(cluster: Client, namespace: str, nodes):
    nodes(MIG_SLICES)
    objects = render(nim(gpu=2, gpu_resource=MIG), namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    (pod,) = cluster.pods(namespace)
    assert pod["spec"]["containers"][0]["resources"]["limits"][MIG] == "2"


def test_extra_resources_are_scheduled(cluster: Client, namespace: str, nodes):
    nodes([node("gpu-0", {GPU: 1, "rdma/hca": 2})])
    apply_all(cluster, render(nim(extra_resources={"rdma/hca": 3}), namespace))
    assert "Insufficient rdma/hca" in wait_for_unschedulable(cluster, namespace)
    objects = render(nim(extra_resources={"rdma/hca": 2}), namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)


def test_pod_without_gpu_request_is_scheduled(cluster: Client, namespace: str, nodes):
    """A scheduler of another kind would read the annotation; the default one needs no GPU."""
    nodes([node("cpu-0")])
    objects = render(nim(gpu=0, gpu_source="scheduler", pod_annotations={"gpu-fraction": "0.5"}), namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    (pod,) = cluster.pods(namespace)
    assert pod["metadata"]["annotations"]["gpu-fraction"] == "0.5"


@pytest.mark.parametrize(
    "notation",
    [
        {"cpu": 0.5},
        {"cpu": "500m"},
        {"cpu": "1500000u"},
        {"cpu": "2000000000n"},
        {"cpu": "1e1"},
        {"cpu": "15E-1"},
        {"cpu": "0.1"},
        {"mem": "25000000000"},
        {"mem": "25000000000000m"},
        {"mem": "30000000k"},
        {"mem": "25000M"},
        {"mem": "22G"},
        {"mem": "0.025T"},
        {"mem": "1P", "shm_size": "0.0001P"},
        {"mem": "0.001E", "shm_size": "1T"},
        {"mem": "30000000Ki"},
        {"mem": "25000Mi"},
        {"mem": "33.5Gi"},
        {"mem": "0.03Ti"},
        {"mem": "0.5Pi", "shm_size": ".25Pi"},
        {"mem": "1Ei", "shm_size": "0.5Ei"},
        {"mem": "2.5e10"},
        {"mem": "25E9"},
        {"mem": "25e+9"},
        {"ephemeral_storage": "1e10"},
        {"ephemeral_storage": "0.5Ti"},
        {"shm_size": "500000k"},
        {"shm_size": "1e9"},
    ],
    ids=str,
)
def test_quantity_keeps_its_value_in_each_notation(cluster: Client, namespace: str, notation):
    objects = render(nim(**notation), namespace)
    applied = apply_all(cluster, objects)
    pod = deployment_of(cluster, objects)["spec"]["template"]["spec"]
    limits, shared_memory = pod["containers"][0]["resources"]["limits"], pod["volumes"][0]["emptyDir"]["sizeLimit"]
    live = {"cpu": limits["cpu"], "mem": limits["memory"], "ephemeral_storage": limits.get("ephemeral-storage"), "shm_size": shared_memory}
    for field, given in notation.items():
        assert parse_quantity(live[field]) == parse_quantity(str(given))
    assert_second_apply_changes_nothing(cluster, applied, objects)


def test_pod_has_guaranteed_quality_of_service(cluster: Client, namespace: str):
    created = cluster.create(pod_of(pick(render(nim(cpu="1e1", mem="2.5e10"), namespace), "Deployment")), dry_run=True)
    assert created["status"]["qosClass"] == "Guaranteed"


def test_zero_replicas_create_no_pods(cluster: Client, namespace: str):
    objects = render(nim(replicas=0), namespace)
    apply_all(cluster, objects)
    deployment = wait_until("an observed Deployment", lambda: _observed(deployment_of(cluster, objects)))
    assert deployment["spec"]["replicas"] == 0
    assert cluster.pods(namespace) == []


def _observed(deployment):
    return deployment if deployment.get("status", {}).get("observedGeneration") else None
