"""The PVC of the model cache: binding, rollouts, sharing, resizing."""

import pytest

from nim_component import CacheArgs

from .client import Client, DynamicApiError, Object, message_of, wait_until
from .nodes import EIGHT_GPUS, GPU, ONE_GPU, node
from .objects import apply_all, pick
from .services import NEW, SHARED, service
from .waiting import wait_for_rollout, watch_pods


def bound(cluster: Client, namespace: str, objects: list[Object]) -> Object:
    """Return the live PVC when it is bound."""
    name = pick(objects, "PersistentVolumeClaim")["metadata"]["name"]

    def poll() -> Object | None:
        pvc = cluster.get("v1", "PersistentVolumeClaim", name, namespace)
        return pvc if pvc["status"]["phase"] == "Bound" else None

    return wait_until("a bound PVC", poll)


def mounted_pvcs(cluster: Client, namespace: str) -> set[str]:
    """Return the names of the PVCs that the pods mount."""
    volumes = (volume for pod in cluster.pods(namespace) for volume in pod["spec"]["volumes"])
    return {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume}


def test_pvc_binds_with_default_class(cluster: Client, namespace: str):
    objects = service(namespace)
    apply_all(cluster, objects)
    pvc = bound(cluster, namespace, objects)
    assert pvc["spec"]["storageClassName"] == "kwok-volume"
    assert pvc["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert pvc["status"]["capacity"]["storage"] == "50Gi"


def test_image_change_keeps_pvc(cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    objects = service(namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    before = bound(cluster, namespace, objects)
    changed = service(namespace, NEW)
    apply_all(cluster, changed)
    wait_for_rollout(cluster, changed)
    after = bound(cluster, namespace, changed)
    assert (after["metadata"]["uid"], after["spec"]["volumeName"]) == (before["metadata"]["uid"], before["spec"]["volumeName"])
    assert mounted_pvcs(cluster, namespace) == {before["metadata"]["name"]}


@pytest.mark.parametrize(("rollout", "with_terminating"), [("recreate", True), ("rolling", False)])
def test_pvc_of_one_node_has_one_pod(cluster: Client, namespace: str, nodes, rollout: str, with_terminating: bool):
    """With `rolling`, the new pod exists beside a terminating one (docs/decisions)."""
    nodes(EIGHT_GPUS)  # GPUs for a second pod: only the strategy prevents it
    objects = service(namespace, rollout=rollout)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    apply_all(cluster, service(namespace, NEW, rollout=rollout))
    assert watch_pods(cluster, objects, NEW, with_terminating=with_terminating) == 1


def test_pvc_of_one_node_refuses_two_replicas(namespace: str):
    with pytest.raises(ValueError, match=r"cache\.access_mode.*must allow sharing for 2 replicas"):
        service(namespace, replicas=2)


def test_shared_pvc_is_mounted_by_every_replica(cluster: Client, namespace: str, nodes):
    nodes([node(f"gpu-{n}", {GPU: 1}) for n in range(3)])
    objects = service(namespace, replicas=3, cache=SHARED)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    pvc = bound(cluster, namespace, objects)
    volume = cluster.get("v1", "PersistentVolume", pvc["spec"]["volumeName"])
    assert volume["spec"]["accessModes"] == ["ReadWriteMany"]
    assert {pod["spec"]["nodeName"] for pod in cluster.pods(namespace)} == {"gpu-0", "gpu-1", "gpu-2"}
    assert mounted_pvcs(cluster, namespace) == {pvc["metadata"]["name"]}


def test_larger_size_resizes_same_pvc(cluster: Client, namespace: str):
    objects = service(namespace)
    apply_all(cluster, objects)
    before = bound(cluster, namespace, objects)

    def is_resized() -> bool:
        try:
            apply_all(cluster, service(namespace, cache=CacheArgs(size="80Gi")))
        except DynamicApiError as error:
            # Shortly after the binding, the server still treats the spec as that of an unbound PVC.
            assert "immutable after creation" in message_of(error)
            return False
        return True

    wait_until("a larger PVC", is_resized)
    after = cluster.get("v1", "PersistentVolumeClaim", before["metadata"]["name"], namespace)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"]["resources"]["requests"]["storage"] == "80Gi"


def test_smaller_size_is_refused(cluster: Client, namespace: str):
    objects = service(namespace)
    apply_all(cluster, objects)
    bound(cluster, namespace, objects)

    def refusal() -> str:
        with pytest.raises(DynamicApiError) as caught:
            apply_all(cluster, service(namespace, cache=CacheArgs(size="20Gi")))
        return message_of(caught.value)

    # Always refused. Shortly after the binding, the text is that for an unbound PVC.
    wait_until("the refusal of a smaller PVC", lambda: "field can not be less than status.capacity" in refusal())


def test_other_storage_class_creates_other_pvc(cluster: Client, namespace: str):
    apply_all(cluster, service(namespace))
    apply_all(cluster, service(namespace, cache=CacheArgs(storage_class="kwok-volume")))
    assert len(cluster.list("v1", "PersistentVolumeClaim", namespace)) == 2
