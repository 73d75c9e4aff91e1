"""NetworkPolicies on a real control plane, and the pods that they select."""

from typing import Any

import pytest

from nim_component import NIM, CacheArgs, NIMSecrets

from .client import Client
from .drift import assert_second_apply_changes_nothing
from .nodes import EIGHT_GPUS
from .objects import apply_all, pick, render
from .waiting import wait_for_rollout

POLICIES: list[dict[str, Any]] = [
    {"ingress": []},
    {
        "ingress": [
            {"namespace": "apps", "pods": {"a": "b"}},
            {"namespace_labels": {}},
            {"cidr": "10.0.0.0/8", "excluding": ["10.1.0.0/16"]},
        ],
        "proxies": [{"cidr": "2001:db8::5/128", "ports": [3128, 3129]}],
        "egress": [{"pods": {}}],
        "dns": [{"namespace": "openshift-dns", "ports": [5353]}],
        "internet": True,
    },
]


@pytest.mark.parametrize("policy", POLICIES, ids=["closed", "everything"])
def test_network_policy_is_accepted(cluster: Client, namespace: str, policy: dict[str, Any]):
    objects = render(NIM(secrets=NIMSecrets.keyless(), cache=CacheArgs(empty_dir=True), network_policy=policy), namespace)  # pyright: ignore
    assert_second_apply_changes_nothing(cluster, apply_all(cluster, objects), objects)
    live = cluster.get("networking.k8s.io/v1", "NetworkPolicy", "llama", namespace)
    assert live["spec"] == pick(objects, "NetworkPolicy")["spec"]


def test_policy_selects_pods_and_allows_their_port(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    nim = NIM(secrets=NIMSecrets.keyless(), cache=CacheArgs(empty_dir=True), replicas=2, network_policy=POLICIES[1])  # pyright: ignore
    objects = render(nim, namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    spec = cluster.get("networking.k8s.io/v1", "NetworkPolicy", "llama", namespace)["spec"]
    selector = ",".join(f"{key}={value}" for key, value in spec["podSelector"]["matchLabels"].items())
    pods = cluster.list("v1", "Pod", namespace, labels=selector)
    assert len(pods) == len(cluster.pods(namespace)) == 2
    ports = {port["containerPort"] for pod in pods for each in pod["spec"]["containers"] for port in each["ports"]}
    assert {port["port"] for rule in spec["ingress"] for port in rule["ports"]} == ports
