"""Everything that the component renders, before a real API server: strict field validation and Pod Security `restricted`."""

import itertools
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from nim_component import NIM, CacheArgs, NIMSecrets

from ..schema.test_schema import PROJECTS
from ..strategies import nims
from .client import MANAGER, Client, DynamicApiError, Object
from .nodes import ONE_GPU
from .objects import apply_all, pick, pod_of, render, render_project
from .waiting import wait_for_rollout

EXAMPLES = 200
PRIORITY_CLASS = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "inference"}, "value": 1000}
KEYLESS = NIM(secrets=NIMSecrets.keyless())


@pytest.fixture
def apply(cluster: Client):
    """Applies objects, and afterwards removes those that belong to no namespace."""
    applied: list[Object] = []

    def apply(objects: list[Object]) -> list[Object]:
        applied.extend(objects)
        return apply_all(cluster, objects)

    yield apply
    for each in applied:
        if "namespace" not in each["metadata"]:
            cluster.delete(each["apiVersion"], each["kind"], each["metadata"]["name"])


def stay_as_they_are(cluster: Client, applied: list[Object], objects: list[Object]) -> None:
    """Applies once more: the spec's generation stands still, and what the server says we own is what it said before, with its time."""
    for before, each in zip(applied, objects, strict=True):
        after = cluster.apply(each)
        assert after["metadata"].get("generation") == before["metadata"].get("generation")
        assert ours(after) == ours(before)


def write_nothing(cluster: Client, objects: list[Object]) -> None:
    """Applies once more: the version stands still, which says that nothing was written. Controllers write too, so it is tried again."""
    for each in objects:
        metadata = each["metadata"]
        for _ in range(20):
            before = cluster.get(each["apiVersion"], each["kind"], metadata["name"], metadata.get("namespace"))
            after = cluster.apply(each)
            if after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]:
                break
            time.sleep(0.1)
        else:
            assert after == before  # shows what moved


def ours(object_: Object) -> list[Any]:
    return [each for each in object_["metadata"]["managedFields"] if each["manager"] == MANAGER]


@pytest.mark.parametrize(("project", "stack"), PROJECTS)
def test_every_stack_is_accepted(apply, crds: None, cluster: Client, namespace: str, project: str, stack: str):
    objects = render_project(project, stack, namespace)
    applied = apply([PRIORITY_CLASS, *objects])
    assert len(applied) == len(objects) + 1 >= 5
    deployments = [each for each in objects if each["kind"] == "Deployment"]
    assert deployments
    for each in deployments:
        cluster.create(pod_of(each), dry_run=True)


@pytest.mark.parametrize(("project", "stack"), PROJECTS)
def test_a_second_apply_of_a_stack_changes_nothing(apply, crds: None, cluster: Client, namespace: str, project: str, stack: str):
    objects = render_project(project, stack, namespace)
    _, *applied = apply([PRIORITY_CLASS, *objects])
    stay_as_they_are(cluster, applied, objects)
    write_nothing(cluster, objects)


def test_whatever_the_arguments_objects_and_pods_are_accepted_and_stay(cluster: Client, namespace: str):
    numbers = itertools.count()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(nim=nims())
    def check(nim: NIM) -> None:
        objects = render(nim, namespace, f"s{next(numbers)}")
        applied = apply_all(cluster, objects)
        cluster.create(pod_of(pick(objects, "Deployment")), dry_run=True)
        stay_as_they_are(cluster, applied, objects)

    check()
    assert next(numbers) >= EXAMPLES


def test_the_controllers_make_the_pods_too(cluster: Client, namespace: str, nodes):
    # Pod Security refuses pods, not Deployments: what was accepted above must also come to life.
    nodes(ONE_GPU)
    objects = render(KEYLESS, namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    (pod,) = cluster.pods(namespace)
    assert pod["status"]["phase"] == "Running"


def test_a_field_that_kubernetes_does_not_know_is_refused(cluster: Client, namespace: str):
    deployment = pick(render(KEYLESS, namespace), "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["resource"] = {}
    with pytest.raises(DynamicApiError, match="field not declared in schema"):
        cluster.apply(deployment)


def test_a_pod_with_a_directory_of_the_node_is_refused(cluster: Client, namespace: str):
    pod = pod_of(pick(render(NIM(secrets=NIMSecrets.keyless(), cache=CacheArgs(host_path="/models")), namespace), "Deployment"))
    with pytest.raises(DynamicApiError, match=r"violates PodSecurity .*restricted.*hostPath"):
        cluster.create(pod, dry_run=True)
