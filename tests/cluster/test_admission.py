"""Everything that the component renders, before a real API server: strict field validation and Pod Security `restricted`."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from nim_component import NIM, CacheArgs

from ..schema.test_schema import PROJECTS
from ..strategies import PRIORITY_CLASS, RUNTIME_CLASS, nims
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
"""What a platform has: the server refuses pods that name others."""


@pytest.fixture(autouse=True)
def classes(cluster: Client) -> Iterator[None]:
    apply_all(cluster, CLASSES)
    yield
    for each in CLASSES:
        cluster.delete(each["apiVersion"], each["kind"], each["metadata"]["name"])


@pytest.fixture
def apply(cluster: Client) -> Iterator[Callable[[list[Object]], list[Object]]]:
    """Applies objects, and afterwards removes those that belong to no namespace."""
    applied: list[Object] = []

    def apply(objects: list[Object]) -> list[Object]:
        applied.extend(objects)
        return apply_all(cluster, objects)

    yield apply
    for each in applied:
        if "namespace" not in each["metadata"]:
            cluster.delete(each["apiVersion"], each["kind"], each["metadata"]["name"])


def room_for(deployments: list[Object]) -> list[Object]:
    """A node for each: it has the labels that its pods select, and plenty of what they ask for."""
    specs = [pod_of(each)["spec"] for each in deployments]
    asked = {name for spec in specs for each in spec["containers"] for name in each.get("resources", {}).get("limits", {})}
    plenty = {name: 64 for name in asked if "/" in name}
    return [node(f"room-{index}", plenty, labels=spec.get("nodeSelector")) for index, spec in enumerate(specs)]


def claims_of_others(objects: list[Object]) -> set[str]:
    """The claims that pods mount and that the platform has made."""
    volumes = [volume for each in objects for pod in pods_of(each) for volume in pod["spec"].get("volumes", [])]
    mounted = {each["persistentVolumeClaim"]["claimName"] for each in volumes if "persistentVolumeClaim" in each}
    return mounted - {each["metadata"]["name"] for each in objects if each["kind"] == "PersistentVolumeClaim"}


def disks_for(objects: list[Object]) -> list[Object]:
    """A volume for each claim of a class that makes none here."""
    makes_some = STORAGE_CLASS["metadata"]["name"]
    claims = [each for each in objects if each["kind"] == "PersistentVolumeClaim"]
    asked = [each for each in claims if each["spec"].get("storageClassName", makes_some) != makes_some]
    return [volume_for(f"{each['metadata']['namespace']}-{each['metadata']['name']}", each["spec"]) for each in asked]


def comes_up(deployment: Object) -> bool:
    """Whether somebody is here who places its pods: no driver gives out devices, and there is one scheduler."""
    return not pod_of(deployment)["spec"].keys() & {"resourceClaims", "schedulerName"}


@pytest.mark.parametrize(("project", "stack"), PROJECTS)
def test_every_stack_is_accepted_and_comes_up_and_a_second_apply_changes_nothing(
    apply, crds: None, cluster: Client, namespace: str, nodes, project: str, stack: str
):
    objects = render_project(project, stack, namespace)
    deployments = [each for each in objects if each["kind"] == "Deployment"]
    nodes(room_for(deployments))
    for name in claims_of_others(objects):
        create_pvc(cluster, namespace, name)
    apply(disks_for(objects))
    applied = apply(objects)
    assert_values_are_applied(applied, objects)
    pods = [pod for each in objects for pod in pods_of(each)]
    assert pods
    for each in pods:
        cluster.create(each, dry_run=True)
    for each in filter(comes_up, deployments):
        wait_for_rollout(cluster, [each])
    again = render_project(project, stack, namespace)  # rendered anew: nothing in it may depend on when or how often
    assert_second_apply_changes_nothing(cluster, applied, again)
    assert_apply_writes_nothing(cluster, again)


@pytest.fixture
def apply_alone(control_plane: ControlPlane, cluster: Client, namespace: str) -> Iterator[Callable[[list[Object]], list[Object]]]:
    """Applies where the API server is alone: hundreds of services that nobody looks at would keep controllers busy, and the next test."""
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
        "the end of all that was applied, before the next test needs the controllers",
        lambda: not cluster.find("v1", "Namespace", namespace),
        120,
    )


def test_whatever_the_arguments_objects_and_pods_are_accepted_and_stay(crds: None, cluster: Client, namespace: str, apply_alone):
    numbers = itertools.count()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(nim=nims(custom=True))
    def check(nim: NIM) -> None:
        objects = render(nim, namespace, f"s{next(numbers)}")
        applied = apply_alone(objects)
        assert_values_are_applied(applied, objects)
        for pod in (pod for each in objects for pod in pods_of(each)):
            cluster.create(pod, dry_run=True)
        assert_second_apply_writes_nothing(cluster, applied, objects)

    check()
    assert next(numbers) >= EXAMPLES


def test_the_controllers_make_the_pods_too(cluster: Client, namespace: str, nodes):
    # Pod Security refuses pods, not Deployments: what was accepted above must also come to life.
    nodes(ONE_GPU)
    objects = service(namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    (pod,) = cluster.pods(namespace)
    assert pod["status"]["phase"] == "Running"


def test_a_field_that_kubernetes_does_not_know_is_refused(cluster: Client, namespace: str):
    deployment = pick(service(namespace), "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["resource"] = {}
    with pytest.raises(DynamicApiError, match="field not declared in schema"):
        cluster.apply(deployment)


def test_a_pod_with_a_directory_of_the_node_is_refused(cluster: Client, namespace: str):
    pod = pod_of(pick(service(namespace, cache=CacheArgs(host_path="/models")), "Deployment"))
    with pytest.raises(DynamicApiError, match=r"violates PodSecurity .*restricted.*hostPath"):
        cluster.create(pod, dry_run=True)


def test_a_value_that_the_server_would_change_is_seen(cluster: Client, namespace: str):
    deployment = pick(service(namespace), "Deployment")
    deployment["spec"]["template"]["spec"]["serviceAccount"] = "other"
    deployment["spec"]["template"]["spec"]["nodeSelector"] = {}
    assert list(find_drift(deployment, cluster.apply(deployment))) == [".spec.template.spec.nodeSelector: {}, None"]
