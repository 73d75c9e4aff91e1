"""Scaling by a HorizontalPodAutoscaler with metrics of prometheus-adapter."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from nim_component import AutoscalingArgs
from tests.cluster.client import Client, Object, condition, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.nodes import EIGHT_GPUS
from tests.cluster.objects import apply_all, render
from tests.cluster.pod_network import PodNetwork
from tests.cluster.waiting import hold, wait_for_rollout

from .aggregated_apis import is_served, name_api
from .documented import read_snippet
from .generations import monitored
from .monitoring import Prometheus, is_scraped
from .prometheus_adapter import EXTERNAL, GUIDE, NAME, Adapter
from .scaling import AT_ONCE, LOADS, add_gateway, replicas
from .servers import Servers
from .stub_nim import GENERATIONS

pytestmark = pytest.mark.usefixtures("adapter")

Serve = Callable[[str], Servers]
Start = Callable[..., list[Object]]


@pytest.fixture
def start(cluster: Client, prometheus: Prometheus, namespace: str, nodes: Any) -> Start:
    """Return a function that applies a service and waits until its autoscaler has metrics."""
    nodes(EIGHT_GPUS)

    def apply(generation: str, **fields: Any) -> list[Object]:
        scaling = AutoscalingArgs(max_replicas=3, scale_up=AT_ONCE, scale_down=AT_ONCE, **fields)
        objects = render(monitored(generation, namespace, autoscaling=scaling), namespace)
        apply_all(cluster, objects)
        wait_for_rollout(cluster, objects)
        prometheus.sync(lambda found: is_scraped(namespace, found))
        wait_until("an autoscaler with metrics", lambda: has_metrics(cluster, namespace), seconds=90)
        return objects

    return apply


def has_metrics(cluster: Client, namespace: str) -> bool:
    """Return whether the autoscaler can compute the number of pods."""
    live = cluster.get("autoscaling/v2", "HorizontalPodAutoscaler", "llama", namespace)
    return condition(live, "ScalingActive").get("status") == "True"


def check_load(cluster: Client, servers: Servers, objects: list[Object], preset: str) -> None:
    """Check that the load of a preset adds pods, and its end removes them."""
    busy, idle = LOADS[preset]
    servers.set_load(**busy)
    wait_until("three pods", lambda: replicas(cluster, objects) == 3)
    servers.set_load(**idle)
    wait_until("one pod", lambda: replicas(cluster, objects) == 1)


@pytest.mark.parametrize("generation", sorted(GENERATIONS))
def test_each_preset_adds_and_removes_pods(cluster: Client, start: Start, serve: Serve, generation: str):
    servers = serve(generation)
    objects = start(generation, presets=["queue", "running", "kv-cache"])
    for preset in LOADS:
        check_load(cluster, servers, objects, preset)
    hold(5, lambda: replicas(cluster, objects) == 1)


def test_own_rules_keep_the_colon(cluster: Client, start: Start, serve: Serve):
    servers = serve("2.x-vllm")
    objects = start("2.x-vllm", metrics=[{"pods": {"name": "vllm:num_requests_waiting", "average_value": 5}}])
    check_load(cluster, servers, objects, "queue")


def test_object_metric_counts_the_service(cluster: Client, start: Start, serve: Serve):
    """The adapter's own rules serve the sum of the pods as a metric of the Service."""
    servers = serve("1.x")
    objects = start("1.x", metrics=read_snippet(GUIDE, "kind: Service")["autoscaling"]["metrics"])
    servers.set_load(waiting=8)
    wait_until("two pods", lambda: replicas(cluster, objects) > 1)
    servers.set_load(waiting=0)
    wait_until("one pod", lambda: replicas(cluster, objects) == 1)


@pytest.fixture
def gateway(cluster: Client, network: PodNetwork, namespace: str) -> Iterator[Gauge]:
    """Run a gateway whose metric selects the service by a label."""
    registry = CollectorRegistry()
    server, thread = start_http_server(0, "127.0.0.1", registry)
    add_gateway(cluster, namespace, {"prometheus.io/scrape": "true", "prometheus.io/port": "9090"})
    address = wait_until("an address", lambda: cluster.get("v1", "Pod", "gateway", namespace)["status"].get("podIP"))
    network.route(address, 9090, server.server_port)
    yield Gauge("gateway_queued_requests", "Requests without a server.", ["model"], registry=registry)
    server.shutdown()
    thread.join()


@pytest.fixture
def external_metrics(cluster: Client, adapter: Adapter) -> Iterator[None]:
    """Serve external metrics by the adapter, in place of KEDA."""
    kind = ("apiregistration.k8s.io/v1", "APIService", name_api(EXTERNAL))
    before = cluster.find(*kind)
    adapter.serve(EXTERNAL)
    yield
    cluster.delete(*kind)
    if before is not None:
        metadata = {"name": before["metadata"]["name"]}
        cluster.create({"apiVersion": kind[0], "kind": kind[1], "metadata": metadata, "spec": before["spec"]})
        wait_until("KEDA's metrics", lambda: is_served(cluster, EXTERNAL))


@pytest.mark.usefixtures("external_metrics")
def test_external_metric_adds_and_removes_pods(cluster: Client, start: Start, serve: Serve, gateway: Gauge):
    serve("2.x-vllm")
    gateway.labels("llama").set(0)
    gateway.labels("other").set(50)
    objects = start("2.x-vllm", metrics=read_snippet(GUIDE, "external:")["autoscaling"]["metrics"])
    hold(5, lambda: replicas(cluster, objects) == 1)
    gateway.labels("llama").set(15)
    wait_until("three pods", lambda: replicas(cluster, objects) == 3)
    gateway.labels("llama").set(0)
    wait_until("one pod", lambda: replicas(cluster, objects) == 1)


def test_missing_metrics_keep_the_pods(cluster: Client, control_plane: ControlPlane, start: Start, serve: Serve, namespace: str):
    """First the servers answer no scrape, then the adapter is stopped."""
    servers = serve("2.x-vllm")
    objects = start("2.x-vllm", presets=["queue"])
    servers.set_load(waiting=20)
    wait_until("three pods", lambda: replicas(cluster, objects) == 3)
    servers.set_load(silent=True)
    wait_until("no metrics", lambda: not has_metrics(cluster, namespace))
    hold(5, lambda: replicas(cluster, objects) == 3)
    servers.set_load(silent=False)
    wait_until("metrics", lambda: has_metrics(cluster, namespace))
    with control_plane.without(NAME):
        wait_until("no metrics", lambda: not has_metrics(cluster, namespace))
        hold(5, lambda: replicas(cluster, objects) == 3)
    wait_until("metrics", lambda: has_metrics(cluster, namespace))
    assert replicas(cluster, objects) == 3
