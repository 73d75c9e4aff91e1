"""The PrometheusRule (monitoring.coreos.com/v1). Field names are the CRD's own."""

from collections.abc import Callable
from typing import Any, TypedDict

import pulumi

from ..args import NIM
from ..args.metrics import AlertsArgs, seconds_of
from ..names import labels
from .inputs import lift, lift_all
from .promql import NAMES, plain_number, quantile, select, wanted

# `for` is a word of Python's: such a type is made by a call.
AlertRule = TypedDict(
    "AlertRule",
    {"alert": str, "expr": "pulumi.Input[str]", "for": str, "labels": "dict[str, pulumi.Input[str]]", "annotations": dict[str, str]},
)


class RuleGroup(TypedDict):
    """Rules that are evaluated together."""

    name: str
    rules: list[AlertRule]


class PrometheusRuleSpec(TypedDict):
    """The part of the spec that the component uses."""

    groups: list[RuleGroup]


def render_alerts(nim: NIM, service_name: str, alerts: AlertsArgs) -> dict[str, Any]:
    """The whole object, with its version and kind."""
    spec: PrometheusRuleSpec = {"groups": [{"name": f"nim-{service_name}", "rules": list_alerts(nim, service_name, alerts)}]}
    return {
        "api_version": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": service_name,
            "namespace": nim.namespace,
            "labels": {**(alerts.labels or {}), **labels(service_name)},
        },
        "spec": spec,
    }


def list_alerts(nim: NIM, service_name: str, alerts: AlertsArgs) -> list[AlertRule]:
    """The rules, in a fixed order: what is down first."""

    def rule(name: str, expr: Any, summary: str, hold: str = alerts.hold, severity: Any = alerts.severity) -> AlertRule:
        return {
            "alert": name,
            "expr": expr,
            "for": hold,
            "labels": {"severity": severity, "service": service_name},
            "annotations": {"summary": summary},
        }

    def above(threshold: Any, ask: Callable[[str], str]) -> Any:
        def compare(namespace: str, limit: Any) -> str:
            return f"({ask(namespace)}) > {plain_number(limit)}"

        return lift_all(compare, nim.namespace, threshold)

    def not_serving(namespace: str) -> str:
        up = f'sum(up{{namespace="{namespace}",service="{service_name}"}})'
        servers = wanted(service_name, namespace, grouped=nim.multi_node is not None)
        return f"(({up}) or vector(0)) == 0 and on() sum({servers}) > 0"

    # A pod that loads answers no scrape: it is late only when the budget of its start is spent.
    patience = f"{max(int(seconds_of(alerts.hold)), nim.startup_timeout)}s"
    rules = [rule("NIMNotServing", lift(nim.namespace, not_serving), f"No pod of {service_name} answers.", patience, "critical")]
    if alerts.queue is not None:
        waiting = above(alerts.queue, lambda namespace: f"avg({select(NAMES.waiting, service_name, namespace)})")
        text = f"Requests to {service_name} wait: {{{{ $value | humanize }}}} a pod."
        rules.append(rule("NIMQueueGrows", waiting, text))
    if alerts.kv_cache is not None:
        used = above(alerts.kv_cache, lambda namespace: f"max({select(NAMES.kv_cache, service_name, namespace)})")
        text = f"The KV cache of a pod of {service_name} is full: {{{{ $value | humanizePercentage }}}}."
        rules.append(rule("NIMCacheFull", used, text))
    if alerts.first_token is not None:
        slow = above(alerts.first_token, lambda namespace: quantile(NAMES.first_token, service_name, namespace))
        text = f"{service_name} is slow: {{{{ $value | humanizeDuration }}}} to the first token, 95th percentile."
        rules.append(rule("NIMSlow", slow, text))
    return rules
