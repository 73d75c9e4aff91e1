"""Refusals of a cluster: one clear error each, and the next run completes."""

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
    """Return the client of a user without permissions."""
    return control_plane.client(VISITOR)


def test_missing_permission_names_the_namespace(visitor: Client, namespace: str):
    with pytest.raises(DynamicApiError) as refused:
        apply_all(visitor, service(namespace))
    assert refused.value.status == 403
    assert message_of(refused.value).startswith('persistentvolumeclaims "llama-cache-')
    assert message_of(refused.value).endswith(f'in API group "" in the namespace "{namespace}"')


def test_role_edit_is_sufficient(cluster: Client, visitor: Client, namespace: str):
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
    wait_until("an effective role binding", lambda: not _refused(visitor, objects[0]))
    assert {each["kind"] for each in apply_all(visitor, objects)} == {
        "Secret",
        "ConfigMap",
        "PersistentVolumeClaim",
        "Deployment",
        "Service",
    }


def test_missing_namespace_is_named(cluster: Client, namespace: str):
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


def test_exceeded_quota_is_in_deployment_status(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    set_quota(cluster, namespace, "gpus", **{"requests.nvidia.com/gpu": "1"})
    objects = service(namespace, gpu=2)
    apply_all(cluster, objects)
    failure = wait_until("a failure", lambda: condition(deployment_of(cluster, objects), "ReplicaFailure"))
    assert "exceeded quota: gpus, requested: requests.nvidia.com/gpu=2, used: requests.nvidia.com/gpu=0" in failure["message"]

    set_quota(cluster, namespace, "gpus", **{"requests.nvidia.com/gpu": "2"})
    wait_for_rollout(cluster, objects, seconds=60)


def test_manual_scaling_causes_conflict_with_field(cluster: Client, namespace: str):
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


def test_existing_equal_object_is_adopted(cluster: Client, namespace: str):
    (service_,) = (each for each in service(namespace) if each["kind"] == "Service")
    created = cluster.create(service_)
    with pytest.raises(DynamicApiError) as exists:
        cluster.create(service_)
    assert exists.value.status == 409
    assert "already exists" in message_of(exists.value)
    assert cluster.apply(service_)["metadata"]["uid"] == created["metadata"]["uid"]


def test_foreign_object_is_not_overwritten(cluster: Client, namespace: str):
    (service_,) = (each for each in service(namespace) if each["kind"] == "Service")
    cluster.create({**service_, "spec": {**service_["spec"], "selector": {"app": "of-another-program"}, "type": "NodePort"}})
    with pytest.raises(DynamicApiError) as conflict:
        cluster.apply(service_)
    assert conflict.value.status == 409
    assert ".spec.type" in message_of(conflict.value)
    assert cluster.get("v1", "Service", "llama", namespace)["spec"]["selector"] == {"app": "of-another-program"}

    cluster.delete("v1", "Service", "llama", namespace)
    assert cluster.apply(service_)["spec"]["selector"] == service_["spec"]["selector"]


@pytest.fixture
def outage(control_plane: ControlPlane) -> Iterator[None]:
    """Start the API server again after the test, if it is stopped."""
    yield
    if "kube-apiserver.pid" not in {file.name for file in control_plane.folder.iterdir()}:
        control_plane.resume_api()


def test_api_server_restart_keeps_pods(control_plane: ControlPlane, cluster: Client, namespace: str, nodes, outage: None):
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
