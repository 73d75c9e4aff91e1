"""Custom resources of the component, with every field, validated by their projects' definitions."""

from typing import Any

import pytest

from nim_component import NIM, CacheArgs, NIMSecrets

from .client import Client
from .drift import assert_second_apply_changes_nothing, assert_values_are_applied
from .objects import apply_all, pick, render

CRON = {"type": "cron", "metadata": {"timezone": "Etc/UTC", "start": "0 8 * * *", "end": "0 18 * * *", "desiredReplicas": "1"}}
PROMETHEUS = "http://prometheus:9090"
POOL = {"endpoint_picker": "picker", "endpoint_picker_port": 9003, "failure_mode": "FailOpen"}
ROUTE = {"gateway": "public", "hosts": ["llama.example.com"]}

CASES: list[tuple[str, dict[str, Any]]] = [
    ("ScaledObject", {"autoscaling": {"max_replicas": 5, "presets": ["queue", "latency"], "keda": {"prometheus": PROMETHEUS}}}),
    (
        "ScaledObject",
        {
            "autoscaling": {
                "min_replicas": 0,
                "max_replicas": 5,
                "presets": ["kv-cache"],
                "keda": {
                    "prometheus": PROMETHEUS,
                    "authentication": "login",
                    "triggers": [{**CRON, "name": "day", "metric_type": "AverageValue", "authentication": "login"}],
                    "fallback": {"replicas": 2, "behavior": "currentReplicas"},
                },
            }
        },
    ),
    ("HTTPRoute", {"http_route": ROUTE}),
    (
        "HTTPRoute",
        {
            "http_route": {
                **ROUTE,
                "gateway_namespace": "gateways",
                "section": "https",
                "path": "/llama",
                "request_timeout": "1h30m",
                "annotations": {"a": "b"},
                "labels": {"team": "x"},
            },
            "inference_pool": POOL,
        },
    ),
    ("GRPCRoute", {"grpc_port": 50051, "grpc_route": ROUTE}),
    (
        "GRPCRoute",
        {
            "grpc_port": 50051,
            "grpc_route": {**ROUTE, "gateway_namespace": "gateways", "section": "grpc", "annotations": {"a": "b"}, "labels": {"a": "b"}},
        },
    ),
    ("InferencePool", {"inference_pool": POOL}),
    ("ServiceMonitor", {"metrics": {}}),
    (
        "ServiceMonitor",
        {
            "metrics": {
                "monitor": {"labels": {"release": "x"}, "annotations": {"a": "b"}, "interval": "1m", "scrape_timeout": "30s", "path": "m"}
            }
        },
    ),
    ("PodMonitor", {"metrics": {"monitor": {"kind": "PodMonitor", "scrape_timeout": "10s"}}}),
    ("VerticalPodAutoscaler", {"vertical_autoscaling": {}}),
    (
        "VerticalPodAutoscaler",
        {"vertical_autoscaling": {"mode": "initial", "min_cpu": 1, "max_cpu": "16", "min_mem": "20Gi", "max_mem": "64Gi"}},
    ),
    ("PrometheusRule", {"metrics": {"alerts": {"labels": {"release": "x"}, "severity": "page", "hold": "1h30m"}}}),
]


@pytest.mark.parametrize(("kind", "fields"), CASES, ids=lambda value: str(value)[:60])
def test_custom_resource_is_accepted_unchanged(cluster: Client, crds: None, namespace: str, kind: str, fields: dict[str, Any]):
    objects = render(NIM(**({"secrets": NIMSecrets.keyless(), "cache": CacheArgs(access_mode="ReadWriteMany")} | fields)), namespace)
    applied = apply_all(cluster, objects)
    assert pick(applied, kind)["spec"]
    assert_values_are_applied(applied, objects)
    assert_second_apply_changes_nothing(cluster, applied, objects)
