"""Scaling by KEDA with the queries of the presets, on a real Prometheus."""

from collections.abc import Callable
from typing import Any

import pytest

from nim_component import AutoscalingArgs, KedaTrigger
from tests.cluster.client import Client, Object, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.nodes import EIGHT_GPUS
from tests.cluster.objects import apply_all, render
from tests.cluster.waiting import hold, wait_for_rollout

from .generations import monitored
from .monitoring import Prometheus, is_scraped
from .scaling import LOADS, add_gateway, by_keda, keda_status, replicas
from .servers import Servers
from .stub_nim import GENERATIONS

pytestmark = pytest.mark.usefixtures("keda")

Start = Callable[..., list[Object]]


@pytest.fixture
def start(cluster: Client, prometheus: Prometheus, namespace: str, nodes: Any) -> Start:
    """Return a function that applies a service and waits until KEDA can scale it."""
    nodes(EIGHT_GPUS)

    def apply(generation: str, scaling: AutoscalingArgs) -> list[Object]:
        objects = render(monitored(generation, namespace, autoscaling=scaling), namespace)
        apply_all(cluster, objects)
        wait_for_rollout(cluster, objects)
        prometheus.sync(lambda found: is_scraped(namespace, found))
        wait_until("a ScaledObject that KEDA accepts", lambda: keda_status(cluster, namespace, "Ready") == "True", seconds=90)
        # Requests before the first scrape are no increase of a counter.
        wait_until("a scraped pod", lambda: prometheus.count_scraped(namespace) == 1)
        return objects

    return apply


@pytest.mark.parametrize("generation", sorted(GENERATIONS))
@pytest.mark.parametrize("preset", sorted(LOADS))
def test_load_adds_and_removes_pods(
    cluster: Client, prometheus: Prometheus, start: Start, serve: Callable[[str], Servers], generation: str, preset: str
):
    busy, idle = LOADS[preset]
    servers = serve(generation)
    objects = start(generation, by_keda(prometheus, presets=[preset]))
    servers.set_load(**busy)
    wait_until("three pods", lambda: replicas(cluster, objects) == 3, seconds=60)
    servers.set_load(**idle)
    wait_until("one pod", lambda: replicas(cluster, objects) == 1, seconds=60)
    hold(5, lambda: replicas(cluster, objects) == 1)


@pytest.mark.parametrize("generation", sorted(GENERATIONS))
def test_slow_first_tokens_add_pods(
    cluster: Client, prometheus: Prometheus, start: Start, serve: Callable[[str], Servers], generation: str
):
    servers = serve(generation)
    objects = start(generation, by_keda(prometheus, presets=["latency"]))
    servers.set_load(first_tokens=[8.0] * 200)
    wait_until("three pods", lambda: replicas(cluster, objects) == 3, seconds=90)


def test_missing_series_keep_the_pods(cluster: Client, prometheus: Prometheus, start: Start, serve: Callable[[str], Servers]):
    """The fallback is the current number if it is higher than the smallest."""
    servers = serve("2.x-vllm")
    objects = start("2.x-vllm", by_keda(prometheus, presets=["queue"]))
    servers.set_load(waiting=20)
    wait_until("three pods", lambda: replicas(cluster, objects) == 3)
    servers.set_load(silent=True)
    wait_until("the fallback", lambda: keda_status(cluster, objects[0]["metadata"]["namespace"], "Fallback") == "True", seconds=400)
    hold(10, lambda: replicas(cluster, objects) == 3)


@pytest.mark.parametrize("program", ["prometheus", "keda-operator"])
def test_outage_of_monitoring_keeps_the_pods(
    cluster: Client,
    control_plane: ControlPlane,
    prometheus: Prometheus,
    start: Start,
    serve: Callable[[str], Servers],
    program: str,
):
    servers = serve("2.x-vllm")
    objects = start("2.x-vllm", by_keda(prometheus, presets=["queue"]))
    servers.set_load(waiting=20)
    wait_until("three pods", lambda: replicas(cluster, objects) == 3)
    with control_plane.without(program):
        hold(15, lambda: replicas(cluster, objects) == 3)
    hold(10, lambda: replicas(cluster, objects) == 3)


def to_zero(prometheus: Prometheus) -> AutoscalingArgs:
    """Return autoscaling to zero with a preset, started by the pods of a gateway."""
    gateway = KedaTrigger(type="kubernetes-workload", name="gateway", metadata={"podSelector": "app=gateway", "value": "1"})
    keda = {"triggers": [gateway], "cooldown_period": 10, "initial_cooldown_period": 10}
    return by_keda(prometheus, presets=["queue"], min_replicas=0, keda=keda)


def test_pod_is_started_from_zero_and_removed(
    cluster: Client, prometheus: Prometheus, start: Start, serve: Callable[[str], Servers], namespace: str
):
    servers = serve("2.x-vllm")
    add_gateway(cluster, namespace)
    objects = start("2.x-vllm", to_zero(prometheus))
    hold(15, lambda: replicas(cluster, objects) == 1)
    cluster.delete("v1", "Pod", "gateway", namespace)
    wait_until("no pod", lambda: replicas(cluster, objects) == 0, seconds=60)
    hold(10, lambda: replicas(cluster, objects) == 0)
    assert keda_status(cluster, namespace, "Fallback") == "False"  # at zero, the preset is 0 and not unknown
    add_gateway(cluster, namespace)
    wait_until("one pod", lambda: replicas(cluster, objects) == 1, seconds=30)
    servers.set_load(waiting=20)
    wait_until("three pods", lambda: replicas(cluster, objects) == 3, seconds=60)


def test_failing_preset_starts_a_pod_at_zero(
    cluster: Client, control_plane: ControlPlane, prometheus: Prometheus, start: Start, serve: Callable[[str], Servers]
):
    """Without kube-state-metrics no query returns 0, and the fallback starts a pod each time."""
    serve("2.x-vllm")
    objects = start("2.x-vllm", to_zero(prometheus))
    with control_plane.without("kube-state-metrics"):
        for _ in range(2):
            wait_until("no pod", lambda: replicas(cluster, objects) == 0)
            wait_until("a pod that nobody needs", lambda: replicas(cluster, objects) == 1, seconds=30)
