"""The PrometheusRule (monitoring.coreos.com/v1). Field names are those of the CRD."""

from collections.abc import Callable
from typing import Any, TypedDict

import pulumi

from ..args import NIM
from ..args.metrics import AlertsArgs, seconds_of
from ..names import make_labels
from .inputs import as_name, lift, lift_all
from .promql import NAMES, format_number, query_desired_replicas, query_quantile, select_series

# `for` is a Python keyword, so this type cannot be a class.
AlertRule = TypedDict(
    "AlertRule",
    {"alert": str, "expr": "pulumi.Input[str]", "for": str, "labels": "dict[str, pulumi.Input[str]]", "annotations": dict[str, str]},
)


class RuleGroup(TypedDict):
    """Rule group: rules that Prometheus evaluates together."""

    name: str
    rules: list[AlertRule]


class PrometheusRuleSpec(TypedDict):
    """Fields of the spec that the component sets."""

    groups: list[RuleGroup]


def render_alerts(nim: NIM, service_name: str, alerts: AlertsArgs) -> dict[str, Any]:
    """Render the object, with `apiVersion` and `kind`."""
    spec: PrometheusRuleSpec = {"groups": [{"name": f"nim-{service_name}", "rules": list_alerts(nim, service_name, alerts)}]}
    return {
        "api_version": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": service_name,
            "namespace": nim.namespace,
            "labels": {**(alerts.labels or {}), **make_labels(service_name)},
        },
        "spec": spec,
    }


def list_alerts(nim: NIM, service_name: str, alerts: AlertsArgs) -> list[AlertRule]:
    """Return the alert rules in a fixed order, the most severe first."""

    def rule(name: str, expr: Any, summary: str, hold: str = alerts.hold, severity: Any = alerts.severity) -> AlertRule:
        return {
            "alert": name,
            "expr": expr,
            "for": hold,
            "labels": {"severity": severity, "service": service_name},
            "annotations": {"summary": summary},
        }

    def above(threshold: Any, query: Callable[[str], str]) -> Any:
        def compare(namespace: str, limit: Any) -> str:
            return f"({query(namespace)}) > {format_number(limit)}"

        return lift_all(compare, nim.namespace, threshold)

    def not_serving(namespace: str) -> str:
        up = f'sum(up{{namespace="{namespace}",service="{service_name}"}})'
        servers = query_desired_replicas(service_name, namespace, is_multi_node=nim.multi_node is not None)
        return f"(({up}) or vector(0)) == 0 and on() sum({servers}) > 0"

    # A pod answers no scrape while it loads the model: the alert waits for the whole startup
    # timeout.
    startup_hold = f"{max(int(seconds_of(alerts.hold)), nim.startup_timeout)}s"
    text = f"No pod of {service_name} answers requests."
    rules = [rule("NIMNotServing", lift(as_name(nim.namespace), not_serving), text, startup_hold, "critical")]
    if alerts.queue is not None:
        waiting = above(alerts.queue, lambda namespace: f"avg({select_series(NAMES.waiting, service_name, namespace)})")
        text = f"Requests to {service_name} are waiting: {{{{ $value | humanize }}}} per pod."
        rules.append(rule("NIMQueueGrows", waiting, text))
    if alerts.kv_cache is not None:
        used = above(alerts.kv_cache, lambda namespace: f"max({select_series(NAMES.kv_cache, service_name, namespace)})")
        text = f"A pod of {service_name} uses {{{{ $value | humanizePercentage }}}} of its KV cache."
        rules.append(rule("NIMCacheFull", used, text))
    if alerts.first_token is not None:
        slow = above(alerts.first_token, lambda namespace: query_quantile(NAMES.first_token, service_name, namespace))
        text = f"Time to first token of {service_name}: {{{{ $value | humanizeDuration }}}} at the 95th percentile."
        rules.append(rule("NIMSlow", slow, text))
    return rules
