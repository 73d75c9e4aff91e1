"""PromQL of presets, alerts and dashboard.

Each query works for every generation of the container, also while one replaces the other. Series
are selected by the labels of a ServiceMonitor: `namespace`, `service` and `pod`.
"""

from decimal import Decimal
from typing import Any

from ..args.generation import UNKNOWN_GENERATION
from ..args.scaling import PresetName
from ..kubernetes.quantities import parse_quantity
from ..names import name_leader_worker_set

NAMES = UNKNOWN_GENERATION.metrics
"""Metric names of all generations; each series has one of them."""


def select_series(names: tuple[str, ...], service_name: str, namespace: str, suffix: str = "") -> str:
    """Return the selector of a service's series with any of the names.

    PromQL anchors the pattern at both ends.
    """
    pattern = "|".join(f"{name}{suffix}" for name in names)
    return f'{{__name__=~"{pattern}",namespace="{namespace}",service="{service_name}"}}'


def query_quantile(names: tuple[str, ...], service_name: str, namespace: str, fraction: float = 0.95, window: str = "5m") -> str:
    """Return the query of a histogram's quantile, in seconds.

    The result is 0 without requests, and empty without series, so that the two cases differ.
    """
    buckets = select_series(names, service_name, namespace, "_bucket")
    count = select_series(names, service_name, namespace, "_count")
    return f"(histogram_quantile({fraction}, sum by (le) (rate({buckets}[{window}]))) >= 0) or (sum(rate({count}[{window}])) == 0)"


def query_preset(preset: PresetName, service_name: str, namespace: str) -> str:
    """Return the query of a preset.

    It is the sum over all pods, which the autoscaler divides by their number. The latency is that
    of the service as a whole.
    """
    if preset == "latency":
        return query_quantile(NAMES.first_token, service_name, namespace)
    names = {"queue": NAMES.waiting, "running": NAMES.running, "kv-cache": NAMES.kv_cache}[preset]
    return f"sum({select_series(names, service_name, namespace)})"


def add_zero_at_rest(query: str, service_name: str, namespace: str) -> str:
    """Return the query extended by 0 while the Deployment has zero desired replicas.

    kube-state-metrics reports that number. During an outage the result stays empty.
    """
    return f"({query}) or sum({query_desired_replicas(service_name, namespace)} == 0)"


def query_desired_replicas(service_name: str, namespace: str, *, is_multi_node: bool = False) -> str:
    """Return the query of the desired number of servers, from kube-state-metrics.

    With `multi_node`, it is the number of the leaders' StatefulSet.
    """
    if is_multi_node:
        return f'kube_statefulset_replicas{{namespace="{namespace}",statefulset="{name_leader_worker_set(service_name)}"}}'
    return f'kube_deployment_spec_replicas{{namespace="{namespace}",deployment="{service_name}"}}'


def query_available_replicas(service_name: str, namespace: str, *, is_multi_node: bool = False) -> str:
    """Return the query of the number of available servers, from kube-state-metrics."""
    if is_multi_node:
        return f'kube_statefulset_status_replicas_available{{namespace="{namespace}",statefulset="{name_leader_worker_set(service_name)}"}}'
    return f'kube_deployment_status_replicas_available{{namespace="{namespace}",deployment="{service_name}"}}'


def format_number(target: Any) -> str:
    """Return a quantity as a number of PromQL and KEDA: `750m` is 0.75."""
    number = parse_quantity(str(target))
    return f"{(Decimal(number.numerator) / number.denominator).normalize():f}"
