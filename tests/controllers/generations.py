"""One service of each generation, with everything that reads its metrics."""

from typing import Any

from nim_component import NIM, AlertsArgs, CacheArgs, DashboardArgs, MetricsArgs, MonitorArgs, NIMSecrets

IMAGES = {
    "1.x": "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3",
    "2.x-vllm": "nvcr.io/nim/meta/llama3-8b-instruct:2.1.5",
    "2.x-sglang": "nvcr.io/nim/meta/llama3-8b-instruct:2.1.5-sglang",
}
ANNOTATIONS = "annotations"
STARTUP = 60
"""Seconds: the shortest start-up time-out, for which `NIMNotServing` waits."""


def monitored(generation: Any, namespace: str, *, kind: Any = "ServiceMonitor", **fields: Any) -> NIM:
    """Return a service that is scraped each second, with a dashboard and alerts.

    The kind is that of the monitor, or `ANNOTATIONS`.
    """
    annotated = kind == ANNOTATIONS
    metrics = MetricsArgs(
        monitor=None if annotated else MonitorArgs(kind=kind, interval="1s"),
        scrape_annotations=annotated,
        dashboard=DashboardArgs(),
        alerts=AlertsArgs(hold="2s", queue=5, kv_cache=0.9, first_token=2),
    )
    given: dict[str, Any] = {
        "secrets": NIMSecrets.keyless(),
        "image": IMAGES[generation],
        "generation": generation,
        "namespace": namespace,
        "cache": CacheArgs(empty_dir=True),
        "metrics": metrics,
        "startup_timeout": STARTUP,
    }
    return NIM(**given | fields)
