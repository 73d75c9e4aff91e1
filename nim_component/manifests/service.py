"""The Service, and the address it gives."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.checks import SKIP_AWAIT
from ..names import labels, selector
from .inputs import lift, lift_all
from .server import PORT_NAME

CLUSTER_DOMAIN = "svc.cluster.local"


def render_service(nim: NIM, service_name: str) -> "dict[str, Any]":
    """Metadata and spec."""
    annotations = dict(nim.service.annotations or {})
    if nim.fewest_pods == 0:
        # The provider waits for ready endpoints, and there may be none for good.
        annotations[SKIP_AWAIT] = "true"
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": service_name,
        "namespace": nim.namespace,
        "labels": {**(nim.service.labels or {}), **labels(service_name)},
    }
    if annotations:
        metadata["annotations"] = annotations
    spec: k8s.core.v1.ServiceSpecArgsDict = {
        "type": nim.service.type,
        "selector": selector(service_name),
        "ports": [{"name": PORT_NAME, "port": nim.port, "target_port": PORT_NAME, "protocol": "TCP"}],
    }
    return {"metadata": metadata, "spec": spec}


def service_host(nim: NIM, service_name: str) -> "pulumi.Input[str]":
    """The in-cluster DNS name, from names alone: known at preview."""
    return lift(nim.namespace, lambda namespace: f"{service_name}.{namespace}.{CLUSTER_DOMAIN}")


def service_url(nim: NIM, service_name: str) -> "pulumi.Input[str]":
    """`http://<host>:<port>`, without `/v1`: clients append it."""

    def join(host: str, port: int) -> str:
        return f"http://{host}:{port}"

    return lift_all(join, service_host(nim, service_name), nim.port)
