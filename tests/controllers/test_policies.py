"""Pods under policies of Gatekeeper: the Pod Security Standard "restricted", and company rules."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nim_component.names import JOBS, SERVER, WORKER
from tests.cluster.client import Client, DynamicApiError, Object, message_of, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.nodes import EIGHT_GPUS
from tests.cluster.objects import apply_all, pods_of, render_project
from tests.cluster.services import service
from tests.cluster.test_commands import run
from tests.cluster.waiting import wait_for_rollout
from tests.schema.test_schema import PROJECTS

from .gatekeeper import LABEL, WEBHOOK, read_policies

pytestmark = pytest.mark.usefixtures("gatekeeper")
TEAM = {"pod_labels": {"team": "ml"}}


@pytest.fixture
def namespace(cluster: Client, make_namespace: Callable[[], str]) -> str:
    """Return the name of a new namespace whose pods Gatekeeper admits, without Pod Security."""
    name = make_namespace()
    labels = {**LABEL, "pod-security.kubernetes.io/enforce": "privileged"}
    cluster.patch({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, {"metadata": {"labels": labels}})
    return name


def find_violations(cluster: Client, pod: Object) -> set[str]:
    """Return the names of the policies that refuse a pod."""
    try:
        cluster.create(pod, dry_run=True)
    except DynamicApiError as error:
        message = message_of(error)
        assert WEBHOOK in message, message
        return {name for name in read_policies() if f"[{name}]" in message}
    return set()


def good_pod(namespace: str) -> Object:
    """Return the pod of a service with the label that the policies require."""
    (pod,) = (pod for each in service(namespace, **TEAM) for pod in pods_of(each))
    return pod


def server(pod: Object) -> Any:
    """Return the container of the server."""
    return pod["spec"]["containers"][0]


VIOLATIONS: dict[str, Callable[[Object], Any]] = {
    "host-namespaces": lambda pod: pod["spec"].update(hostNetwork=True),
    "privilege-escalation": lambda pod: server(pod)["securityContext"].pop("allowPrivilegeEscalation"),
    "capabilities": lambda pod: server(pod)["securityContext"].pop("capabilities"),
    "run-as-non-root": lambda pod: server(pod)["securityContext"].update(runAsNonRoot=False),
    "seccomp": lambda pod: server(pod)["securityContext"].update(seccompProfile={"type": "Unconfined"}),
    "volume-types": lambda pod: pod["spec"]["volumes"].append({"name": "node", "hostPath": {"path": "/"}}),
    "host-ports": lambda pod: server(pod)["ports"][0].update(hostPort=8000),
    "memory-limits": lambda pod: server(pod)["resources"]["limits"].pop("memory"),
    "image-tags": lambda pod: server(pod).update(image="nvcr.io/nim/meta/llama3-8b-instruct:latest"),
    "required-labels": lambda pod: pod["metadata"]["labels"].pop("team"),
}
"""Change of a pod that violates one policy."""
IMPLIED = {"host-namespaces": {"host-ports"}}  # Kubernetes sets the port of the node to that of the container


def test_each_policy_refuses_its_violation(cluster: Client, namespace: str):
    """The policies work: otherwise an admitted service would show nothing."""
    assert set(VIOLATIONS) == set(read_policies())
    wait_until("all policies", lambda: find_all(cluster, namespace) == {name: {name} | IMPLIED.get(name, set()) for name in VIOLATIONS})


def find_all(cluster: Client, namespace: str) -> dict[str, set[str]]:
    """Return the violated policies of each changed pod."""
    found: dict[str, set[str]] = {}
    for name, change in VIOLATIONS.items():
        pod = copy.deepcopy(good_pod(namespace))
        change(pod)
        found[name] = find_violations(cluster, pod)
    return found


@pytest.mark.parametrize(("project", "stack"), PROJECTS, ids=[f"{project}-{stack}" for project, stack in PROJECTS])
def test_examples_are_admitted(cluster: Client, namespace: str, project: str, stack: str):
    """The label of the company is added here: the examples do not have it."""
    pods = [pod for each in render_project(project, stack, namespace) for pod in pods_of(each)]
    own = [pod for pod in pods if pod["metadata"]["labels"]["app.kubernetes.io/name"] in (SERVER, WORKER, *JOBS)]
    assert own
    for pod in own:
        pod["metadata"]["labels"]["team"] = "ml"
        for reference in ("serviceAccount", "serviceAccountName", "priorityClassName", "runtimeClassName"):
            pod["spec"].pop(reference, None)  # of objects that the test does not create
        assert find_violations(cluster, pod) == set(), pod["metadata"]


@pytest.fixture
def refused(cluster: Client, namespace: str, nodes: Any) -> Iterator[str]:
    """Apply a service without the label `team`."""
    nodes(EIGHT_GPUS)
    apply_all(cluster, service(namespace))
    wait_until("an event", lambda: any(each["reason"] == "FailedCreate" for each in cluster.list("v1", "Event", namespace)))
    yield namespace


def test_refusal_is_explained(cluster: Client, control_plane: ControlPlane, refused: str, tmp_path: Path):
    """The service then gets the label, and its pods are admitted."""
    _, output, errors = run(tmp_path, control_plane.kubeconfig, "explain", "llama", "-n", refused)
    text = " ".join((output + errors).split())
    assert f'The admission policy {WEBHOOK} rejects the pod: [required-labels] you must provide labels: {{"team"}}' in text
    assert "Comply with its policy (pod_labels, " in text
    objects = service(refused, **TEAM)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
