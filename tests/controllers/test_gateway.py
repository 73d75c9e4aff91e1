"""Requests through Ingress, HTTPRoute and GRPCRoute, with Traefik as the controller."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nim_component import GRPCRouteArgs, HTTPRouteArgs, IngressArgs
from nim_component.cluster.client import ClusterClient
from nim_component.preflight.result import CheckResult
from nim_component.preflight.route_timeouts import check_route_timeouts, list_timed_gateways, read_features
from tests.cluster.client import Client, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.nodes import EIGHT_GPUS
from tests.cluster.objects import apply_all
from tests.cluster.pod_network import PodNetwork
from tests.cluster.waiting import wait_for_rollout

from .exposed import Exposed, expose
from .gateway import NAME, Gateway, wait_for_route
from .kubelet import Kubelet
from .stub_grpc import SERVING, StubGRPC, check, open_channel, receive, send_and_receive
from .stub_nim import MODEL

LONG, PAUSE = 90, 5
"""Seconds of a long answer, and between its tokens."""
TOKENS = LONG // PAUSE
SLOW = {"max_tokens": TOKENS, "seconds_between_tokens": PAUSE}
GRPC_PORT = 50051
READ_TIMEOUT = 60
"""Seconds of the option `transport.respondingTimeouts.readTimeout` of Traefik's entry points."""

Run = Callable[..., Exposed]


@pytest.fixture
def host(namespace: str) -> str:
    return f"{namespace}.example.com"


@pytest.fixture
def calls() -> Iterator[StubGRPC]:
    """Return the server of gRPC in every pod."""
    with StubGRPC() as server:
        yield server


@pytest.fixture
def run(cluster: Client, network: PodNetwork, gateway: Gateway, calls: StubGRPC, namespace: str, nodes: Any, host: str) -> Iterator[Run]:
    """Return a function that runs a service behind Traefik."""
    nodes(EIGHT_GPUS)
    gateway.add(namespace, host, f"*.{host}")

    def apply(name: str = "llama", **fields: Any) -> Exposed:
        exposed = expose(namespace, name, **fields)
        apply_all(cluster, exposed.objects)
        wait_for_rollout(cluster, exposed.objects)
        for kind in ("HTTPRoute", "GRPCRoute"):
            if any(each["kind"] == kind for each in exposed.objects):
                parent = wait_for_route(cluster, kind, namespace, name)
                assert parent["controllerName"] == "traefik.io/gateway-controller"
        return exposed

    with Kubelet(cluster, network, namespace, ports={GRPC_PORT: calls.port}):
        yield apply


def ingress(host: str, **fields: Any) -> dict[str, Any]:
    return {"ingress": IngressArgs(hosts=[host], class_name=NAME, **fields)}


def http_route(host: str, **fields: Any) -> dict[str, Any]:
    return {"http_route": HTTPRouteArgs(gateway=NAME, hosts=[host], **fields)}


def wait_for_answer(gateway: Gateway, url: str, status: int = 200) -> Any:
    """Return the body of the first answer with a status."""

    def poll() -> Any:
        try:
            answer = gateway.get(url)
        except ssl.SSLError:  # Traefik's own certificate, until it has read that of the host
            return None
        return answer.json() if answer.status == status and answer.body.startswith("{") else None

    return wait_until(f"an answer of {url}", poll, seconds=20)


EXPOSURES: dict[str, tuple[Callable[..., dict[str, Any]], dict[str, Any], str]] = {
    "Ingress": (ingress, {}, "http://{}"),
    "Ingress with TLS": (ingress, {"tls": True, "tls_secret": "certificate"}, "https://{}"),
    "HTTPRoute": (http_route, {"section": "http"}, "http://{}"),
    "HTTPRoute with TLS": (http_route, {"section": "https", "tls": True}, "https://{}"),
    "HTTPRoute with a path": (http_route, {"path": "/llama"}, "http://{}/llama"),
}
"""Exposure, its fields, and the address that is expected."""


@pytest.mark.parametrize("exposure", EXPOSURES)
def test_external_url_answers(gateway: Gateway, run: Run, host: str, exposure: str):
    make, fields, address = EXPOSURES[exposure]
    exposed = run(**make(host, **fields))
    assert exposed.url == address.format(host)
    assert wait_for_answer(gateway, f"{exposed.url}/v1/models")["data"] == [{"id": MODEL, "object": "model"}]
    assert gateway.complete(exposed.url, messages=[]).json()["model"] == MODEL
    assert gateway.get(exposed.url.replace(host, f"other.{host}") + "/v1/models").status == 404


def test_route_of_one_listener_has_no_other(gateway: Gateway, run: Run, host: str):
    """With `section`, a route has one scheme."""
    exposed = run(**http_route(host, section="https", tls=True))
    wait_for_answer(gateway, f"{exposed.url}/v1/models")
    assert gateway.get(f"http://{host}/v1/models").status == 404


def test_ingress_leaves_the_path(gateway: Gateway, run: Run, host: str):
    """The server receives the path with its prefix, and answers 404."""
    exposed = run(**ingress(host, path="/llama"))
    assert wait_for_answer(gateway, f"{exposed.url}/v1/models", 404)["path"] == "/llama/v1/models"


def test_grpc_route_brings_calls(gateway: Gateway, run: Run, host: str):
    run(grpc_port=GRPC_PORT, grpc_route=GRPCRouteArgs(gateway=NAME, hosts=[host], section="http"))
    with open_channel(gateway, host) as channel:
        wait_until("an answer", lambda: check(channel) == SERVING)
    with open_channel(gateway, f"other.{host}") as channel:
        assert check(channel) is None


def test_long_answers_are_not_cut(gateway: Gateway, run: Run, host: str):
    """A stream of 90 seconds, and an answer after 90 seconds of silence, by each kind of exposure.

    A gRPC call whose requests arrive over more than a minute is cut by Traefik's `readTimeout`.
    """
    grpc_route = GRPCRouteArgs(gateway=NAME, hosts=[f"grpc.{host}"], section="http")
    urls = [
        run("first", **ingress(host, tls=True, tls_secret="certificate")).url,
        run("second", **http_route(f"route.{host}"), grpc_port=GRPC_PORT, grpc_route=grpc_route).url,
    ]
    for url in urls:
        wait_for_answer(gateway, f"{url}/v1/models")
    with ThreadPoolExecutor() as pool, open_channel(gateway, f"grpc.{host}") as channel:
        wait_until("an answer", lambda: check(channel) == SERVING)
        streams = [pool.submit(read_stream, gateway, url) for url in urls]
        silent = [pool.submit(gateway.complete, url, 2 * LONG, **SLOW) for url in urls]
        answers = pool.submit(receive, channel, LONG)
        talk = pool.submit(send_and_receive, channel, LONG)
        assert [each.result() for each in streams] == [TOKENS + 1] * 2
        assert [each.result().status for each in silent] == [200] * 2
        assert answers.result() == LONG // PAUSE
        assert talk.result() == READ_TIMEOUT // PAUSE


def read_stream(gateway: Gateway, url: str) -> int:
    """Return the number of events of a long stream, which must not arrive all at once."""
    began = time.monotonic()
    arrived = [time.monotonic() - began for line in gateway.stream(url, timeout=4 * PAUSE, **SLOW) if line.startswith("data: ")]
    assert arrived[0] < PAUSE
    assert arrived[-1] >= LONG
    return len(arrived)


def test_request_timeout_is_ignored_without_the_feature(control_plane: ControlPlane, gateway: Gateway, run: Run, namespace: str, host: str):
    """Traefik accepts the route. `check` reads that its GatewayClass lists no such feature."""
    exposed = run(**http_route(host, request_timeout="1s"))
    wait_for_answer(gateway, f"{exposed.url}/v1/models")
    assert gateway.complete(exposed.url, max_tokens=1, seconds_between_tokens=3).status == 200

    async def read() -> list[CheckResult]:
        gateways = list_timed_gateways(exposed.objects)
        async with ClusterClient.connect(str(control_plane.kubeconfig)) as client:
            return list(check_route_timeouts(gateways, await read_features(client, gateways)))

    (result,) = asyncio.run(read())
    assert (result.mark, result.about) == ("warn", f"Gateway {namespace}/{NAME} and http_route.request_timeout")
