"""Autoscalers on a real control plane, and the effect of enabling one on running pods."""

from typing import Any

import pytest

from nim_component import NIM, AutoscalingArgs, CacheArgs, NIMSecrets, ScalingMetric, ScalingPreset
from nim_component.kubernetes.version import KUBERNETES_VERSION

from .client import Client, DynamicApiError, Object, condition, wait_until
from .drift import assert_second_apply_changes_nothing
from .nodes import EIGHT_GPUS
from .objects import apply_all, pick, render
from .waiting import deployment_of, ignore_replicas, wait_for_rollout

SHARED = CacheArgs(access_mode="ReadWriteMany")
QUEUE = AutoscalingArgs(max_replicas=5, presets=["queue"])
METRICS = [
    ScalingMetric.model_validate(each)
    for each in (
        {"resource": {"name": "cpu", "utilization": 60}},
        {"resource": {"name": "memory", "average_value": "40Gi"}},
        {"pods": {"name": "a", "average_value": 0.5, "match_labels": {"b": "c"}}},
        {"object": {"name": "a", "api_version": "networking.k8s.io/v1", "kind": "Ingress", "object": "chat", "value": "2k"}},
        {"external": {"name": "a", "average_value": "750m", "match_labels": {"queue": "chat"}}},
    )
]


def service(namespace: str, **fields: Any) -> list[Object]:
    return render(NIM(**({"secrets": NIMSecrets.keyless(), "cache": SHARED} | fields)), namespace)


@pytest.mark.parametrize(
    "autoscaling",
    [
        QUEUE,
        AutoscalingArgs(min_replicas=2, max_replicas=5, presets=["queue", "running", ScalingPreset(preset="kv-cache", target=0.6)]),
        AutoscalingArgs(max_replicas=5, metrics=METRICS),
    ],
    ids=["preset", "presets", "metrics"],
)
def test_autoscaler_is_accepted(cluster: Client, namespace: str, autoscaling: AutoscalingArgs):
    objects = service(namespace, autoscaling=autoscaling)
    applied = apply_all(cluster, objects)
    assert_second_apply_changes_nothing(cluster, applied, objects)
    live = cluster.get("autoscaling/v2", "HorizontalPodAutoscaler", "llama", namespace)
    assert live["spec"]["maxReplicas"] == 5
    assert len(live["spec"]["metrics"]) == len(autoscaling.presets) + len(autoscaling.metrics)


def test_zero_replicas_need_kubernetes_1_37(cluster: Client, namespace: str):
    zero = AutoscalingArgs(min_replicas=0, max_replicas=5, metrics=[METRICS[4]])
    assert cluster.version().startswith(f"v{KUBERNETES_VERSION}.")
    with pytest.raises(DynamicApiError, match=r"spec\.minReplicas: Invalid value: 0: must be greater than or equal to 1"):
        cluster.apply(pick(service(namespace, autoscaling=zero), "HorizontalPodAutoscaler"))


def test_controller_finds_scale_target(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    objects = service(namespace, autoscaling=QUEUE)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)

    def can_scale() -> bool:
        live = cluster.get("autoscaling/v2", "HorizontalPodAutoscaler", "llama", namespace)
        return condition(live, "AbleToScale").get("status") == "True"

    wait_until("an autoscaler that can read its scale", can_scale, seconds=60)


def test_enabling_autoscaling_keeps_running_pods(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    apply_all(cluster, service(namespace, replicas=3))
    wait_for_rollout(cluster, service(namespace, replicas=3))
    before = {pod["metadata"]["uid"] for pod in cluster.pods(namespace)}
    assert len(before) == 3

    objects = ignore_replicas(cluster, service(namespace, autoscaling=QUEUE))
    apply_all(cluster, objects)
    assert wait_for_rollout(cluster, objects)["spec"]["replicas"] == 3
    assert {pod["metadata"]["uid"] for pod in cluster.pods(namespace)} == before

    # Later changes keep the autoscaler's number, without a conflict.
    cluster.patch(deployment_of(cluster, objects), {"spec": {"replicas": 5}})
    changed = ignore_replicas(cluster, service(namespace, autoscaling=QUEUE, image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"))
    assert "replicas" not in pick(changed, "Deployment")["spec"]
    apply_all(cluster, changed)
    assert wait_for_rollout(cluster, changed)["spec"]["replicas"] == 5


def test_enabling_without_ignore_changes_removes_pods(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    apply_all(cluster, service(namespace, replicas=3))
    wait_for_rollout(cluster, service(namespace, replicas=3))
    objects = service(namespace, autoscaling=QUEUE)
    apply_all(cluster, objects)
    assert wait_for_rollout(cluster, objects)["spec"]["replicas"] == 1
