"""Requests during rollouts, ten each second through Traefik.

The test runs the pods as a kubelet does: with their probes, `preStop`, SIGTERM and grace period.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from nim_component import HTTPRouteArgs
from nim_component.review.sentences import plain_text
from tests.cluster.client import Client, wait_until
from tests.cluster.nodes import EIGHT_GPUS
from tests.cluster.objects import apply_all
from tests.cluster.pod_network import PodNetwork
from tests.cluster.waiting import wait_for_rollout
from tests.review.changes import render_services, review_renders

from .exposed import PROBES, expose, list_fields, override_server
from .gateway import NAME, Gateway
from .kubelet import Kubelet
from .traffic import Traffic

OLD, NEW = "nvcr.io/nim/meta/llama3-8b-instruct:2.1.4", "nvcr.io/nim/meta/llama3-8b-instruct:2.1.5"
LOAD = 3
"""Seconds until a server has loaded its model."""
PRE_STOP, GRACE = 10, 60
"""Seconds: the defaults of `pre_stop_sleep` and `termination_grace`."""
STARTUP = 6
"""Seconds of the startup probe: `startup_timeout` of 60 seconds, with a tenth of the period."""
TOKENS = 15
"""Length of a stream, in tokens and seconds: longer than `PRE_STOP`."""


class Outcome(NamedTuple):
    """Requests of a rollout and their answers."""

    traffic: Traffic
    streams: list[list[str]]
    """Events of each stream that began before the rollout."""
    prediction: dict[str, str]
    """Findings of the review about availability, with their consequences."""


Roll = Callable[..., Outcome]


@pytest.fixture
def roll(cluster: Client, network: PodNetwork, gateway: Gateway, namespace: str, nodes: Any) -> Iterator[Roll]:
    """Return a function that updates the image of a service with two replicas."""
    nodes(EIGHT_GPUS)
    host = f"{namespace}.example.com"
    gateway.add(namespace, host)
    route = HTTPRouteArgs(gateway=NAME, hosts=[host], section="http")

    def images() -> set[str]:
        return {pod["spec"]["containers"][0]["image"] for pod in cluster.pods(namespace)}

    def update(**fields: Any) -> Outcome:
        given = {"replicas": 2, "http_route": route, **fields}
        old, new = (expose(namespace, image=image, **given) for image in (OLD, NEW))
        apply_all(cluster, old.objects)
        wait_for_rollout(cluster, old.objects)
        # Without probes, a pod is ready before its server. Answers in turn are of both pods.
        wait_until("answers of both pods", lambda: all(gateway.get(f"{old.url}/v1/models").status == 200 for _ in range(8)))
        with ThreadPoolExecutor() as pool:
            with Traffic(lambda: gateway.complete(old.url, max_tokens=2, seconds_between_tokens=0.05)) as traffic:
                body = {"max_tokens": TOKENS, "seconds_between_tokens": 1}
                streams = [pool.submit(lambda: list(gateway.stream(old.url, **body))) for _ in range(4)]
                traffic.wait(10)
                apply_all(cluster, new.objects)
                wait_for_rollout(cluster, new.objects)
                wait_until("pods of the new image alone", lambda: images() == {NEW})
                traffic.wait(10)
            events = [[line for line in each.result() if line] for each in streams]
        return Outcome(traffic, events, predict(namespace, given))

    with Kubelet(cluster, network, namespace, load_seconds=LOAD):
        yield update


def predict(namespace: str, fields: dict[str, Any]) -> dict[str, str]:
    """Return rule and consequence of the findings of the review for the update."""
    old, new = (render_services(llama=list_fields(namespace, image=image, **fields)) for image in (OLD, NEW))
    found = review_renders(old, new).findings
    return {each.rule: plain_text(each.consequence) for each in found if each.rule in ("downtime", "stall-risk", "pods-restart")}


@pytest.mark.parametrize(("rollout", "rule"), [("rolling", "pods-restart"), ("surge", "stall-risk")])
def test_no_request_is_lost(roll: Roll, rollout: str, rule: str):
    """Two replicas, with `rolling` and with `surge`.

    Streams that began before are finished, also after `pre_stop_sleep`.
    """
    outcome = roll(rollout=rollout)
    assert outcome.traffic.lost == []
    assert [events[-1] for events in outcome.streams] == ["data: [DONE]"] * 4
    assert list(outcome.prediction) == [rule]
    assert "keep serving requests" in outcome.prediction[rule]


def test_requests_are_lost_without_pre_stop(roll: Roll):
    """A stopped server refuses the requests that the gateway still sends."""
    outcome = roll(rollout="rolling", pre_stop_sleep=0)
    assert {each.problem[:1] for each in outcome.traffic.lost} == {"5"}  # 502, or 500 for an answer that ends early


def test_requests_are_lost_without_probes(roll: Roll):
    """A server that loads its model receives requests."""
    outcome = roll(rollout="rolling", overrides=override_server(dict.fromkeys(PROBES)))
    assert {each.problem[:3] for each in outcome.traffic.lost} == {"503"}


def test_outage_of_recreate_is_as_predicted(roll: Roll):
    """It begins with the stop of the old pods, which includes `pre_stop_sleep`."""
    outcome = roll(rollout="recreate")
    sentence = f"up to {GRACE} seconds per stop (the grace period) and {STARTUP} seconds per start (the startup budget)"
    assert outcome.prediction == {"downtime": f"No request is answered in the meantime: {sentence}."}
    assert PRE_STOP + LOAD - 1 <= outcome.traffic.find_outage() <= PRE_STOP + LOAD + 10
    assert {each.problem[:3] for each in outcome.traffic.lost} == {"503"}
