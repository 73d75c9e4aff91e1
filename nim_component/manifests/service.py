"""The Service."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM, ServiceArgs
from ..names import HAS_ADDRESS, SKIP_AWAIT, WAIT_FOR, make_labels, make_selector
from .server import name_port


def render_service(nim: NIM, service_name: str) -> "dict[str, Any]":
    """Render metadata and spec."""
    annotations = dict(nim.service.annotations or {})
    if nim.fewest_pods == 0:
        # The provider waits for ready endpoints, and a service with zero pods has none.
        annotations[SKIP_AWAIT] = "true"
    elif nim.diagnosis.fail_fast and nim.service.type == "LoadBalancer":
        annotations[WAIT_FOR] = HAS_ADDRESS
    elif nim.diagnosis.fail_fast:
        annotations[SKIP_AWAIT] = "true"
    name = name_port("http", nim.port)
    ports: list[k8s.core.v1.ServicePortArgsDict] = [{"name": name, "port": nim.port, "target_port": name, "protocol": "TCP"}]
    if nim.grpc_port is not None:
        # HTTP/2 without TLS. Without this hint, a gateway uses HTTP/1.1.
        name = name_port("grpc", nim.grpc_port)
        grpc: k8s.core.v1.ServicePortArgsDict = {"name": name, "port": nim.grpc_port, "target_port": name}
        ports.append({**grpc, "protocol": "TCP", "app_protocol": "kubernetes.io/h2c"})
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": service_name,
        "namespace": nim.namespace,
        "labels": {**(nim.service.labels or {}), **make_labels(service_name)},
    }
    if annotations:
        metadata["annotations"] = annotations
    spec: k8s.core.v1.ServiceSpecArgsDict = {
        "type": nim.service.type,
        "selector": make_selector(service_name),
        "ports": ports,
    }
    _add_options(spec, nim.service)
    return {"metadata": metadata, "spec": spec}


def _add_options(spec: "k8s.core.v1.ServiceSpecArgsDict", service: ServiceArgs) -> None:
    """Add the fields that are given; the cluster sets the defaults of the others."""
    if service.headless:
        spec["cluster_ip"] = "None"
    if service.node_port is not None:
        spec["ports"][0]["node_port"] = service.node_port  # pyright: ignore
    if service.session_affinity != "None":
        spec["session_affinity"] = service.session_affinity
    if service.session_affinity_timeout is not None:
        spec["session_affinity_config"] = {"client_ip": {"timeout_seconds": service.session_affinity_timeout}}
    options: dict[str, Any] = {
        "internal_traffic_policy": service.internal_traffic_policy,
        "external_traffic_policy": service.external_traffic_policy,
        "traffic_distribution": service.traffic_distribution,
        "load_balancer_class": service.load_balancer_class,
        "load_balancer_source_ranges": service.load_balancer_source_ranges,
        "allocate_load_balancer_node_ports": service.allocate_node_ports,
        "ip_family_policy": service.ip_family_policy,
        "ip_families": service.ip_families,
    }
    spec.update({name: value for name, value in options.items() if value is not None})  # pyright: ignore
