"""HTTPRoute and GRPCRoute (gateway.networking.k8s.io/v1), and the InferencePool.

The InferencePool is of inference.networking.k8s.io/v1. Field names are those of the CRDs.
"""

from typing import Any, NotRequired, TypedDict

import pulumi

from ..args import NIM
from ..args.exposure import GRPCRouteArgs, HTTPRouteArgs, InferencePoolArgs, RouteArgs
from ..names import make_labels, make_selector
from .inputs import as_name, lift

ROUTE_VERSION = "gateway.networking.k8s.io/v1"
POOL_GROUP = "inference.networking.k8s.io"


class ParentRef(TypedDict):
    """Reference to the Gateway."""

    name: "pulumi.Input[str]"
    namespace: "NotRequired[pulumi.Input[str]]"
    sectionName: "NotRequired[pulumi.Input[str]]"


class BackendRef(TypedDict):
    """Reference to the Service or the InferencePool."""

    group: NotRequired[str]
    kind: str
    name: str
    port: "NotRequired[pulumi.Input[int]]"


class RouteRule(TypedDict):
    """Rule of an HTTPRoute: matches, filters, timeouts and backends."""

    matches: list[dict[str, Any]]
    filters: "NotRequired[pulumi.Input[list[dict[str, Any]]]]"
    timeouts: "NotRequired[dict[str, pulumi.Input[str]]]"
    backendRefs: list[BackendRef]


class HTTPRouteSpec(TypedDict):
    """Fields of the spec that the component sets."""

    parentRefs: list[ParentRef]
    hostnames: "list[pulumi.Input[str]]"
    rules: list[RouteRule]


class GRPCRouteRule(TypedDict):
    """Rule of a GRPCRoute: backends of every method."""

    backendRefs: list[BackendRef]


class GRPCRouteSpec(TypedDict):
    """Fields of the spec that the component sets."""

    parentRefs: list[ParentRef]
    hostnames: "list[pulumi.Input[str]]"
    rules: list[GRPCRouteRule]


class EndpointPickerRef(TypedDict):
    """Reference to the Service of the endpoint picker."""

    name: "pulumi.Input[str]"
    port: dict[str, int]
    failureMode: str


class InferencePoolSpec(TypedDict):
    """Fields of the spec that the component sets."""

    selector: dict[str, dict[str, str]]
    targetPorts: "list[dict[str, pulumi.Input[int]]]"
    endpointPickerRef: EndpointPickerRef


def render_http_route(nim: NIM, service_name: str, route: HTTPRouteArgs) -> dict[str, Any]:
    """Render the object, with `apiVersion` and `kind`."""
    rule: RouteRule = {"matches": [{"path": {"type": "PathPrefix", "value": route.path}}], "backendRefs": [_backend(nim, service_name)]}
    if route.path != "/":
        rule["filters"] = lift(route.path, _remove_prefix)
    if route.request_timeout is not None:
        rule["timeouts"] = {"request": route.request_timeout}
    spec: HTTPRouteSpec = {"parentRefs": [_parent(route)], "hostnames": list(route.hosts), "rules": [rule]}
    return {"api_version": ROUTE_VERSION, "kind": "HTTPRoute", "metadata": _metadata(nim, service_name, route), "spec": spec}


def render_grpc_route(nim: NIM, service_name: str, route: GRPCRouteArgs) -> dict[str, Any]:
    """Render the object, with `apiVersion` and `kind`. Validation requires `grpc_port`."""
    backend: BackendRef = {"kind": "Service", "name": service_name, "port": nim.grpc_port or 0}
    spec: GRPCRouteSpec = {"parentRefs": [_parent(route)], "hostnames": list(route.hosts), "rules": [{"backendRefs": [backend]}]}
    return {"api_version": ROUTE_VERSION, "kind": "GRPCRoute", "metadata": _metadata(nim, service_name, route), "spec": spec}


def _parent(route: RouteArgs) -> ParentRef:
    parent: ParentRef = {"name": as_name(route.gateway)}
    if route.gateway_namespace is not None:
        parent["namespace"] = as_name(route.gateway_namespace)
    if route.section is not None:
        parent["sectionName"] = as_name(route.section)
    return parent


def _metadata(nim: NIM, service_name: str, route: RouteArgs) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": service_name,
        "namespace": nim.namespace,
        "labels": {**(route.labels or {}), **make_labels(service_name)},
    }
    if route.annotations:
        metadata["annotations"] = dict(route.annotations)
    return metadata


def _remove_prefix(path: str) -> list[dict[str, Any]]:
    """Render the filter that removes the prefix: the server does not support one."""
    if path == "/":
        return []
    return [{"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}}]


def _backend(nim: NIM, service_name: str) -> BackendRef:
    if nim.inference_pool is not None:
        return {"group": POOL_GROUP, "kind": "InferencePool", "name": service_name}
    return {"kind": "Service", "name": service_name, "port": nim.port}


def render_inference_pool(nim: NIM, service_name: str, pool: InferencePoolArgs) -> dict[str, Any]:
    """Render the object, with `apiVersion` and `kind`."""
    spec: InferencePoolSpec = {
        "selector": {"matchLabels": make_selector(service_name)},
        "targetPorts": [{"number": nim.port}],
        "endpointPickerRef": {
            "name": as_name(pool.endpoint_picker),
            "port": {"number": pool.endpoint_picker_port},
            "failureMode": pool.failure_mode,
        },
    }
    return {
        "api_version": f"{POOL_GROUP}/v1",
        "kind": "InferencePool",
        "metadata": {"name": service_name, "namespace": nim.namespace, "labels": make_labels(service_name)},
        "spec": spec,
    }
