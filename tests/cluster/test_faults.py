"""What a cluster refuses: one clear error each, and the next run completes."""

from collections.abc import Iterator

import pytest
import urllib3

from nim_component import CacheArgs

from .client import Client, DynamicApiError, Object, condition, message_of, wait_until
from .controlplane import VISITOR, ControlPlane
from .nodes import EIGHT_GPUS, ONE_GPU
from .objects import apply_all, pick, render
from .services import service, with_everything
from .waiting import deployment_of, set_quota, wait_for_rollout


@pytest.fixture
def visitor(control_plane: ControlPlane) -> Client:
    """Somebody without any right."""
    return control_plane.client(VISITOR)


def test_a_forbidden_namespace_is_named(visitor: Client, namespace: str):
    with pytest.raises(DynamicApiError) as refused:
        apply_all(visitor, service(namespace))
    assert refused.value.status == 403
    assert message_of(refused.value).startswith('persistentvolumeclaims "llama-cache-')
    assert message_of(refused.value).endswith(f'in API group "" in the namespace "{namespace}"')


def test_the_role_edit_is_right_enough(cluster: Client, visitor: Client, namespace: str):
    cluster.create(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "visitor", "namespace": namespace},
            "subjects": [{"kind": "User", "name": VISITOR, "apiGroup": "rbac.authorization.k8s.io"}],
            "roleRef": {"kind": "ClusterRole", "name": "edit", "apiGroup": "rbac.authorization.k8s.io"},
        }
    )
    objects = render(with_everything, namespace)
    wait_until("the binding to count", lambda: not _refused(visitor, objects[0]))
    assert {each["kind"] for each in apply_all(visitor, objects)} == {
        "Secret",
        "ConfigMap",
        "PersistentVolumeClaim",
        "Deployment",
        "Service",
    }


def test_a_namespace_that_is_not_there_is_named(cluster: Client, namespace: str):
    with pytest.raises(DynamicApiError) as missing:
        apply_all(cluster, service("not-there"))
    assert missing.value.status == 404
    assert message_of(missing.value) == 'namespaces "not-there" not found'
    apply_all(cluster, service(namespace))


def _refused(visitor: Client, object_: Object) -> bool:
    try:
        visitor.apply(object_, dry_run=True)
    except DynamicApiError as error:
        return error.status == 403
    return False


def test_an_exceeded_quota_is_on_the_deployment_and_more_of_it_helps(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    set_quota(cluster, namespace, "gpus", **{"requests.nvidia.com/gpu": "1"})
    objects = service(namespace, gpu=2)
    apply_all(cluster, objects)
    failure = wait_until("a failure", lambda: condition(deployment_of(cluster, objects), "ReplicaFailure"))
    assert "exceeded quota: gpus, requested: requests.nvidia.com/gpu=2, used: requests.nvidia.com/gpu=0" in failure["message"]

    set_quota(cluster, namespace, "gpus", **{"requests.nvidia.com/gpu": "2"})
    wait_for_rollout(cluster, objects, seconds=60)


def test_a_count_changed_by_hand_is_a_conflict_that_names_the_field(cluster: Client, namespace: str):
    objects = service(namespace)
    apply_all(cluster, objects)
    deployment = pick(objects, "Deployment")
    cluster.patch(deployment, {"spec": {"replicas": 0}})
    with pytest.raises(DynamicApiError) as conflict:
        cluster.apply(deployment)
    assert conflict.value.status == 409
    assert ".spec.replicas" in message_of(conflict.value)

    agreed = pick(service(namespace, replicas=0), "Deployment")
    assert cluster.apply(agreed)["spec"]["replicas"] == 0


def test_an_object_that_is_there_already_is_taken_up_when_it_is_the_same(cluster: Client, namespace: str):
    (service_,) = (each for each in service(namespace) if each["kind"] == "Service")
    made = cluster.create(service_)
    with pytest.raises(DynamicApiError) as exists:
        cluster.create(service_)
    assert exists.value.status == 409
    assert "already exists" in message_of(exists.value)
    assert cluster.apply(service_)["metadata"]["uid"] == made["metadata"]["uid"]


def test_an_object_of_somebody_else_is_not_overwritten(cluster: Client, namespace: str):
    (service_,) = (each for each in service(namespace) if each["kind"] == "Service")
    cluster.create({**service_, "spec": {**service_["spec"], "selector": {"app": "of-somebody-else"}, "type": "NodePort"}})
    with pytest.raises(DynamicApiError) as conflict:
        cluster.apply(service_)
    assert conflict.value.status == 409
    assert ".spec.type" in message_of(conflict.value)
    assert cluster.get("v1", "Service", "llama", namespace)["spec"]["selector"] == {"app": "of-somebody-else"}

    cluster.delete("v1", "Service", "llama", namespace)
    assert cluster.apply(service_)["spec"]["selector"] == service_["spec"]["selector"]


@pytest.fixture
def outage(control_plane: ControlPlane) -> Iterator[None]:
    """The API server is gone; it is back when the test ends, whatever happens."""
    yield
    if "kube-apiserver.pid" not in {file.name for file in control_plane.folder.iterdir()}:
        control_plane.resume_api()


def test_an_api_server_that_goes_and_comes_back_loses_nothing(
    control_plane: ControlPlane, cluster: Client, namespace: str, nodes, outage: None
):
    nodes(ONE_GPU)
    objects = service(namespace, cache=CacheArgs(empty_dir=True))
    apply_all(cluster, objects[:-1])
    wait_for_rollout(cluster, objects)
    (pod,) = cluster.pods(namespace)

    control_plane.halt("kube-apiserver")
    with pytest.raises(urllib3.exceptions.HTTPError, match="Connection refused"):
        cluster.apply(objects[-1])
    control_plane.resume_api()

    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    assert [each["metadata"]["uid"] for each in cluster.pods(namespace)] == [pod["metadata"]["uid"]]
