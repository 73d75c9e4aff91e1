"""The Ingress."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.exposure import IngressArgs
from ..names import SKIP_AWAIT, make_labels
from .server import name_port


def render_ingress(nim: NIM, service_name: str, ingress: IngressArgs) -> "dict[str, Any]":
    """Render metadata and spec."""
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": service_name,
        "namespace": nim.namespace,
        "labels": {**(ingress.labels or {}), **make_labels(service_name)},
        # The address is the host. Some controllers write no status; the provider would wait for it
        # and fail.
        "annotations": {**(ingress.annotations or {}), SKIP_AWAIT: "true"},
    }
    backend: k8s.networking.v1.IngressBackendArgsDict = {"service": {"name": service_name, "port": {"name": name_port("http", nim.port)}}}
    path: k8s.networking.v1.HTTPIngressPathArgsDict = {"path": ingress.path, "path_type": ingress.path_type, "backend": backend}
    spec: k8s.networking.v1.IngressSpecArgsDict = {"rules": [{"host": host, "http": {"paths": [path]}} for host in ingress.hosts]}
    if ingress.class_name is not None:
        spec["ingress_class_name"] = ingress.class_name
    if ingress.tls:
        tls: k8s.networking.v1.IngressTLSArgsDict = {"hosts": list(ingress.hosts)}
        if ingress.tls_secret is not None:
            tls["secret_name"] = ingress.tls_secret
        spec["tls"] = [tls]
    return {"metadata": metadata, "spec": spec}
