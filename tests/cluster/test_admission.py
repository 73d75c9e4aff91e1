"""Admission of rendered objects: strict field validation and Pod Security `restricted`."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from nim_component import NIM, CacheArgs

from ..schema.test_schema import PROJECTS
from ..strategies import EXISTING_ACCOUNT, PRIORITY_CLASS, RUNTIME_CLASS, nims
from .client import Client, DynamicApiError, Object, wait_until
from .controlplane import ControlPlane
from .drift import (
    assert_apply_writes_nothing,
    assert_second_apply_changes_nothing,
    assert_second_apply_writes_nothing,
    assert_values_are_applied,
    find_drift,
)
from .fixtures import remove_namespace
from .nodes import ONE_GPU, STORAGE_CLASS, node, volume_for
from .objects import apply_all, pick, pod_of, pods_of, render, render_project
from .pvc_node import create_pvc
from .services import service
from .waiting import wait_for_rollout

EXAMPLES = 200
CLASSES: list[Object] = [
    {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": PRIORITY_CLASS}, "value": 1000},
    {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": RUNTIME_CLASS}, "handler": "nvidia"},
    {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "kata-qemu-nvidia-gpu"}, "handler": "kata"},
]
"""Classes of a platform. The server refuses pods with unknown classes."""


@pytest.fixture(autouse=True)
def classes(cluster: Client) -> Iterator[None]:
    apply_all(cluster, CLASSES)
    yield
    for each in CLASSES:
        cluster.delete(each["apiVersion"], each["kind"], each["metadata"]["name"])


@pytest.fixture
def apply(cluster: Client) -> Iterator[Callable[[list[Object]], list[Object]]]:
    """Return a function that applies objects. Cluster-scoped objects are deleted after the test."""
    applied: list[Object] = []

    def apply(objects: list[Object]) -> list[Object]:
        applied.extend(objects)
        return apply_all(cluster, objects)

    yield apply
    for each in applied:
        if "namespace" not in each["metadata"]:
            cluster.delete(each["apiVersion"], each["kind"], each["metadata"]["name"])


def nodes_for(deployments: list[Object]) -> list[Object]:
    """Return a node for each Deployment, with its selected labels and enough of its resources."""
    specs = [pod_of(each)["spec"] for each in deployments]
    requested = {name for spec in specs for each in spec["containers"] for name in each.get("resources", {}).get("limits", {})}
    sizes = {name: 64 for name in requested if "/" in name}
    return [node(f"room-{index}", sizes, labels=spec.get("nodeSelector")) for index, spec in enumerate(specs)]


def existing_pvcs_of(objects: list[Object]) -> set[str]:
    """Return the PVCs that pods mount and that the objects do not contain."""
    volumes = [volume for each in objects for pod in pods_of(each) for volume in pod["spec"].get("volumes", [])]
    mounted = {each["persistentVolumeClaim"]["claimName"] for each in volumes if "persistentVolumeClaim" in each}
    return mounted - {each["metadata"]["name"] for each in objects if each["kind"] == "PersistentVolumeClaim"}


def volumes_for(objects: list[Object]) -> list[Object]:
    """Return a volume for each PVC of a class without a provisioner in the cluster."""
    default = STORAGE_CLASS["metadata"]["name"]
    pvcs = [each for each in objects if each["kind"] == "PersistentVolumeClaim"]
    unprovisioned = [each for each in pvcs if each["spec"].get("storageClassName", default) != default]
    return [volume_for(f"{each['metadata']['namespace']}-{each['metadata']['name']}", each["spec"]) for each in unprovisioned]


def can_be_scheduled(deployment: Object) -> bool:
    """Return True if the cluster can schedule the pods. It has no DRA driver and one scheduler."""
    return not pod_of(deployment)["spec"].keys() & {"resourceClaims", "schedulerName"}


@pytest.mark.parametrize(("project", "stack"), PROJECTS)
def test_stack_is_accepted_and_becomes_ready(apply, crds: None, cluster: Client, namespace: str, nodes, project: str, stack: str):
    objects = render_project(project, stack, namespace)
    deployments = [each for each in objects if each["kind"] == "Deployment"]
    nodes(nodes_for(deployments))
    for name in existing_pvcs_of(objects):
        create_pvc(cluster, namespace, name)
    apply(volumes_for(objects))
    applied = apply(objects)
    assert_values_are_applied(applied, objects)
    pods = [pod for each in objects for pod in pods_of(each)]
    assert pods
    for each in pods:
        cluster.create(each, dry_run=True)
    for each in filter(can_be_scheduled, deployments):
        wait_for_rollout(cluster, [each])
    again = render_project(project, stack, namespace)  # a render must not depend on its time or number
    assert_second_apply_changes_nothing(cluster, applied, again)
    assert_apply_writes_nothing(cluster, again)


@pytest.fixture
def apply_without_controllers(
    control_plane: ControlPlane, cluster: Client, namespace: str
) -> Iterator[Callable[[list[Object]], list[Object]]]:
    """Return a function that applies objects while the controllers are stopped.

    Otherwise hundreds of services would keep the controllers busy, also during the next test.
    """
    kinds: set[tuple[str, str]] = set()

    def apply(objects: list[Object]) -> list[Object]:
        kinds.update((each["apiVersion"], each["kind"]) for each in objects)
        return apply_all(cluster, objects)

    with control_plane.without("kube-controller-manager", "kube-scheduler", "kwok"):
        yield apply
        for api_version, kind in kinds:
            cluster.delete_all(api_version, kind, namespace)
    remove_namespace(cluster, namespace)
    wait_until(
        "the deletion of all applied objects, before the next test needs the controllers",
        lambda: not cluster.find("v1", "Namespace", namespace),
        120,
    )


def test_generated_arguments_are_accepted(crds: None, cluster: Client, namespace: str, apply_without_controllers):
    numbers = itertools.count()
    cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": EXISTING_ACCOUNT, "namespace": namespace}})

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(nim=nims(custom=True))
    def check(nim: NIM) -> None:
        objects = render(nim, namespace, f"s{next(numbers)}")
        applied = apply_without_controllers(objects)
        assert_values_are_applied(applied, objects)
        for pod in (pod for each in objects for pod in pods_of(each)):
            cluster.create(pod, dry_run=True)
        assert_second_apply_writes_nothing(cluster, applied, objects)

    check()
    assert next(numbers) >= EXAMPLES


def test_controllers_create_accepted_pods(cluster: Client, namespace: str, nodes):
    """Pod Security refuses pods, not Deployments, so the pods must exist too."""
    nodes(ONE_GPU)
    objects = service(namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    (pod,) = cluster.pods(namespace)
    assert pod["status"]["phase"] == "Running"


def test_unknown_field_is_refused(cluster: Client, namespace: str):
    deployment = pick(service(namespace), "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["resource"] = {}
    with pytest.raises(DynamicApiError, match="field not declared in schema"):
        cluster.apply(deployment)


def test_host_path_pod_is_refused(cluster: Client, namespace: str):
    pod = pod_of(pick(service(namespace, cache=CacheArgs(host_path="/models")), "Deployment"))
    with pytest.raises(DynamicApiError, match=r"violates PodSecurity .*restricted.*hostPath"):
        cluster.create(pod, dry_run=True)


def test_value_changed_by_server_is_found(cluster: Client, namespace: str):
    deployment = pick(service(namespace), "Deployment")
    deployment["spec"]["template"]["spec"]["serviceAccount"] = "other"
    deployment["spec"]["template"]["spec"]["nodeSelector"] = {}
    assert list(find_drift(deployment, cluster.apply(deployment))) == [".spec.template.spec.nodeSelector: {}, None"]
