"""Services and Ingresses on a real control plane."""

from typing import Any

import pytest

from nim_component import NIM, CacheArgs, NIMSecrets

from .client import Client, Object
from .drift import assert_second_apply_changes_nothing
from .objects import apply_all, pick, render

HOST = "llama.example.com"


def objects(namespace: str, **fields: Any) -> list[Object]:
    return render(NIM(**({"secrets": NIMSecrets.keyless(), "cache": CacheArgs(empty_dir=True)} | fields)), namespace)


SERVICES: list[dict[str, Any]] = [
    {"headless": True, "session_affinity": "ClientIP"},
    {"type": "NodePort", "external_traffic_policy": "Local", "internal_traffic_policy": "Local"},
    {"session_affinity": "ClientIP", "session_affinity_timeout": 60, "traffic_distribution": "PreferClose"},
    {
        "type": "LoadBalancer",
        "load_balancer_class": "service.k8s.aws/nlb",
        "load_balancer_source_ranges": ["10.0.0.0/8", "192.168.0.0/16"],
        "allocate_node_ports": False,
        "ip_family_policy": "SingleStack",
        "ip_families": ["IPv4"],
    },
]


@pytest.mark.parametrize("service", SERVICES, ids=str)
def test_service_options_are_accepted(cluster: Client, namespace: str, service: dict[str, Any]):
    rendered = objects(namespace, service=service)
    assert_second_apply_changes_nothing(cluster, apply_all(cluster, rendered), rendered)
    live, rendered_spec = cluster.get("v1", "Service", "llama", namespace)["spec"], pick(rendered, "Service")["spec"]
    assert {name: live[name] for name in rendered_spec if name != "ports"} == {
        name: value for name, value in rendered_spec.items() if name != "ports"
    }


@pytest.mark.parametrize(
    "ingress",
    [
        {"hosts": [HOST]},
        {
            "hosts": [HOST, "b.example.com"],
            "class_name": "nginx",
            "path": "/llama",
            "path_type": "Exact",
            "tls": True,
            "tls_secret": "cert",
        },
        {"hosts": [HOST], "tls": True, "path_type": "ImplementationSpecific", "annotations": {"a": "b"}, "labels": {"team": "x"}},
    ],
    ids=str,
)
def test_ingress_is_accepted(cluster: Client, namespace: str, ingress: dict[str, Any]):
    rendered = objects(namespace, ingress=ingress)
    assert_second_apply_changes_nothing(cluster, apply_all(cluster, rendered), rendered)
    live = cluster.get("networking.k8s.io/v1", "Ingress", "llama", namespace)
    assert live["spec"] == pick(rendered, "Ingress")["spec"]
