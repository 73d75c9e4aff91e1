"""The Grafana dashboard, and the ConfigMap that brings it to Grafana's sidecar."""

import json
from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.metrics import DashboardArgs
from ..names import digest, labels
from .inputs import lift
from .promql import NAMES, available, quantile, select, wanted

WINDOW = "$__rate_interval"
"""Grafana's own: it fits the scrape interval and the zoom."""
COLUMNS, WIDTH, HEIGHT = 24, 12, 8

Query = tuple[str, str]
"""A legend and its PromQL."""


def render_dashboard(nim: NIM, service_name: str, dashboard: DashboardArgs) -> "dict[str, Any]":
    """Metadata and data. The file's name holds the namespace: the sidecar lays those of all namespaces into one folder."""
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": f"{service_name}-dashboard",
        "namespace": nim.namespace,
        "labels": {**dashboard.labels, **labels(service_name)},
    }
    if dashboard.folder is not None:
        metadata["annotations"] = {"grafana_folder": dashboard.folder}

    grouped = nim.multi_node is not None

    def data(namespace: str) -> dict[str, str]:
        return {f"{namespace}-{service_name}.json": json.dumps(build_dashboard(service_name, namespace, grouped=grouped), indent=2)}

    return {"metadata": metadata, "data": lift(nim.namespace, data)}


def build_dashboard(service_name: str, namespace: str, *, grouped: bool = False) -> dict[str, Any]:
    """Grafana's model of it, right for every generation of the container."""
    panels = [_panel(index, *each) for index, each in enumerate(list_panels(service_name, namespace, grouped=grouped))]
    return {
        "uid": f"nim-{digest({'namespace': namespace, 'service': service_name})}",
        "title": f"NIM / {namespace} / {service_name}",
        "tags": ["nim"],
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    }


def list_panels(service_name: str, namespace: str, *, grouped: bool = False) -> list[tuple[str, str, list[Query]]]:
    """Title, unit and queries, in reading order: demand, room, speed, work, pods."""

    def pods(names: tuple[str, ...]) -> str:
        return f"sum by (pod) ({select(names, service_name, namespace)})"

    def rate(names: tuple[str, ...]) -> str:
        return f"sum(rate({select(names, service_name, namespace)}[{WINDOW}]))"

    def quantiles(names: tuple[str, ...]) -> list[Query]:
        return [(f"p{part * 100:g}", quantile(names, service_name, namespace, part, WINDOW)) for part in (0.5, 0.95, 0.99)]

    return [
        ("Requests waiting", "short", [("{{pod}}", pods(NAMES.waiting))]),
        ("Requests running", "short", [("{{pod}}", pods(NAMES.running))]),
        ("KV cache in use", "percentunit", [("{{pod}}", f"max by (pod) ({select(NAMES.kv_cache, service_name, namespace)})")]),
        ("Time to the first token", "s", quantiles(NAMES.first_token)),
        ("Time of a request", "s", quantiles(NAMES.latency)),
        ("Tokens a second", "short", [("read", rate(NAMES.prompt_tokens)), ("written", rate(NAMES.generation_tokens))]),
        (
            "Pods",
            "short",
            [
                ("scraped", f'sum(up{{namespace="{namespace}",service="{service_name}"}})'),
                ("wanted", f"sum({wanted(service_name, namespace, grouped=grouped)})"),
                ("available", f"sum({available(service_name, namespace, grouped=grouped)})"),
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
