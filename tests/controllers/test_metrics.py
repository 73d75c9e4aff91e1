"""Series, dashboard and alerts of each generation, with a real Prometheus and its operator."""

import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from nim_component.args.scaling import PresetName
from nim_component.manifests.promql import query_preset
from tests.cluster.client import Client, Object, wait_until
from tests.cluster.nodes import EIGHT_GPUS
from tests.cluster.objects import apply_all, pick, render
from tests.cluster.pod_network import PodNetwork
from tests.cluster.waiting import wait_for_rollout

from .documented import read_snippet
from .generations import ANNOTATIONS, STARTUP, monitored
from .monitoring import Prometheus, is_scraped
from .servers import Servers
from .stub_nim import GENERATIONS

GUIDE = "metrics.md"
LABEL = read_snippet(GUIDE, "pod_labels:")["pod_labels"]


class Service(NamedTuple):
    """A running service whose series Prometheus has."""

    namespace: str
    objects: list[Object]
    servers: Servers


@pytest.fixture(params=sorted(GENERATIONS))
def generation(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["ServiceMonitor"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def service(
    cluster: Client, network: PodNetwork, prometheus: Prometheus, namespace: str, nodes: Any, generation: str, kind: str
) -> Iterator[Service]:
    """Run two pods of a service, and wait for their series."""
    nodes(EIGHT_GPUS)
    labels = {"pod_labels": LABEL} if kind == ANNOTATIONS else {}
    objects = render(monitored(generation, namespace, kind=kind, replicas=2, **labels), namespace)
    with Servers(cluster, network, namespace, generation) as servers:
        apply_all(cluster, objects)
        wait_for_rollout(cluster, objects)
        prometheus.sync(lambda configuration: kind == ANNOTATIONS or is_scraped(namespace, configuration))
        wait_until("two scraped pods", lambda: prometheus.count_scraped(namespace) == 2)
        yield Service(namespace, objects, servers)


PRESETS: dict[PresetName, float] = {"queue": 8, "running": 6, "kv-cache": 1.0}
"""Value of each preset with two pods under `LOAD`."""
LOAD = {"waiting": 4, "running": 3, "kv_cache": 0.5}


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PodMonitor", ANNOTATIONS], indirect=True)
def test_presets_read_the_series(cluster: Client, prometheus: Prometheus, service: Service):
    namespace = service.namespace
    pods = {pod["metadata"]["name"] for pod in cluster.pods(namespace)}
    found = prometheus.query(f'up{{namespace="{namespace}"}}')
    assert {(each["metric"]["service"], each["metric"]["pod"], each["value"][1]) for each in found} == {("llama", pod, "1") for pod in pods}

    service.servers.set_load(**LOAD)
    for preset, value in PRESETS.items():
        query = query_preset(preset, "llama", namespace)
        wait_until(f"the preset {preset}", lambda query=query, value=value: prometheus.value(query) == value)

    latency = query_preset("latency", "llama", namespace)
    assert prometheus.value(latency) == 0  # no requests: not unknown
    service.servers.set_load(first_tokens=[3.0] * 100)
    wait_until("the latency of slow requests", lambda: (prometheus.value(latency) or 0) > 2)


@pytest.mark.parametrize("kind", ["ServiceMonitor", ANNOTATIONS], indirect=True)
def test_every_panel_has_data(prometheus: Prometheus, service: Service):
    data = pick(service.objects, "ConfigMap", "llama-dashboard")["data"]
    dashboard = json.loads(next(iter(data.values())))
    queries = [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(queries) == 14

    def without_data() -> list[str]:
        return [title for title, query in queries if not has_numbers(prometheus.query(query.replace("$__rate_interval", "15s")))]

    service.servers.complete(3)
    wait_until("data in every panel", lambda: without_data() == [])


def test_annotations_need_a_label_for_queries(cluster: Client, network: PodNetwork, prometheus: Prometheus, namespace: str, nodes: Any):
    """Without `service`, series are scraped and no query selects them, until Prometheus sets it."""
    nodes(EIGHT_GPUS)
    objects = render(monitored("2.x-vllm", namespace, kind=ANNOTATIONS), namespace)
    with Servers(cluster, network, namespace, "2.x-vllm") as servers:
        apply_all(cluster, objects)
        wait_for_rollout(cluster, objects)
        servers.set_load(**LOAD)
        series = f'vllm:num_requests_waiting{{namespace="{namespace}",pod!=""}}'
        wait_until("series", lambda: prometheus.value(series) == LOAD["waiting"])
        query = query_preset("queue", "llama", namespace)
        assert prometheus.value(query) is None
        prometheus.added_relabelings = read_snippet(GUIDE, "target_label: service")["relabel_configs"]
        try:
            prometheus.sync()
            wait_until("the preset", lambda: prometheus.value(query) == LOAD["waiting"])
        finally:
            prometheus.added_relabelings = []


def has_numbers(result: list[Object]) -> bool:
    """Return whether a result has series, all with numbers."""
    return bool(result) and not any(math.isnan(float(each["value"][1])) for each in result)


CONDITIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "NIMQueueGrows": ({"waiting": 6}, {"waiting": 0}),
    "NIMCacheFull": ({"kv_cache": 0.97}, {"kv_cache": 0.2}),
}
"""Load under which an alert fires, and load after which it resolves."""


def test_alerts_fire_and_resolve(prometheus: Prometheus, service: Service):
    namespace = service.namespace
    wait_until("the rules", lambda: set(prometheus.rules(namespace)) == {"NIMNotServing", "NIMSlow", *CONDITIONS})
    wait_until("no alert of servers that answered no scrape yet", lambda: prometheus.alerts(namespace) == {})
    for alert, (fires, resolves) in CONDITIONS.items():
        service.servers.set_load(**fires)
        wait_until(f"the alert {alert}", lambda alert=alert: prometheus.alerts(namespace) == {alert: "firing"})
        service.servers.set_load(**resolves)
        wait_until(f"no alert {alert}", lambda: prometheus.alerts(namespace) == {})
    service.servers.set_load(first_tokens=[3.0] * 100)
    wait_until("the alert NIMSlow", lambda: prometheus.alerts(namespace) == {"NIMSlow": "firing"})


@pytest.mark.parametrize("generation", ["2.x-vllm"], indirect=True)
def test_alert_of_silent_servers_waits_for_start(prometheus: Prometheus, service: Service):
    """A server that loads its model answers no scrape either."""
    service.servers.set_load(silent=True)
    wait_until("a pending alert", lambda: prometheus.alerts(service.namespace) == {"NIMNotServing": "pending"})
    since = prometheus.rules(service.namespace)["NIMNotServing"]
    assert since["duration"] == STARTUP
    wait_until("the alert", lambda: prometheus.alerts(service.namespace) == {"NIMNotServing": "firing"}, seconds=STARTUP + 30)
    service.servers.set_load(silent=False)
    wait_until("no alert", lambda: prometheus.alerts(service.namespace) == {})


@pytest.mark.parametrize("generation", ["2.x-vllm"], indirect=True)
def test_stopped_service_raises_no_alert(cluster: Client, prometheus: Prometheus, service: Service):
    apply_all(cluster, render(monitored("2.x-vllm", service.namespace, replicas=0), service.namespace))
    wait_until("no pods", lambda: not cluster.pods(service.namespace))
    wait_until("no series", lambda: prometheus.count_scraped(service.namespace) is None, seconds=400)
    assert prometheus.alerts(service.namespace) == {}
