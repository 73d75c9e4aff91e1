"""VerticalPodAutoscaler: the rendered object, and its rules."""

from typing import Any

import pulumi
import pytest

from nim_component.testing import VERTICAL_AUTOSCALER, record

from .seed import SHARED, recorded, serve

CPU_METRIC = {"max_replicas": 2, "metrics": [{"resource": {"name": "cpu", "utilization": 60}}]}
CPU_TRIGGER = {"max_replicas": 2, "keda": {"triggers": [{"type": "cpu", "metadata": {"value": "80"}}]}}
INITIAL = {"mode": "initial", "min_mem": "20Gi"}
OTHERS = {"containerName": "*", "mode": "Off"}


def spec(vertical: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return recorded(vertical_autoscaling=vertical or {}, **fields).child("llama", VERTICAL_AUTOSCALER).inputs["spec"]


def test_no_option_set_creates_no_autoscaler():
    assert recorded().find(VERTICAL_AUTOSCALER) == []


def test_default_recommends_without_updates():
    assert spec() == {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "llama"},
        "updatePolicy": {"updateMode": "Off"},
        "resourcePolicy": {"containerPolicies": [{"containerName": "nim", "controlledResources": ["cpu", "memory"]}, OTHERS]},
    }


def test_multi_node_service_targets_leader_worker_set():
    target = spec(multi_node={"nodes": 2}, gpu=8, generation="2.x-vllm", cache=SHARED)["targetRef"]
    assert target == {"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet", "name": "llama-group"}


@pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
def test_limits_of_recommendations_are_rendered(is_output: bool):
    def program() -> None:
        limits: Any = {"min_cpu": 1, "max_cpu": "16", "min_mem": "20Gi", "max_mem": "64Gi"}
        serve(vertical_autoscaling={name: pulumi.Output.from_input(each) if is_output else each for name, each in limits.items()})

    server = record(program).child("llama", VERTICAL_AUTOSCALER).inputs["spec"]["resourcePolicy"]["containerPolicies"][0]
    assert server["minAllowed"] == {"cpu": "1", "memory": "20Gi"}
    assert server["maxAllowed"] == {"cpu": "16", "memory": "64Gi"}


def test_mode_initial_is_rendered():
    assert spec(INITIAL)["updatePolicy"] == {"updateMode": "Initial"}


@pytest.mark.parametrize("autoscaling", [CPU_METRIC, CPU_TRIGGER], ids=["metric", "trigger"])
def test_recommendations_can_be_combined_with_cpu_autoscaling(autoscaling: dict[str, Any]):
    assert spec(autoscaling=autoscaling, cache=SHARED)["updatePolicy"] == {"updateMode": "Off"}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"vertical_autoscaling": {"mode": "auto"}}, r"vertical_autoscaling\.mode: must be one of 'recommend' or 'initial'"),
    ({"vertical_autoscaling": {"mode": "initial"}}, r"vertical_autoscaling\.min_mem: is required with mode initial"),
    ({"vertical_autoscaling": {"min_cpu": 4, "max_cpu": 2}}, r"vertical_autoscaling\.min_cpu: must be at most max_cpu \(2\)"),
    ({"vertical_autoscaling": {"min_mem": "64Gi", "max_mem": "20Gi"}}, r"vertical_autoscaling\.min_mem: must be at most max_mem \(20Gi\)"),
    ({"vertical_autoscaling": {**INITIAL, "min_mem": "16Gi"}}, r"vertical_autoscaling\.min_mem: must be larger than shm_size \(16Gi\)"),
    (
        {"vertical_autoscaling": INITIAL, "autoscaling": CPU_METRIC, "cache": SHARED},
        r"vertical_autoscaling\.mode: must not be initial with autoscaling by CPU or memory",
    ),
    (
        {"vertical_autoscaling": INITIAL, "autoscaling": CPU_TRIGGER, "cache": SHARED},
        r"vertical_autoscaling\.mode: must not be initial with autoscaling by CPU or memory",
    ),
]


@pytest.mark.parametrize(("fields", "text"), WRONG, ids=lambda value: str(value)[:60])
def test_invalid_options_are_refused(fields: dict[str, Any], text: str):
    with pytest.raises(ValueError, match=text):
        recorded(**fields)
