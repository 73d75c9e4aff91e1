"""The claim of the model cache: bound, kept over rollouts, shared or not, grown in place."""

import pytest

from nim_component import CacheArgs

from .client import Client, DynamicApiError, Object, message_of, wait_until
from .nodes import EIGHT_GPUS, GPU, ONE_GPU, node
from .objects import apply_all, pick
from .services import NEW, SHARED, service
from .waiting import wait_for_rollout, watch_pods


def bound(cluster: Client, namespace: str, objects: list[Object]) -> Object:
    """The live claim, once it has its volume."""
    name = pick(objects, "PersistentVolumeClaim")["metadata"]["name"]

    def ask() -> Object | None:
        claim = cluster.get("v1", "PersistentVolumeClaim", name, namespace)
        return claim if claim["status"]["phase"] == "Bound" else None

    return wait_until("a bound claim", ask)


def claims_of(cluster: Client, namespace: str) -> set[str]:
    """The claims that the pods mount."""
    volumes = (volume for pod in cluster.pods(namespace) for volume in pod["spec"]["volumes"])
    return {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume}


def test_the_claim_binds_with_the_default_class(cluster: Client, namespace: str):
    objects = service(namespace)
    apply_all(cluster, objects)
    claim = bound(cluster, namespace, objects)
    assert claim["spec"]["storageClassName"] == "kwok-volume"
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert claim["status"]["capacity"]["storage"] == "50Gi"


def test_the_claim_survives_an_image_change_and_is_used_again(cluster: Client, namespace: str, nodes):
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
    assert claims_of(cluster, namespace) == {before["metadata"]["name"]}


def test_a_claim_for_one_node_is_never_in_two_pods(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)  # room for a second pod: only the strategy keeps it away
    objects = service(namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    apply_all(cluster, service(namespace, NEW))
    assert watch_pods(cluster, objects, NEW) == 1


def test_a_claim_for_one_node_and_two_replicas_never_reach_the_cluster(namespace: str):
    with pytest.raises(ValueError, match=r"cache\.access_mode.*must allow sharing for 2 replicas"):
        service(namespace, replicas=2)


def test_a_shared_claim_serves_every_replica(cluster: Client, namespace: str, nodes):
    nodes([node(f"gpu-{n}", {GPU: 1}) for n in range(3)])
    objects = service(namespace, replicas=3, cache=SHARED)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    claim = bound(cluster, namespace, objects)
    volume = cluster.get("v1", "PersistentVolume", claim["spec"]["volumeName"])
    assert volume["spec"]["accessModes"] == ["ReadWriteMany"]
    assert {pod["spec"]["nodeName"] for pod in cluster.pods(namespace)} == {"gpu-0", "gpu-1", "gpu-2"}
    assert claims_of(cluster, namespace) == {claim["metadata"]["name"]}


def test_a_larger_size_grows_the_same_claim(cluster: Client, namespace: str):
    objects = service(namespace)
    apply_all(cluster, objects)
    before = bound(cluster, namespace, objects)

    def grown() -> bool:
        try:
            apply_all(cluster, service(namespace, cache=CacheArgs(size="80Gi")))
        except DynamicApiError as error:
            # Just after the binding the server still says that the spec of an unbound claim is immutable.
            assert "immutable after creation" in message_of(error)
            return False
        return True

    wait_until("a larger claim", grown)
    after = cluster.get("v1", "PersistentVolumeClaim", before["metadata"]["name"], namespace)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"]["resources"]["requests"]["storage"] == "80Gi"


def test_a_smaller_size_is_refused_by_the_server(cluster: Client, namespace: str):
    objects = service(namespace)
    apply_all(cluster, objects)
    bound(cluster, namespace, objects)

    def refusal() -> str:
        with pytest.raises(DynamicApiError) as caught:
            apply_all(cluster, service(namespace, cache=CacheArgs(size="20Gi")))
        return message_of(caught.value)

    # Always refused; just after the binding the server still says that the spec of an unbound claim is immutable.
    wait_until("the refusal of a smaller claim", lambda: "field can not be less than status.capacity" in refusal())


def test_another_storage_class_is_another_claim(cluster: Client, namespace: str):
    apply_all(cluster, service(namespace))
    apply_all(cluster, service(namespace, cache=CacheArgs(storage_class="kwok-volume")))
    assert len(cluster.list("v1", "PersistentVolumeClaim", namespace)) == 2
