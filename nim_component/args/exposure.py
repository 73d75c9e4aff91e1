"""How the server is reached from outside: by an Ingress, or by a route of a Gateway."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, Strict

from .arguments import Arguments, Rule
from .field_types import Flag, Namespace, ObjectName, OrOutput, WholeNumber, match_pattern
from .generation import GenerationName, find_generation
from .metadata import Annotations, Labels
from .problems import Problem

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
            "Write it in lower case without scheme, port and wildcard, such as llama.example.com.",
            253,
        ),
        OrOutput(),
    ]
    PathPrefix = Annotated[
        _TEXT, match_pattern(r"/([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?", "must be a path", "Write it such as / or /llama."), OrOutput()
    ]
    Duration = Annotated[
        _TEXT,
        match_pattern(r"([0-9]{1,5}(h|m|s|ms)){1,4}", "must be a duration", "Write it such as 10m or 1h30m; 0s means without end."),
        OrOutput(),
    ]


class IngressArgs(Arguments):
    """An Ingress. A generation streams for minutes: what each controller must be told is in `docs/guides/exposure.md`."""

    hosts: Annotated[list[Host], Field(min_length=1)]
    """Host names. Required: without one it would take every request of the controller. `external_url` says the first."""

    class_name: ObjectName | None = None
    """IngressClass. Default: the cluster's."""

    path: PathPrefix = "/"
    """Path below which the server is reached. Default `/`. The server sees the path as it came: another one needs the controller to
    rewrite it, by `annotations`."""

    path_type: Literal["Prefix", "Exact", "ImplementationSpecific"] = "Prefix"
    """How the path is compared. Default `Prefix`."""

    tls: Flag = False
    """Whether it is served by https, with the controller's own certificate (as on AWS) where no `tls_secret` is named. Default no."""

    tls_secret: ObjectName | None = None
    """Name of the Secret (type `kubernetes.io/tls`) with the certificate of the hosts. Default: none. Needs `tls`."""

    annotations: Annotations | None = None
    """Annotations: time-outs, body size, rewriting. Default: none."""

    labels: Labels | None = None
    """Labels beside the component's own. Default: none."""

    @staticmethod
    def _validate(tls: bool, secret: Any) -> Iterator[Problem]:
        if secret is not None and not tls:
            yield Problem(("tls_secret",), "needs tls: true", "Add tls: true, or leave it out.")

    rules = (Rule(("tls", "tls_secret"), _validate.__func__, waits=False),)  # pyright: ignore


class RouteArgs(Arguments):
    """What a route of the Gateway API says of its Gateway."""

    gateway: ObjectName
    """Name of the Gateway. Required."""

    gateway_namespace: Namespace | None = None
    """Its namespace. Default: the service's own. Another one must allow routes from here (`allowedRoutes`)."""

    section: ObjectName | None = None
    """Its listener. Default: every one that matches."""

    hosts: Annotated[list[Host], Field(min_length=1)]
    """Host names. Required: without one it would take every request of the listener. `external_url` says the first of an `http_route`."""

    annotations: Annotations | None = None
    """Annotations. Default: none."""

    labels: Labels | None = None
    """Labels beside the component's own. Default: none."""


class HTTPRouteArgs(RouteArgs):
    """An HTTPRoute of the Gateway API. The Gateway itself, its listeners and certificates are the platform's."""

    path: PathPrefix = "/"
    """Path below which the server is reached. Default `/`. Another one is cut off before the server sees it."""

    tls: Flag = False
    """Whether the listener is https: it decides the scheme of `external_url` and nothing else. Default no."""

    request_timeout: Duration | None = None
    """How long a whole answer may take, such as `10m`; `0s` is without end. Default: the gateway's, which is often 15 s: too short for a
    long generation."""


class GRPCRouteArgs(RouteArgs):
    """A GRPCRoute of the Gateway API to `grpc_port`. The Gateway itself, its listeners and certificates are the platform's."""


class InferencePoolArgs(Arguments):
    """An InferencePool of the Gateway API inference extension: an endpoint picker chooses the pod by queue, KV cache and adapters.

    With `http_route`, that route leads to the pool in place of the Service.
    """

    endpoint_picker: ObjectName
    """Name of the Service of the endpoint picker, in the service's namespace. Required: the picker is the platform's."""

    endpoint_picker_port: Annotated[WholeNumber, Field(ge=1, le=65535)] = 9002
    """Its port. Default 9002, the extension's own."""

    failure_mode: Literal["FailOpen", "FailClose"] = "FailClose"
    """What happens while the picker does not answer: `FailOpen` takes any pod, `FailClose` refuses. Default: the extension's own."""


def validate_grpc(grpc_port: int | None, port: int, health_port: int | None, name: GenerationName | None, image: str) -> Iterator[Problem]:
    """A port is listened on once."""
    if grpc_port is not None and grpc_port in (port, health_port, find_generation(name, image).backend_port):
        rule = "must not be the server's, the health endpoints' or the engine's own port"
        yield Problem(("grpc_port",), rule, "Take another, such as 50051.", repr(grpc_port))


def validate_grpc_route(grpc_route: GRPCRouteArgs | None, grpc_port: Any) -> Iterator[Problem]:
    """A route leads to a port."""
    if grpc_route is not None and grpc_port is None:
        yield Problem(("grpc_port",), "is required with grpc_route, which leads to it", "Give the server's gRPC port, such as 50051.")


def validate_exposure(ingress: IngressArgs | None, http_route: HTTPRouteArgs | None) -> Iterator[Problem]:
    """One way in: two would be two addresses, and `external_url` is one."""
    if ingress is not None and http_route is not None:
        yield Problem(("http_route",), "must not be given together with ingress", "Give the one that the cluster's controller serves.")
