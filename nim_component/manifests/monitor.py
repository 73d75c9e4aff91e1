"""ServiceMonitor and PodMonitor (monitoring.coreos.com/v1). Field names are the CRDs' own."""

from typing import Any, NotRequired, TypedDict

import pulumi

from ..args import NIM
from ..args.metrics import SCRAPE, SCRAPE_PATH, SCRAPE_PORT, MonitorArgs
from ..names import labels, selector
from .generation import server_generation
from .inputs import lift
from .server import PORT_NAME


class Relabeling(TypedDict):
    """A label that is set before the scrape."""

    targetLabel: str
    replacement: str


class Endpoint(TypedDict):
    """What is scraped."""

    port: str
    path: "pulumi.Input[str]"
    interval: str
    scrapeTimeout: NotRequired[str]
    relabelings: NotRequired[list[Relabeling]]


class MonitorSpec(TypedDict, total=False):
    """The part of either spec that the component uses."""

    selector: dict[str, dict[str, str]]
    endpoints: list[Endpoint]
    podMetricsEndpoints: list[Endpoint]


def render_monitor(nim: NIM, service_name: str, monitor: MonitorArgs) -> dict[str, Any]:
    """The whole object, with its version and kind."""
    endpoint: Endpoint = {"port": PORT_NAME, "path": metrics_path(nim, monitor), "interval": monitor.interval}
    if monitor.scrape_timeout is not None:
        endpoint["scrapeTimeout"] = monitor.scrape_timeout
    spec: MonitorSpec = {"selector": {"matchLabels": selector(service_name)}}
    if monitor.kind == "PodMonitor":
        # A pod has no Service to be named by, and presets, alerts and dashboard ask by it.
        endpoint["relabelings"] = [{"targetLabel": "service", "replacement": service_name}]
        spec["podMetricsEndpoints"] = [endpoint]
    else:
        spec["endpoints"] = [endpoint]
    metadata: dict[str, Any] = {
        "name": service_name,
        "namespace": nim.namespace,
        "labels": {**(monitor.labels or {}), **labels(service_name)},
    }
    if monitor.annotations:
        metadata["annotations"] = dict(monitor.annotations)
    return {"api_version": "monitoring.coreos.com/v1", "kind": monitor.kind, "metadata": metadata, "spec": spec}


def metrics_path(nim: NIM, monitor: MonitorArgs | None = None) -> "pulumi.Input[str]":
    """Where the metrics are: as it was said, else as the generation has it."""
    if monitor is not None and monitor.path is not None:
        return lift(monitor.path, lambda path: f"/{path.lstrip('/')}")
    return lift(server_generation(nim), lambda generation: generation.metrics.path)


def scrape_annotations(nim: NIM) -> "dict[str, pulumi.Input[str]]":
    """Annotations of the pods, for a Prometheus that goes by them."""
    if nim.metrics is None or not nim.metrics.scrape_annotations:
        return {}
    return {SCRAPE: "true", SCRAPE_PORT: lift(nim.port, str), SCRAPE_PATH: metrics_path(nim)}
