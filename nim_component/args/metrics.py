"""How the server's metrics are scraped, shown and watched."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, Strict

from .arguments import Arguments, Rule
from .field_types import Flag, LabelValue, Text, UrlPath, match_pattern
from .metadata import Annotations, Labels
from .problems import Problem
from .scaling import Target

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}

if TYPE_CHECKING:
    PrometheusDuration = str
else:
    PrometheusDuration = Annotated[
        str,
        Strict(),
        match_pattern(r"([0-9]{1,6}(ms|s|m|h|d))+", "must be a duration", "Write it as Prometheus does, such as 30s or 1h30m."),
    ]


def seconds_of(duration: str) -> float:
    """`1m30s` → 90."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)(ms|s|m|h|d)", duration))


class MonitorArgs(Arguments):
    """A ServiceMonitor or PodMonitor of the Prometheus operator, whose CRDs must be in the cluster."""

    kind: Literal["ServiceMonitor", "PodMonitor"] = "ServiceMonitor"
    """Which. Default `ServiceMonitor`. Both give the series the labels `namespace`, `service` and `pod`."""

    labels: Labels | None = None
    """Labels by which Prometheus finds it, such as `release: kube-prometheus-stack`. Default: none beside the component's own."""

    annotations: Annotations | None = None
    """Annotations. Default: none."""

    path: UrlPath | None = None
    """Path of the metrics. Default: the generation's, `/v1/metrics`."""

    interval: PrometheusDuration = "30s"
    """Time between two scrapes. Default 30s."""

    scrape_timeout: PrometheusDuration | None = None
    """Time that a scrape may take, at most `interval`. Default: Prometheus' own."""

    @staticmethod
    def _validate(interval: str, timeout: str | None) -> Iterator[Problem]:
        if timeout is not None and seconds_of(timeout) > seconds_of(interval):
            yield Problem(("scrape_timeout",), f"must not be above interval ({interval})", "Lower it, or raise interval.", repr(timeout))

    rules = (Rule(("interval", "scrape_timeout"), _validate.__func__, waits=False),)  # pyright: ignore


class DashboardArgs(Arguments):
    """A Grafana dashboard in a ConfigMap, as Grafana's sidecar reads it."""

    labels: Labels = Field(default={"grafana_dashboard": "1"})
    """Labels by which the sidecar finds it. Default `grafana_dashboard: "1"`, that of kube-prometheus-stack."""

    folder: Text | None = None
    """Folder, by the annotation `grafana_folder`. Default: Grafana's own choice."""


class AlertsArgs(Arguments):
    """A PrometheusRule of the Prometheus operator. A threshold that is null is no alert."""

    labels: Labels | None = None
    """Labels by which Prometheus finds it, such as `release: kube-prometheus-stack`. Default: none beside the component's own."""

    severity: LabelValue = "warning"
    """Label `severity` of the alerts; `NIMNotServing` is always `critical`. Default `warning`."""

    hold: PrometheusDuration = "10m"
    """How long it must be so before it is said. Default 10m; `NIMNotServing` waits at least for `startup_timeout`."""

    queue: Target | None = 10
    """`NIMQueueGrows`: more requests waiting than this, a pod on average. Default 10."""

    kv_cache: Target | None = 0.95
    """`NIMCacheFull`: more of the KV cache in use than this part, in any pod. Default 0.95: from there on requests are put off."""

    first_token: Target | None = 5
    """`NIMSlow`: 95th percentile of the time to the first token above so many seconds. Default 5."""


class MetricsArgs(Arguments):
    """Scraping by the Prometheus operator, and on request a dashboard and alerts. They know the names of every generation."""

    monitor: MonitorArgs | None = MonitorArgs()
    """Who scrapes. Default: a ServiceMonitor. Null is none."""

    scrape_annotations: Flag = False
    """Annotations `prometheus.io/scrape`, `port` and `path` of the pods, for a Prometheus without the operator. Default no."""

    dashboard: DashboardArgs | None = None
    """A dashboard. Default: none."""

    alerts: AlertsArgs | None = None
    """Alerts. Default: none."""

    @staticmethod
    def _validate(monitor: Any, scrape_annotations: bool, dashboard: Any, alerts: Any) -> Iterator[Problem]:
        if not (monitor or scrape_annotations or dashboard or alerts):
            yield Problem((), "must ask for something", "Give monitor, scrape_annotations, dashboard or alerts, or leave metrics out.")
        if monitor and scrape_annotations:
            rule = "must not be given together with monitor: what is scraped twice counts twice"
            yield Problem(("scrape_annotations",), rule, "Leave it out, or say monitor: null.")

    rules = (Rule(("monitor", "scrape_annotations", "dashboard", "alerts"), _validate.__func__, waits=False),)  # pyright: ignore


SCRAPE = "prometheus.io/scrape"
SCRAPE_PORT = "prometheus.io/port"
SCRAPE_PATH = "prometheus.io/path"


def validate_metrics_metadata(metrics: MetricsArgs | None, annotations: Mapping[str, Any] | None) -> Iterator[Problem]:
    """What the component sets must not vanish unseen."""
    if metrics is not None and metrics.scrape_annotations:
        for name in (SCRAPE, SCRAPE_PORT, SCRAPE_PATH):
            if name in (annotations or {}):
                yield Problem(("pod_annotations", name), "is managed by the component", "Leave it out, or metrics.scrape_annotations.")
