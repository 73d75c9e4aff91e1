"""Pods in objects of every kind: found by their form, also in init and ephemeral containers."""

import json
from typing import Any

import pytest

from .pack_modules import load
from .restricted_pods import CHANGES, apply, restricted_pod

check_restricted, check_images = load("pod_security").check_restricted, load("images").check_images
find_pods = load("workloads").find_pods
POD = restricted_pod()["spec"]
TEMPLATE = {"metadata": {"annotations": {}}, "spec": POD}
TEMPLATES: list[tuple[str, str, Any]] = [
    ("Pod", "spec", {"spec": POD}),
    ("PodTemplate", "template.spec", {"template": TEMPLATE}),
    ("Deployment", "spec.template.spec", {"spec": {"template": TEMPLATE}}),
    ("ReplicationController", "spec.template.spec", {"spec": {"template": TEMPLATE}}),
    ("CronJob", "spec.jobTemplate.spec.template.spec", {"spec": {"jobTemplate": {"spec": {"template": TEMPLATE}}}}),
    (
        "LeaderWorkerSet",
        "spec.leaderWorkerTemplate.workerTemplate.spec",
        {"spec": {"leaderWorkerTemplate": {"size": 2, "workerTemplate": TEMPLATE}}},
    ),
    (
        "JobSet",
        "spec.replicatedJobs[workers].template.spec.template.spec",
        {"spec": {"replicatedJobs": [{"name": "workers", "template": {"spec": {"template": TEMPLATE}}}]}},
    ),
    ("RayCluster", "spec.headGroupSpec.template.spec", {"spec": {"headGroupSpec": {"template": TEMPLATE}}}),
    ("RayCluster", "spec.workerGroupSpecs[0].template.spec", {"spec": {"workerGroupSpecs": [{"groupName": "a", "template": TEMPLATE}]}}),
    (
        "RayService",
        "spec.rayClusterConfig.workerGroupSpecs[0].template.spec",
        {"spec": {"rayClusterConfig": {"workerGroupSpecs": [{"template": TEMPLATE}]}}},
    ),
    ("PyTorchJob", "spec.pytorchReplicaSpecs.Worker.template.spec", {"spec": {"pytorchReplicaSpecs": {"Worker": {"template": TEMPLATE}}}}),
    ("ScaledJob", "spec.jobTargetRef.template.spec", {"spec": {"jobTargetRef": {"template": TEMPLATE}}}),
    ("Workload", "spec.podSets[main].template.spec", {"spec": {"podSets": [{"name": "main", "template": TEMPLATE}]}}),
    ("Custom", "spec.deep[0].runner.pod", {"spec": {"deep": [{"runner": {"pod": POD}}]}}),
]


@pytest.mark.parametrize(("kind", "path", "props"), TEMPLATES, ids=lambda each: each if isinstance(each, str) else "")
def test_template_of_every_kind_is_found(kind: str, path: str, props: Any):
    assert [pod.path for pod in find_pods(kind, props)] == [path]
    assert list(check_restricted(kind, props)) == []
    wrong = apply({"spec": restricted_pod()["spec"]}, [("spec.hostPID", True)])["spec"]
    changed = json.loads(json.dumps(props).replace(json.dumps(POD), json.dumps(wrong)))
    (violation,) = check_restricted(kind, changed)
    assert violation.startswith(f"{path}.hostPID: must not be set.")


def test_ephemeral_container_is_checked():
    pod = restricted_pod()
    pod["spec"]["ephemeralContainers"] = [{"name": "debug", "image": "debug:latest", "securityContext": {"privileged": True}}]
    violations = list(check_restricted("Pod", pod))
    assert {each.partition(":")[0].rpartition(".")[2] for each in violations} == {"privileged", "allowPrivilegeEscalation", "drop"}
    assert all("ephemeralContainers[debug]" in each for each in violations)
    assert len(list(check_images("Pod", pod))) == 1


def test_init_containers_alone_are_a_pod():
    (pod,) = find_pods("Custom", {"spec": {"initContainers": [{"name": "a", "image": "a"}]}})
    assert pod.path == "spec"


@pytest.mark.parametrize(
    "props",
    [
        {"data": {"containers": "a"}},
        {"spec": {"versions": [{"schema": {"properties": {"containers": {"type": "array"}}}}]}},
        {"spec": {"containers": []}},
        {"spec": {"containers": ["a"]}},
        {"status": {"containers": [{"name": "a"}]}},
    ],
)
def test_other_objects_have_no_pod(props: Any):
    assert list(find_pods("Custom", props)) == []


def test_deep_object_is_read():
    deep: Any = {"containers": [{"name": "a"}]}
    for _ in range(5_000):
        deep = {"spec": deep}
    assert list(find_pods("Custom", deep)) == []


def test_every_change_has_a_verdict():
    """No change of a field raises an exception."""
    for change in CHANGES:
        assert isinstance(list(check_restricted("Pod", apply(restricted_pod(), [change]))), list)


def test_pod_behind_a_decoy_is_found():
    wrong = apply({"spec": restricted_pod()["spec"]}, [("spec.hostPID", True)])["spec"]
    decoy = {**restricted_pod()["spec"], "template": {"spec": wrong}}
    (violation,) = check_restricted("Tool", {"spec": decoy})
    assert violation.startswith("spec.template.spec.hostPID: must not be set.")
