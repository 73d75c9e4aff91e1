"""Arguments that create each optional child.

A new optional child needs an entry in `ARGUMENTS`. The contract tests, the tests of overrides and
the deletion test on the cluster then cover it.
"""

from typing import Any

from nim_component import NIM, NIMSecrets

SHARED = {"access_mode": "ReadWriteMany"}
PREWARMED = {**SHARED, "prewarm": {"profiles": ["vllm-fp16-tp1-pp1"]}}
HOSTS = {"hosts": ["a.example.com"]}
ROUTE = {"gateway": "public", **HOSTS}
CPU_TRIGGER = {"type": "cpu", "metadata": {"value": "80"}}

ARGUMENTS: dict[str, dict[str, Any]] = {
    "service-account": {"service_account": {}},
    "network-policy": {"network_policy": {"ingress": []}},
    "network-policy-jobs": {"network_policy": {"ingress": []}, "cache": PREWARMED},
    "autoscaler": {"cache": SHARED, "autoscaling": {"max_replicas": 2, "metrics": [{"resource": {"name": "cpu", "utilization": 60}}]}},
    "scaled-object": {"cache": SHARED, "autoscaling": {"max_replicas": 2, "keda": {"triggers": [CPU_TRIGGER]}}},
    "vertical-autoscaler": {"vertical_autoscaling": {}},
    "ingress": {"ingress": HOSTS},
    "http-route": {"http_route": ROUTE},
    "grpc-route": {"grpc_port": 50051, "grpc_route": ROUTE},
    "inference-pool": {"inference_pool": {"endpoint_picker": "picker"}},
    "disruption-budget": {"disruption_budget": {"max_unavailable": 1}},
    "monitor": {"metrics": {"monitor": {}}},
    "dashboard": {"metrics": {"dashboard": {}}},
    "alerts": {"metrics": {"alerts": {}}},
}
"""Fields of `NIM` by the suffix of the child that they create."""


def merge(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return both mappings, merged at every depth."""
    merged = dict(one)
    for key, value in other.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def is_valid(fields: dict[str, Any]) -> bool:
    """Return whether the rules of `NIM` accept the fields together."""
    try:
        NIM(secrets=NIMSecrets.keyless(), **fields)
    except ValueError:
        return False
    return True


def combine_children() -> list[dict[str, Any]]:
    """Return as few services as possible that together have every optional child."""
    combined: list[dict[str, Any]] = []
    for fields in ARGUMENTS.values():
        index = next((index for index, each in enumerate(combined) if is_valid(merge(each, fields))), None)
        if index is None:
            combined.append(fields)
        else:
            combined[index] = merge(combined[index], fields)
    return combined
