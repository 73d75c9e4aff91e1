"""Exposure of the server outside the cluster: Ingress, Gateway API routes, InferencePool."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, Strict

from .arguments import Arguments
from .field_types import Flag, Integer, ListOf, Namespace, ObjectName, OrOutput
from .fixes import fix
from .generation import GenerationName, find_generation
from .metadata import Annotations, Labels
from .problems import Problem
from .rule import Rule
from .validators import match_pattern

if TYPE_CHECKING:
    import pulumi

    Host = pulumi.Input[str]
    PathPrefix = pulumi.Input[str]
    Duration = pulumi.Input[str]
else:
    _TEXT = Annotated[str, Strict(), Field(min_length=1)]
    Host = Annotated[
        _TEXT,
        match_pattern(
            r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
            "must be a host name",
            fix("Write it in lower case, without scheme, port and wildcard, such as {}.", "llama.example.com"),
            253,
        ),
        OrOutput(),
    ]
    PathPrefix = Annotated[
        _TEXT,
        match_pattern(
            r"/([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?", "must be an absolute URL path", fix("Write it such as {} or {}.", "/", "/llama")
        ),
        OrOutput(),
    ]
    Duration = Annotated[
        _TEXT,
        match_pattern(
            r"([0-9]{1,5}(h|m|s|ms)){1,4}", "must be a duration", fix("Write it such as {} or {}; {} disables it.", "10m", "1h30m", "0s")
        ),
        OrOutput(),
    ]


class IngressArgs(Arguments):
    """Ingress to the Service.

    A generation streams for minutes: `docs/guides/exposure.md` lists the timeouts that each ingress
    controller needs.
    """

    hosts: Annotated[ListOf[Host], Field(min_length=1)]
    """Host names. Without one, the Ingress would match all requests of the controller. The output
    `external_url` has the first."""

    class_name: ObjectName | None = None
    """IngressClass. Unset: the cluster's default class."""

    path: PathPrefix = "/"
    """URL path of the server. The server receives the path unchanged: with a path other than `/`,
    the controller must rewrite it, which `annotations` enable."""

    path_type: Literal["Prefix", "Exact", "ImplementationSpecific"] = "Prefix"
    """Comparison of the path."""

    tls: Flag = False
    """Access by https. Without `tls_secret`, the controller uses its own certificate, as on AWS."""

    tls_secret: ObjectName | None = None
    """Name of the Secret (type `kubernetes.io/tls`) with the certificate of the hosts. Requires
    `tls`."""

    annotations: Annotations | None = None
    """Annotations, such as timeouts, body size and path rewriting."""

    labels: Labels | None = None
    """Labels in addition to the component's own."""

    @staticmethod
    def _validate(tls: bool, secret: Any) -> Iterator[Problem]:
        if secret is not None and not tls:
            yield Problem(("tls_secret",), "requires tls", fix("Set {}, or remove tls_secret.", {"tls": True}))

    rules = (Rule(("tls", "tls_secret"), _validate.__func__, waits=False),)  # pyright: ignore


class RouteArgs(Arguments):
    """Common fields of the routes of the Gateway API."""

    gateway: ObjectName
    """Name of the Gateway."""

    gateway_namespace: Namespace | None = None
    """Namespace of the Gateway, which must allow routes from the service's namespace
    (`allowedRoutes`). Unset: the service's namespace."""

    section: ObjectName | None = None
    """Name of the Gateway's listener. Unset: every listener that matches."""

    hosts: Annotated[ListOf[Host], Field(min_length=1)]
    """Host names. Without one, the route would match all requests of the listener. The output
    `external_url` has the first of an `http_route`."""

    annotations: Annotations | None = None
    """Annotations of the route."""

    labels: Labels | None = None
    """Labels in addition to the component's own."""


class HTTPRouteArgs(RouteArgs):
    """HTTPRoute of the Gateway API.

    The platform provides the Gateway, its listeners and certificates.
    """

    path: PathPrefix = "/"
    """URL path of the server. A path other than `/` is removed from requests."""

    tls: Flag = False
    """Access by https. It only decides the scheme of the output `external_url`."""

    request_timeout: Duration | None = None
    """Timeout of a whole response, such as `10m`; `0s` disables it. Unset: the gateway's, which is
    often 15 s: too short for a long generation."""


class GRPCRouteArgs(RouteArgs):
    """GRPCRoute of the Gateway API to `grpc_port`.

    The platform provides the Gateway, its listeners and certificates.
    """


class InferencePoolArgs(Arguments):
    """InferencePool of the Gateway API inference extension.

    An endpoint picker chooses the pod by queue, KV cache and adapters. With `http_route`, that
    route leads to the pool in place of the Service.
    """

    endpoint_picker: ObjectName
    """Name of the Service of the endpoint picker, in the service's namespace. The platform provides
    it."""

    endpoint_picker_port: Annotated[Integer, Field(ge=1, le=65535)] = 9002
    """Port of the endpoint picker. The default is that of the extension."""

    failure_mode: Literal["FailOpen", "FailClose"] = "FailClose"
    """Handling of requests while the picker does not answer: `FailOpen` uses any pod, `FailClose`
    refuses them. The default is that of the extension."""


def validate_grpc(grpc_port: int | None, port: int, health_port: int | None, name: GenerationName | None, image: str) -> Iterator[Problem]:
    """Require a separate port for gRPC."""
    if grpc_port is not None and grpc_port in (port, health_port, find_generation(name, image).backend_port):
        message = "must differ from the ports of the server, the health endpoints and the engine"
        yield Problem(("grpc_port",), message, fix("Use another port, such as {}.", {"grpc_port": 50051}), repr(grpc_port))


def validate_grpc_route(grpc_route: GRPCRouteArgs | None, grpc_port: Any) -> Iterator[Problem]:
    """Require the port that a GRPCRoute leads to."""
    if grpc_route is not None and grpc_port is None:
        action = fix("Set the gRPC port of the server, such as {}.", {"grpc_port": 50051})
        yield Problem(("grpc_port",), "is required with grpc_route, which leads to it", action)


def validate_exposure(ingress: IngressArgs | None, http_route: HTTPRouteArgs | None) -> Iterator[Problem]:
    """Refuse two external URLs: the output `external_url` has one."""
    if ingress is not None and http_route is not None:
        action = "Remove one of the two: use the API that the cluster's controller supports."
        yield Problem(("http_route",), "must not be combined with ingress", action)
