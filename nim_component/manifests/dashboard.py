"""The Grafana dashboard, in a ConfigMap that Grafana's sidecar reads."""

import json
from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.metrics import DashboardArgs
from ..kubernetes.generated_names import hash_content
from ..names import make_labels
from .inputs import as_name, lift
from .promql import NAMES, query_available_replicas, query_desired_replicas, query_quantile, select_series

WINDOW = "$__rate_interval"
"""Variable of Grafana: a range that fits the scrape interval and the zoom."""
COLUMNS, WIDTH, HEIGHT = 24, 12, 8

Query = tuple[str, str]
"""A legend and its PromQL query."""


def render_dashboard(nim: NIM, service_name: str, dashboard: DashboardArgs) -> "dict[str, Any]":
    """Render metadata and data.

    The file name contains the namespace, because the sidecar writes the files of all namespaces
    into one folder.
    """
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": f"{service_name}-dashboard",
        "namespace": nim.namespace,
        "labels": {**dashboard.labels, **make_labels(service_name)},
    }
    if dashboard.folder is not None:
        metadata["annotations"] = {"grafana_folder": dashboard.folder}

    is_multi_node = nim.multi_node is not None

    def data(namespace: str) -> dict[str, str]:
        model = build_dashboard(service_name, namespace, is_multi_node=is_multi_node)
        return {f"{namespace}-{service_name}.json": json.dumps(model, indent=2)}

    return {"metadata": metadata, "data": lift(as_name(nim.namespace), data)}


def build_dashboard(service_name: str, namespace: str, *, is_multi_node: bool = False) -> dict[str, Any]:
    """Build the dashboard in Grafana's JSON model.

    Its queries work for every generation of the container.
    """
    panels = [_panel(index, *each) for index, each in enumerate(list_panels(service_name, namespace, is_multi_node=is_multi_node))]
    return {
        "uid": f"nim-{hash_content({'namespace': namespace, 'service': service_name})}",
        "title": f"NIM / {namespace} / {service_name}",
        "tags": ["nim"],
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    }


def list_panels(service_name: str, namespace: str, *, is_multi_node: bool = False) -> list[tuple[str, str, list[Query]]]:
    """Return title, unit and queries of each panel: demand, capacity, latency, throughput, pods."""

    def query_pods(names: tuple[str, ...]) -> str:
        return f"sum by (pod) ({select_series(names, service_name, namespace)})"

    def query_rate(names: tuple[str, ...]) -> str:
        return f"sum(rate({select_series(names, service_name, namespace)}[{WINDOW}]))"

    def query_quantiles(names: tuple[str, ...]) -> list[Query]:
        return [(f"p{each * 100:g}", query_quantile(names, service_name, namespace, each, WINDOW)) for each in (0.5, 0.95, 0.99)]

    return [
        ("Requests waiting", "short", [("{{pod}}", query_pods(NAMES.waiting))]),
        ("Requests running", "short", [("{{pod}}", query_pods(NAMES.running))]),
        ("KV cache in use", "percentunit", [("{{pod}}", f"max by (pod) ({select_series(NAMES.kv_cache, service_name, namespace)})")]),
        ("Time to first token", "s", query_quantiles(NAMES.first_token)),
        ("Request latency", "s", query_quantiles(NAMES.latency)),
        ("Tokens per second", "short", [("prompt", query_rate(NAMES.prompt_tokens)), ("generated", query_rate(NAMES.generation_tokens))]),
        (
            "Pods",
            "short",
            [
                ("scraped", f'sum(up{{namespace="{namespace}",service="{service_name}"}})'),
                ("desired", f"sum({query_desired_replicas(service_name, namespace, is_multi_node=is_multi_node)})"),
                ("available", f"sum({query_available_replicas(service_name, namespace, is_multi_node=is_multi_node)})"),
            ],
        ),
    ]


def _panel(index: int, title: str, unit: str, queries: list[Query]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${datasource}"}
    across = COLUMNS // WIDTH
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": title,
        "datasource": source,
        "gridPos": {"x": index % across * WIDTH, "y": index // across * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + at), "datasource": source, "expr": expr, "legendFormat": legend}
            for at, (legend, expr) in enumerate(queries)
        ],
    }
