"""Wrong arguments and their errors: scraping, dashboard and alerts."""

from typing import Any

CASES: list[tuple[dict[str, Any], str]] = [
    # metrics
    (
        {"metrics": {"monitor": None}},
        "metrics: must not disable everything. Set monitor, scrape_annotations, dashboard or alerts, or remove metrics.",
    ),
    (
        {"metrics": {"scrape_annotations": True}},
        "metrics.scrape_annotations: must not be combined with monitor: series would be scraped and counted twice. Remove"
        ' it, or set `"metrics": {"monitor": None}`.',
    ),
    (
        {"metrics": {"monitor": {"interval": "30 s"}}},
        'metrics.monitor.interval: must be a duration (got \'30 s\'). Write it in the form of Prometheus, such as `"30s"` or `"1h30m"`.',
    ),
    (
        {"metrics": {"monitor": {"interval": "1m", "scrape_timeout": "90s"}}},
        "metrics.monitor.scrape_timeout: must be at most interval (1m) (got '90s'). Decrease it, or increase interval.",
    ),
    (
        {"metrics": {"alerts": {"queue": -1}}},
        'metrics.alerts.queue: must be a number or quantity above zero (got -1). Write it such as `5`, `0.75` or `"750m"`.',
    ),
    (
        {"metrics": {"monitor": {"labels": {"app.kubernetes.io/name": "x"}}}},
        "metrics.monitor.labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved:"
        " app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, "
        "nim-component/cache-of.",
    ),
    (
        {"metrics": {"alerts": {"labels": {"app.kubernetes.io/name": "x"}}}},
        "metrics.alerts.labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved: "
        "app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, "
        "nim-component/cache-of.",
    ),
    (
        {"metrics": {"monitor": None, "scrape_annotations": True}, "pod_annotations": {"prometheus.io/port": "1"}},
        "pod_annotations['prometheus.io/port']: is managed by the component. Remove it, or remove metrics.scrape_annotations.",
    ),
]
