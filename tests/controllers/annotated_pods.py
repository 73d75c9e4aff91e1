"""Scrape job for pods with the annotations `prometheus.io/*`.

Its relabeling has the effect of the job `kubernetes-pods` in the community's chart `prometheus`:
https://github.com/prometheus-community/helm-charts/blob/main/charts/prometheus/values.yaml
"""

from tests.cluster.client import Object

_META = "__meta_kubernetes_pod"
_ANNOTATION = f"{_META}_annotation_prometheus_io"


def scrape_annotated_pods(interval: str, added: list[Object]) -> Object:
    """Return the job, with more rules at the end."""
    rules: list[Object] = [
        {"action": "keep", "source_labels": [f"{_ANNOTATION}_scrape"], "regex": "true"},
        {"source_labels": [f"{_ANNOTATION}_path"], "regex": "(.+)", "target_label": "__metrics_path__"},
        {
            "source_labels": [f"{_META}_ip", f"{_ANNOTATION}_port"],
            "regex": r"([0-9.]+);([0-9]+)",
            "replacement": "$1:$2",
            "target_label": "__address__",
        },
        {"action": "labelmap", "regex": f"{_META}_label_(.+)"},
        {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
        {"source_labels": [f"{_META}_name"], "target_label": "pod"},
        {"action": "drop", "source_labels": [f"{_META}_phase"], "regex": "Pending|Succeeded|Failed|Completed"},
    ]
    return {
        "job_name": "kubernetes-pods",
        "honor_labels": True,
        "scrape_interval": interval,
        "kubernetes_sd_configs": [{"role": "pod"}],
        "relabel_configs": [*rules, *added],
    }
