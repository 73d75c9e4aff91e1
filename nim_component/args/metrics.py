"""Metrics of the server: scraping, dashboard and alerts."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, Strict

from .arguments import Arguments
from .field_types import Flag, LabelValue, Text, UrlPath
from .fixes import fix
from .metadata import Annotations, Labels
from .problems import Problem
from .rule import Rule
from .scaling import Target
from .validators import match_pattern

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}

if TYPE_CHECKING:
    PrometheusDuration = str
else:
    PrometheusDuration = Annotated[
        str,
        Strict(),
        match_pattern(
            r"([0-9]{1,6}(ms|s|m|h|d))+", "must be a duration", fix("Write it in the form of Prometheus, such as {} or {}.", "30s", "1h30m")
        ),
    ]


def seconds_of(duration: str) -> float:
    """Return the seconds of a duration: `1m30s` is 90."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)(ms|s|m|h|d)", duration))


class MonitorArgs(Arguments):
    """ServiceMonitor or PodMonitor of the Prometheus Operator, whose CRDs must be installed."""

    kind: Literal["ServiceMonitor", "PodMonitor"] = "ServiceMonitor"
    """Kind of the object. Both add the labels `namespace`, `service` and `pod` to the series."""

    labels: Labels | None = None
    """Labels by which Prometheus selects the object, such as `release: kube-prometheus-stack`, in
    addition to the component's own."""

    annotations: Annotations | None = None
    """Annotations of the object."""

    path: UrlPath | None = None
    """URL path of the metrics. Unset: that of the generation, `/v1/metrics`."""

    interval: PrometheusDuration = "30s"
    """Time between two scrapes."""

    scrape_timeout: PrometheusDuration | None = None
    """Timeout of a scrape, at most `interval`. Unset: the default of Prometheus."""

    @staticmethod
    def _validate(interval: str, timeout: str | None) -> Iterator[Problem]:
        if timeout is not None and seconds_of(timeout) > seconds_of(interval):
            action = "Decrease it, or increase interval."
            yield Problem(("scrape_timeout",), f"must be at most interval ({interval})", action, repr(timeout))

    rules = (Rule(("interval", "scrape_timeout"), _validate.__func__, waits=False),)  # pyright: ignore


class DashboardArgs(Arguments):
    """Grafana dashboard in a ConfigMap, for Grafana's sidecar."""

    labels: Labels = Field(default={"grafana_dashboard": "1"})
    """Labels by which the sidecar selects the ConfigMap. The default is that of
    kube-prometheus-stack."""

    folder: Text | None = None
    """Folder, in the annotation `grafana_folder`. Unset: Grafana's default folder."""


class AlertsArgs(Arguments):
    """PrometheusRule of the Prometheus Operator. A threshold of null disables its alert."""

    labels: Labels | None = None
    """Labels by which Prometheus selects the object, such as `release: kube-prometheus-stack`, in
    addition to the component's own."""

    severity: LabelValue = "warning"
    """Label `severity` of the alerts. `NIMNotServing` always has `critical`."""

    hold: PrometheusDuration = "10m"
    """Time for which a condition must be true before its alert fires. `NIMNotServing` waits at
    least `startup_timeout`."""

    queue: Target | None = 10
    """Threshold of `NIMQueueGrows`: waiting requests for each pod, on average."""

    kv_cache: Target | None = 0.95
    """Threshold of `NIMCacheFull`: used fraction of the KV cache of any pod. Above the default, the
    server delays requests."""

    first_token: Target | None = 5
    """Threshold of `NIMSlow`: seconds of the 95th percentile of the time to first token."""


class MetricsArgs(Arguments):
    """Scraping by the Prometheus Operator, with an optional dashboard and alerts.

    They use the metric names of every generation.
    """

    monitor: MonitorArgs | None = MonitorArgs()
    """Scraping by the Prometheus Operator. Null disables it."""

    scrape_annotations: Flag = False
    """Annotations `prometheus.io/scrape`, `port` and `path` on the pods, for a Prometheus without
    the operator. Dashboard, alerts and presets also need the label `service` with the name of the
    service: set it in `pod_labels`, or by a rule of Prometheus."""

    dashboard: DashboardArgs | None = None
    """Grafana dashboard."""

    alerts: AlertsArgs | None = None
    """Alerts for Prometheus."""

    @staticmethod
    def _validate(monitor: Any, scrape_annotations: bool, dashboard: Any, alerts: Any) -> Iterator[Problem]:
        if not (monitor or scrape_annotations or dashboard or alerts):
            action = "Set monitor, scrape_annotations, dashboard or alerts, or remove metrics."
            yield Problem((), "must not disable everything", action)
        if monitor and scrape_annotations:
            message = "must not be combined with monitor: series would be scraped and counted twice"
            yield Problem(("scrape_annotations",), message, fix("Remove it, or set {}.", {"monitor": None}))

    rules = (Rule(("monitor", "scrape_annotations", "dashboard", "alerts"), _validate.__func__, waits=False),)  # pyright: ignore


SCRAPE = "prometheus.io/scrape"
SCRAPE_PORT = "prometheus.io/port"
SCRAPE_PATH = "prometheus.io/path"


def validate_metrics_metadata(metrics: MetricsArgs | None, annotations: Mapping[str, Any] | None) -> Iterator[Problem]:
    """Refuse the annotations that `scrape_annotations` sets."""
    if metrics is not None and metrics.scrape_annotations:
        for name in (SCRAPE, SCRAPE_PORT, SCRAPE_PATH):
            if name in (annotations or {}):
                yield Problem(("pod_annotations", name), "is managed by the component", "Remove it, or remove metrics.scrape_annotations.")
