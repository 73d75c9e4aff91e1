"""ServiceMonitor and PodMonitor (monitoring.coreos.com/v1). Field names are those of the CRDs."""

from typing import Any, NotRequired, TypedDict

import pulumi

from ..args import NIM
from ..args.metrics import SCRAPE, SCRAPE_PATH, SCRAPE_PORT, MonitorArgs
from ..names import make_labels, make_selector
from .generation import find_server_generation
from .inputs import lift
from .server import name_port


class Relabeling(TypedDict):
    """Rule that sets a label before the scrape."""

    targetLabel: str
    replacement: str


class Endpoint(TypedDict):
    """Scrape endpoint."""

    port: "pulumi.Input[str]"
    path: "pulumi.Input[str]"
    interval: str
    scrapeTimeout: NotRequired[str]
    relabelings: NotRequired[list[Relabeling]]


class MonitorSpec(TypedDict, total=False):
    """Fields of both specs that the component sets."""

    selector: dict[str, dict[str, str]]
    endpoints: list[Endpoint]
    podMetricsEndpoints: list[Endpoint]


def render_monitor(nim: NIM, service_name: str, monitor: MonitorArgs) -> dict[str, Any]:
    """Render the object, with `apiVersion` and `kind`."""
    endpoint: Endpoint = {"port": name_port("http", nim.port), "path": find_metrics_path(nim, monitor), "interval": monitor.interval}
    if monitor.scrape_timeout is not None:
        endpoint["scrapeTimeout"] = monitor.scrape_timeout
    spec: MonitorSpec = {"selector": {"matchLabels": make_selector(service_name)}}
    if monitor.kind == "PodMonitor":
        # A PodMonitor sets no label `service`, and presets, alerts and dashboard query by it.
        endpoint["relabelings"] = [{"targetLabel": "service", "replacement": service_name}]
        spec["podMetricsEndpoints"] = [endpoint]
    else:
        spec["endpoints"] = [endpoint]
    metadata: dict[str, Any] = {
        "name": service_name,
        "namespace": nim.namespace,
        "labels": {**(monitor.labels or {}), **make_labels(service_name)},
    }
    if monitor.annotations:
        metadata["annotations"] = dict(monitor.annotations)
    return {"api_version": "monitoring.coreos.com/v1", "kind": monitor.kind, "metadata": metadata, "spec": spec}


def find_metrics_path(nim: NIM, monitor: MonitorArgs | None = None) -> "pulumi.Input[str]":
    """Return the path of the metrics: `metrics.monitor.path`, or the default of the generation."""
    if monitor is not None and monitor.path is not None:
        return lift(monitor.path, lambda path: f"/{path.lstrip('/')}")
    return lift(find_server_generation(nim), lambda generation: generation.metrics.path)


def render_scrape_annotations(nim: NIM) -> "dict[str, pulumi.Input[str]]":
    """Render annotations of the pods, for a Prometheus that discovers pods by annotations."""
    if nim.metrics is None or not nim.metrics.scrape_annotations:
        return {}
    return {SCRAPE: "true", SCRAPE_PORT: lift(nim.port, str), SCRAPE_PATH: find_metrics_path(nim)}
