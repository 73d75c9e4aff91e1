"""Connections that the NetworkPolicies allow, evaluated by Cyclonus.

Each test compares every combination of peers, ports and protocols with the short list that the
guide promises. No network plugin runs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nim_component import NetworkPolicyArgs
from tests.cluster.fixtures import skip_outside_ci
from tests.cluster.go_programs import NoGoError
from tests.cluster.objects import pods_of
from tests.cluster.services import SHARED, multi_node, service

from .documented import read_snippet
from .network_rules import Connection, Place, Rules, connect
from .programs import provide_controllers

NAMESPACE = "models"
PORTS = [22, 53, 80, 443, 3128, 5353, 6379, 8000, 8443, 50051]
CHAT = Place("chat", "10.1.0.1", "apps", {"app.kubernetes.io/name": "chat"})
BATCH = Place("batch", "10.1.0.2", "apps", {"app.kubernetes.io/name": "batch"})
CHAT_ELSEWHERE = Place("chat elsewhere", "10.1.0.3", "other", {"app.kubernetes.io/name": "chat"})
INGRESS = Place("ingress controller", "10.1.0.4", "ingress-nginx", {"app": "nginx"})
PROMETHEUS = Place("prometheus", "10.1.0.5", "monitoring", {"app": "prometheus"})
NEIGHBOUR = Place("neighbour", "10.1.0.6", NAMESPACE, {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "mistral"})
KUBE_DNS = Place("kube-dns", "10.1.0.7", "kube-system", {"k8s-app": "kube-dns"})
NODE_LOCAL_DNS = Place("node-local-dns", "10.1.0.8", "kube-system", {"k8s-app": "node-local-dns"})
PODS = [CHAT, BATCH, CHAT_ELSEWHERE, INGRESS, PROMETHEUS, NEIGHBOUR, KUBE_DNS, NODE_LOCAL_DNS]
CACHE_OF_NODE, METADATA = Place("DNS cache of the node", "169.254.20.10"), Place("metadata service", "169.254.169.254")
PUBLIC = [Place("public", address) for address in ("8.8.8.8", "99.255.255.255", "172.32.0.1", "2606:4700::1111")]
PROXY = Place("proxy", "10.0.0.5")
PRIVATE = [
    Place("private", address)
    for address in ("10.0.0.6", "100.64.0.1", "169.254.0.9", "172.16.0.1", "192.168.0.1", "fd00::1", "fe80::1", "64:ff9b::a9fe:a9fe")
]
ADDRESSES = [CACHE_OF_NODE, METADATA, PROXY, *PUBLIC, *PRIVATE]
NAMES = {(place, 53, protocol) for place in (KUBE_DNS, NODE_LOCAL_DNS, CACHE_OF_NODE, METADATA) for protocol in ("TCP", "UDP")}
"""DNS servers that the default allows."""
DOWNLOADS = {(place, 443, "TCP") for place in PUBLIC}

Evaluate = Callable[[list[Any]], Rules]


@pytest.fixture(scope="module")
def cyclonus() -> Path:
    try:
        return provide_controllers(["cyclonus"])["cyclonus"]
    except NoGoError as error:
        skip_outside_ci(error)


@pytest.fixture
def evaluate(cyclonus: Path, tmp_path: Path) -> Evaluate:
    return lambda objects: Rules(cyclonus, tmp_path, objects)


def pods(objects: list[Any]) -> list[Place]:
    """Return the pods of all objects."""
    found = [pod["metadata"] for each in objects for pod in pods_of(each)]
    return [Place(f"pod {at}", f"10.1.1.{at}", NAMESPACE, each["labels"]) for at, each in enumerate(found)]


def destinations(rules: Rules, source: Place) -> set[tuple[Place, int, str]]:
    """Return what a pod can reach."""
    found = rules.allowed(connect([source], [*PODS, *ADDRESSES], PORTS))
    return {(each.destination, each.port, each.protocol) for each in found}


def test_only_listed_clients_reach_the_server(evaluate: Evaluate):
    policy = NetworkPolicyArgs.model_validate(read_snippet("network-policy.md", "ingress:")["network_policy"])
    objects = service(NAMESPACE, network_policy=policy, grpc_port=50051)
    (server,) = pods(objects)
    found = evaluate(objects).allowed(connect([*PODS, *ADDRESSES], [server], PORTS))
    clients = (CHAT, INGRESS, PROMETHEUS)
    assert set(found) == {Connection(client, server, port) for client in clients for port in (8000, 50051)}


def test_empty_list_closes_the_server(evaluate: Evaluate):
    objects = service(NAMESPACE, network_policy=NetworkPolicyArgs(ingress=[]))
    assert evaluate(objects).allowed(connect([*PODS, *ADDRESSES], pods(objects), PORTS)) == []


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ({}, DOWNLOADS),
        ({"proxies": [{"cidr": "10.0.0.5/32", "ports": [3128]}]}, {(PROXY, 3128, "TCP")}),
        ({"internet": False, "egress": [{"namespace": "apps", "ports": [8443]}]}, {(CHAT, 8443, "TCP"), (BATCH, 8443, "TCP")}),
        ({"egress": [{"cidr": "64:ff9b::/96", "ports": [443]}]}, {*DOWNLOADS, (PRIVATE[-1], 443, "TCP")}),
    ],
    ids=["default", "proxy", "egress", "nat64"],
)
def test_only_promised_targets_are_reached(evaluate: Evaluate, fields: dict[str, Any], more: set[Any]):
    """The metadata service answers DNS alone, and no private address is public."""
    objects = service(NAMESPACE, network_policy=NetworkPolicyArgs.model_validate({"ingress": [], **fields}))
    (server,) = pods(objects)
    assert destinations(evaluate(objects), server) == NAMES | more


def test_named_dns_replaces_the_default(evaluate: Evaluate):
    dns = [{"namespace": "kube-system", "pods": {"k8s-app": "kube-dns"}}]
    objects = service(NAMESPACE, network_policy=NetworkPolicyArgs.model_validate({"ingress": [], "dns": dns}))
    (server,) = pods(objects)
    assert destinations(evaluate(objects), server) == {*DOWNLOADS, (KUBE_DNS, 53, "TCP"), (KUBE_DNS, 53, "UDP")}


def test_jobs_reach_the_same_targets(evaluate: Evaluate):
    """Nothing reaches the pod of a Job, also not the server's clients."""
    cache = SHARED.model_copy(update={"prewarm": {"profiles": ["a"]}})
    policy = NetworkPolicyArgs.model_validate({"ingress": [{"namespace": "apps"}]})
    objects = service(NAMESPACE, network_policy=policy, cache=cache)
    job, server = pods(objects)
    rules = evaluate(objects)
    assert destinations(rules, job) == destinations(rules, server) == NAMES | DOWNLOADS
    reached = rules.allowed(connect([CHAT, server], [job, server], [8000], ["TCP"]))
    assert reached == [Connection(CHAT, server, 8000)]


def test_members_of_node_group_reach_each_other(evaluate: Evaluate):
    """Ray and NCCL choose ports at start; a client reaches the leader's port alone."""
    policy = NetworkPolicyArgs.model_validate({"ingress": [{"namespace": "apps"}]})
    objects = multi_node(NAMESPACE, network_policy=policy)
    leader, worker = pods(objects)
    rules = evaluate(objects)
    between = [*connect([leader], [worker], [*PORTS, 40000]), *connect([worker], [leader], [*PORTS, 40000])]
    assert rules.allowed(between) == between
    assert rules.allowed(connect([NEIGHBOUR], [leader, worker], PORTS)) == []
    assert rules.allowed(connect([leader, worker], [NEIGHBOUR], PORTS)) == []
    assert {(each.source, each.port) for each in rules.allowed(connect([CHAT, BATCH], [leader], PORTS))} == {(CHAT, 8000), (BATCH, 8000)}
