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


CONTAINER = POD["containers"][0]
SHARED = {field: value for field, value in POD.items() if field not in ("containers", "initContainers")}
LOOSE: list[tuple[str, str, Any]] = [
    ("Workflow", "spec.templates[main].container", {"spec": {**SHARED, "templates": [{"name": "main", "container": CONTAINER}]}}),
    ("Workflow", "spec.templates[main].script", {"spec": {"templates": [{"name": "main", **SHARED, "script": CONTAINER}]}}),
    ("CronWorkflow", "spec.workflowSpec.templates[main].sidecars[s]", {"spec": {"workflowSpec": {**SHARED, "templates": [
        {"name": "main", "sidecars": [{**CONTAINER, "name": "s"}]}]}}}),
    ("WorkflowTemplate", "spec.templates[main].container", {"spec": {"templateDefaults": SHARED, "templates": [
        {"name": "main", "container": CONTAINER}]}}),
    ("TaskRun", "spec.taskSpec.steps[build]", {"spec": {"podTemplate": SHARED, "taskSpec": {"steps": [{**CONTAINER, "name": "build"}]}}}),
    ("PipelineRun", "spec.pipelineSpec.tasks[t].taskSpec.steps[build]", {"spec": {"taskRunTemplate": {"podTemplate": SHARED}, "pipelineSpec": {
        "tasks": [{"name": "t", "taskSpec": {"steps": [{**CONTAINER, "name": "build"}]}}]}}}),
    ("Task", "spec.steps[build]", {"spec": {**SHARED, "stepTemplate": {"securityContext": CONTAINER["securityContext"]}, "steps": [
        {"name": "build", "image": CONTAINER["image"]}]}}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "props"), LOOSE, ids=lambda each: each if isinstance(each, str) else "")
def test_template_of_workflow_engine_is_found(kind: str, path: str, props: Any):
    assert list(check_restricted(kind, props)) == list(check_images(kind, props)) == []
    text = json.dumps(props).replace(json.dumps(CONTAINER["image"]), '"tool:latest"').replace('"drop": ["ALL"]', '"drop": []')
    changed = json.loads(text)
    assert [each.partition(": ")[0] for each in check_images(kind, changed)] == [f"{path}.image"]
    assert f"{path}.securityContext.capabilities.drop" in [each.partition(": ")[0] for each in check_restricted(kind, changed)]


@pytest.mark.parametrize(("kind", "path", "props"), LOOSE, ids=lambda each: each if isinstance(each, str) else "")
def test_pod_fields_of_workflow_engine_are_checked(kind: str, path: str, props: Any):
    changed = json.loads(json.dumps(props).replace('"runAsNonRoot": true', '"runAsNonRoot": false'))
    assert [each.partition(": ")[0] for each in check_restricted(kind, changed)] == [f"{path}.securityContext.runAsNonRoot"]


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
