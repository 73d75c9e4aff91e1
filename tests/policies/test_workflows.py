"""Loops and patches of workflows, for the quota and for the standard `restricted`."""

import json
from typing import Any

import pytest

from .pack_modules import load
from .restricted_pods import restricted_pod
from .test_gpu_quota import container, count, find_violations

module, UNLIMITED = load("gpu_quota"), load("workloads").UNLIMITED
check_restricted, check_images = load("pod_security").check_restricted, load("images").check_images
TRAIN = {"name": "train", "container": container(1, image="a")}


def step(template: str = "train", **more: Any) -> dict[str, Any]:
    return {"name": template, "template": template, **more}


def workflow(*templates: Any, **spec: Any) -> tuple[str, Any]:
    return "Workflow", {"spec": {"entrypoint": "main", "templates": [*templates, TRAIN], **spec}}


def of_steps(*groups: Any, **more: Any) -> dict[str, Any]:
    return {"name": "main", "steps": [*groups], **more}


def of_tasks(*tasks: Any, **more: Any) -> dict[str, Any]:
    return {"name": "main", "dag": {"tasks": [{**each, "name": str(index)} for index, each in enumerate(tasks)]}, **more}


@pytest.mark.parametrize(
    ("loop", "gpus"),
    [
        ({}, 1),
        ({"withItems": [1, 2, 3]}, 3),
        ({"withItems": []}, 0),
        ({"withItems": "{{inputs.parameters.list}}"}, UNLIMITED),
        ({"withParam": '["a", "b"]'}, 2),
        ({"withParam": "{{steps.list.outputs.result}}"}, UNLIMITED),
        ({"withParam": '{"a": 1}'}, UNLIMITED),
        ({"withSequence": {"count": "5"}}, 5),
        ({"withSequence": {"count": 5.0}}, 5),
        ({"withSequence": {"start": "2", "end": "5"}}, 4),
        ({"withSequence": {"start": "5", "end": "2"}}, 4),
        ({"withSequence": {"end": 3}}, 4),
        ({"withSequence": {"count": "{{inputs.parameters.n}}"}}, UNLIMITED),
        ({"withSequence": {"start": "{{a}}", "end": "{{b}}"}}, UNLIMITED),
        ({"withSequence": {}}, UNLIMITED),
    ],
)
def test_loop_multiplies_its_template(loop: Any, gpus: float):
    expected = {"Workflow workflow": gpus} if gpus else {}
    assert count(workflow(of_steps([step(**loop)]))) == expected
    assert count(workflow(of_tasks(step(**loop)))) == expected
    inline = {"name": "main", "steps": [[{"name": "x", "inline": {"container": container(1, image="a")}, **loop}]]}
    assert count(("Workflow", {"spec": {"templates": [inline]}})) == expected


@pytest.mark.parametrize(
    ("templates", "gpus"),
    [
        ([of_steps([step(), step(withItems=[1, 2])])], 3),
        ([of_steps([step()], [step(withItems=[1, 2])])], 2),
        ([of_steps([step(withItems=[1, 2, 3, 4])], parallelism=2)], 2),
        ([of_steps([step(withParam="{{x}}")], parallelism=2)], 2),
        ([of_tasks(step(), step(), step())], 3),
        ([of_tasks(step(), step(dependencies=["0"]), step(depends="1.Succeeded && 0"))], 1),
        ([of_tasks(step(), step(), step(depends="0 || 1"))], 3),
        ([of_tasks(step(), step(dependencies=["0"], withItems=[1, 2]), step())], 3),
        ([of_steps([step("inner", withItems=[1, 2])]), {**of_tasks(step(withItems=[1, 2, 3])), "name": "inner"}], 6),
        ([of_steps([step(), step("main")])], UNLIMITED),
        ([of_steps([step("a", withItems=[1, 2]), step("b")]), {"name": "a", "steps": [[step()]]}, {"name": "b", "steps": [[step()]]}], 3),
    ],
)
def test_runs_at_the_same_time_are_counted(templates: Any, gpus: float):
    assert count(workflow(*templates)) == {"Workflow workflow": gpus}


def test_mutex_starts_one_run():
    exclusive = {**TRAIN, "synchronization": {"mutexes": [{"name": "gpus"}]}}
    loop = of_steps([step(withParam="{{x}}")])
    assert count(("Workflow", {"spec": {"templates": [loop, exclusive]}})) == {"Workflow workflow": 1}


def test_parallelism_of_workflow_limits_loops():
    loop = of_steps([step(withParam="{{x}}")])
    assert count(workflow(loop, parallelism=4)) == {"Workflow workflow": 4}
    cron = {"concurrencyPolicy": "Forbid", "workflowSpec": workflow(of_steps([step(withItems=[1, 2])]))[1]["spec"]}
    assert count(("CronWorkflow", {"spec": cron})) == {"CronWorkflow cronworkflow": 2}


def test_unknown_loop_is_a_violation():
    text = "repeats a template without a known number, so it may use any number of GPUs. Set parallelism, or list the items."
    assert find_violations(workflow(of_steps([step(withParam="{{x}}")]))) == [f"Workflow workflow {text}"]
    assert find_violations(workflow(of_steps([step("main"), step()]))) == [f"Workflow workflow {text}"]
    ordinary = {**TRAIN, "container": container(0, image="a")}
    assert find_violations(("Workflow", {"spec": {"templates": [of_steps([step(withParam="{{x}}")]), ordinary]}})) == []


@pytest.mark.parametrize(
    ("matrix", "gpus"),
    [
        ({"params": [{"name": "a", "value": ["1", "2"]}, {"name": "b", "value": ["1", "2", "3"]}]}, 6),
        ({"params": [{"name": "a", "value": ["1", "2"]}], "include": [{"name": "x"}]}, 3),
        ({"params": [{"name": "a", "value": "$(params.list[*])"}]}, UNLIMITED),
    ],
)
def test_matrix_of_tekton_is_counted(matrix: Any, gpus: float):
    task = {"name": "t", "matrix": matrix, "taskSpec": {"steps": [container(1, image="a")]}}
    assert count(("PipelineRun", {"spec": {"pipelineSpec": {"tasks": [task]}}})) == {"PipelineRun pipelinerun": gpus}


def test_large_graph_takes_no_time():
    """Each template runs all others, in both directions."""
    names = [f"t{index}" for index in range(60)]
    templates = [{"name": name, "steps": [[step(each) for each in names]]} for name in names]
    assert set(load("workflows").count_runs_of_templates({"templates": templates}).values()) == {UNLIMITED}


def test_pods_of_an_object_are_read_once(monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []
    find_pods = module.find_pods
    monkeypatch.setattr(module, "find_pods", lambda kind, props: read.append(kind) or find_pods(kind, props))
    find_violations(workflow(of_steps([step(withParam="{{x}}")])), ("Pod", {"spec": {"containers": [container(1)]}}))
    assert read == ["Workflow", "Pod"]


POD = restricted_pod()["spec"]
SHARED = {field: value for field, value in POD.items() if field not in ("containers", "initContainers")}
MAIN = {"name": "main", "container": {**POD["containers"][0], "name": ""}}


def patched(patch: str, place: str = "template") -> tuple[str, Any]:
    template = {**MAIN, "podSpecPatch": patch} if place == "template" else MAIN
    spec = {**SHARED, "templates": [template]} | ({"podSpecPatch": patch} if place == "spec" else {})
    spec |= {"templateDefaults": {"podSpecPatch": patch}} if place == "defaults" else {}
    return "Workflow", {"spec": spec}


@pytest.mark.parametrize("place", ["template", "spec", "defaults"])
@pytest.mark.parametrize("write", [json.dumps, lambda patch: load("pod_patches").yaml.safe_dump(patch)])
@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"hostNetwork": True}, ".hostNetwork"),
        ({"containers": [{"name": "main", "securityContext": {"privileged": True}}]}, ".container.securityContext.privileged"),
        ({"volumes": [{"name": "x", "hostPath": {"path": "/"}}]}, ".volumes[x]"),
        ({"containers": [{"name": "main", "securityContext": None}]}, ".container.securityContext.allowPrivilegeEscalation"),
    ],
)
def test_pod_spec_patch_is_checked(patch: Any, path: str, write: Any, place: str):
    violations = [each.partition(":")[0] for each in check_restricted(*patched(write(patch), place))]
    assert f"spec.templates[main]{path}" in violations


@pytest.mark.parametrize("place", ["template", "spec", "defaults"])
def test_ordinary_pod_spec_patch_is_valid(place: str):
    patch = json.dumps({"containers": [{"name": "main", "resources": {"limits": {"memory": "1Gi"}}}], "priorityClassName": "low"})
    assert list(check_restricted(*patched(patch, place))) == []


@pytest.mark.parametrize(
    "patch", ["{{inputs.parameters.patch}}", "hostNetwork: {{x}}", '{"a": "{{x}}"}', "[1]", "a: [", "{" * 5_000, "$patch: replace"]
)
def test_unreadable_pod_spec_patch_is_a_violation(patch: str):
    (violation,) = check_restricted(*patched(patch))
    assert violation.startswith("spec.templates[main].podSpecPatch: must be YAML or JSON without expressions.")


def test_image_in_pod_spec_patch_is_checked():
    patch = json.dumps({"containers": [{"name": "main", "image": "tool:latest"}, {"name": "other", "image": "other"}]})
    paths = [each.partition(":")[0] for each in check_images(*patched(patch))]
    assert paths == ["spec.templates[main].container.image", "spec.templates[main].containers[other].image"]


def gpu_patch(gpus: Any, name: str = "main") -> str:
    return json.dumps({"containers": [{"name": name, "resources": {"limits": {"nvidia.com/gpu": gpus}}}]})


@pytest.mark.parametrize(
    ("patch", "gpus"),
    [
        (gpu_patch(4), 4),
        (gpu_patch("0"), 0),
        (gpu_patch(2, "other"), 3),
        (gpu_patch("{{inputs.parameters.gpus}}"), UNLIMITED),
        ("{{inputs.parameters.patch}}", UNLIMITED),
        ('{"containers": [{"name": "main", "resources": {"limits": {"memory": "{{inputs.parameters.memory}}Gi"}}}]}', 1),
        ("a: [", UNLIMITED),
    ],
)
def test_gpus_of_pod_spec_patch_are_counted(patch: str, gpus: float):
    props = {"spec": {"templates": [{**TRAIN, "podSpecPatch": patch}]}}
    assert count(("Workflow", props)) == ({"Workflow workflow": gpus} if gpus else {})
    text = "has a podSpecPatch with expressions, so its GPUs are unknown. Set the resources of the template instead."
    assert find_violations(("Workflow", props)) == ([f"Workflow workflow {text}"] if gpus == UNLIMITED else [])
