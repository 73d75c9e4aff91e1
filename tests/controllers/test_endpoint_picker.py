"""The reference picker with an InferencePool: which pod gets a request."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nim_component import InferencePoolArgs
from tests.cluster.client import Client, Object, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.crds import install_crds
from tests.cluster.nodes import EIGHT_GPUS
from tests.cluster.objects import apply_all, render
from tests.cluster.pod_network import PodNetwork
from tests.cluster.waiting import wait_for_rollout

from .documented import read_row
from .endpoint_picker import NAME, EndpointPicker
from .generations import monitored
from .programs import provide_picker_definitions
from .servers import Servers
from .stub_nim import GENERATIONS, MODEL

GUIDE = "exposure.md"
MONITORING = ("ServiceMonitor", "PrometheusRule")
Provide = Callable[..., dict[str, Path]]
BODY = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "Who are you?"}]}).encode()


@pytest.fixture(params=sorted(GENERATIONS))
def generation(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def servers(serve: Callable[[str], Servers], generation: str) -> Servers:
    return serve(generation)


@pytest.fixture
def pods(cluster: Client, servers: Servers, provide: Provide, namespace: str, nodes: Any, generation: str) -> list[Object]:
    """Run two pods of a service with a pool, and return them."""
    nodes(EIGHT_GPUS)
    install_crds(cluster, provide_picker_definitions())
    objects = render(monitored(generation, namespace, replicas=2, inference_pool=InferencePoolArgs(endpoint_picker="picker")), namespace)
    apply_all(cluster, [each for each in objects if each["kind"] not in MONITORING])
    wait_for_rollout(cluster, objects)
    wait_until("both servers", lambda: servers.count() == 2)
    return cluster.pods(namespace)


@pytest.fixture
def picker(
    control_plane: ControlPlane, network: PodNetwork, provide: Provide, namespace: str, pods: list[Object], generation: str
) -> Iterator[EndpointPicker]:
    """Run the picker with the options of the guide."""
    queue, cache = read_row(GUIDE, generation)
    options = [
        "--model-server-metrics-path=/v1/metrics",
        f"--total-queued-requests-metric={queue}",
        f"--kv-cache-usage-percentage-metric={cache}",
    ]
    yield EndpointPicker(control_plane, network, provide(NAME)[NAME], namespace, "llama", options)
    control_plane.halt(NAME)


def picked(picker: EndpointPicker) -> set[str | None]:
    """Return the addresses that the picker chose for ten requests."""
    return {picker.pick(BODY) for _ in range(10)}


def test_idle_pod_gets_the_requests(servers: Servers, pods: list[Object], picker: EndpointPicker):
    """By queue and KV cache, also after the pods exchange their load."""
    for busy, idle in (pods, reversed(pods)):
        servers.set_load_of(busy["metadata"]["uid"], waiting=3, kv_cache=0.7)
        servers.set_load_of(idle["metadata"]["uid"], waiting=0, kv_cache=0.1)
        wait_until("the idle pod alone", lambda idle=idle: picked(picker) == {f"{idle['status']['podIP']}:8000"})
