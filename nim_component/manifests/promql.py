"""The PromQL of presets, alerts and dashboard: one text that is right for every generation of the container, also while one replaces the
other.

Series are told by the labels that a ServiceMonitor gives: `namespace`, `service`, `pod`.
"""

from decimal import Decimal
from typing import Any

from ..args.generation import UNKNOWN
from ..args.scaling import PresetName
from ..kubernetes.quantities import parse_quantity
from ..names import group_name

NAMES = UNKNOWN.metrics
"""Every generation's names: each series carries only one of them."""


def select(names: tuple[str, ...], service_name: str, namespace: str, suffix: str = "") -> str:
    """The series of one service under any of the names. `__name__` is matched whole."""
    pattern = "|".join(f"{name}{suffix}" for name in names)
    return f'{{__name__=~"{pattern}",namespace="{namespace}",service="{service_name}"}}'


def quantile(names: tuple[str, ...], service_name: str, namespace: str, part: float = 0.95, window: str = "5m") -> str:
    """A quantile of a histogram, in seconds. 0 while nobody asks, nothing while there are no series: the two are told apart."""
    buckets = select(names, service_name, namespace, "_bucket")
    count = select(names, service_name, namespace, "_count")
    return f"(histogram_quantile({part}, sum by (le) (rate({buckets}[{window}]))) >= 0) or (sum(rate({count}[{window}])) == 0)"


def preset_query(preset: PresetName, service_name: str, namespace: str) -> str:
    """The number that a preset compares. Over all pods, so that the autoscaler divides it by them; the latency is of the service."""
    if preset == "latency":
        return quantile(NAMES.first_token, service_name, namespace)
    names = {"queue": NAMES.waiting, "running": NAMES.running, "kv-cache": NAMES.kv_cache}[preset]
    return f"sum({select(names, service_name, namespace)})"


def or_zero_at_rest(query: str, service_name: str, namespace: str) -> str:
    """The query, and 0 while the Deployment is at zero by will, as kube-state-metrics says it: an outage must not look the same."""
    return f"({query}) or sum({wanted(service_name, namespace)} == 0)"


def wanted(service_name: str, namespace: str, *, grouped: bool = False) -> str:
    """How many servers there should be, as kube-state-metrics says it: of groups, the StatefulSet of their leaders."""
    if grouped:
        return f'kube_statefulset_replicas{{namespace="{namespace}",statefulset="{group_name(service_name)}"}}'
    return f'kube_deployment_spec_replicas{{namespace="{namespace}",deployment="{service_name}"}}'


def available(service_name: str, namespace: str, *, grouped: bool = False) -> str:
    """How many of them are ready."""
    if grouped:
        return f'kube_statefulset_status_replicas_available{{namespace="{namespace}",statefulset="{group_name(service_name)}"}}'
    return f'kube_deployment_status_replicas_available{{namespace="{namespace}",deployment="{service_name}"}}'


def plain_number(target: Any) -> str:
    """A quantity as PromQL and KEDA write a number: `750m` is 0.75."""
    number = parse_quantity(str(target))
    return f"{(Decimal(number.numerator) / number.denominator).normalize():f}"
