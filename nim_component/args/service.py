"""Kubernetes Service in front of the pods."""

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, Strict

from .arguments import Arguments
from .field_types import Flag, Integer, ListOf, OrOutput
from .fixes import fix
from .metadata import Annotations, Labels
from .problems import Problem, problem_error
from .rule import Rule
from .validators import match_pattern


def _cidr(value: str) -> str:
    message = "must be an address range"
    try:
        ipaddress.ip_network(value)
    except ValueError:
        action = fix("Write it such as {} or {}, without bits after the prefix.", "10.0.0.0/8", "2001:db8::/32")
        raise problem_error(message, action) from None
    if "/" not in value:
        raise problem_error(message, "Add the prefix length: /32 is one IPv4 address, /128 one IPv6 address.")
    return value


if TYPE_CHECKING:
    import pulumi

    Cidr = pulumi.Input[str]
    LoadBalancerClass = pulumi.Input[str]
else:
    Cidr = Annotated[str, Strict(), AfterValidator(_cidr), OrOutput()]
    LoadBalancerClass = Annotated[
        str,
        Strict(),
        match_pattern(
            r"([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?",
            "must be the name of a load balancer class",
            fix("Write name or domain/name, such as {}.", "service.k8s.aws/nlb"),
        ),
        OrOutput(),
    ]

_EXTERNAL = ("NodePort", "LoadBalancer")
_TYPES: dict[str, tuple[str, ...]] = {
    "node_port": _EXTERNAL,
    "external_traffic_policy": _EXTERNAL,
    "load_balancer_class": ("LoadBalancer",),
    "load_balancer_source_ranges": ("LoadBalancer",),
    "allocate_node_ports": ("LoadBalancer",),
}
"""Fields that apply to some types of the Service only, each with these types."""


class ServiceArgs(Arguments):
    """Kubernetes Service in front of the pods. Its port is the `port` of the `NIM`."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """Type of the Service. A NIM has no authentication of its own; `ClusterIP` is reached from
    inside the cluster only."""

    headless: Flag = False
    """Service without a cluster IP: its name resolves to the pods, for clients that balance
    requests themselves."""

    annotations: Annotations | None = None
    """Annotations, such as those for the load balancer of a cloud."""

    labels: Labels | None = None
    """Labels in addition to the component's own."""

    session_affinity: Literal["None", "ClientIP"] = "None"
    """Session affinity. `ClientIP` sends the requests of a client to the same pod, whose KV cache
    contains the conversation."""

    session_affinity_timeout: Annotated[Integer, Field(ge=1, le=86400)] | None = None
    """Seconds of the affinity `ClientIP`. Unset: Kubernetes' default of 10800."""

    internal_traffic_policy: Literal["Cluster", "Local"] | None = None
    """Routing of requests from inside the cluster. `Local` uses pods on the caller's node only, and
    drops requests if there is none. Unset: Kubernetes' default, `Cluster`."""

    external_traffic_policy: Literal["Cluster", "Local"] | None = None
    """Routing of requests from outside the cluster. `Local` keeps the client's address and avoids a
    hop; only nodes with a pod answer. Unset: Kubernetes' default, `Cluster`."""

    traffic_distribution: Literal["PreferClose", "PreferSameZone", "PreferSameNode"] | None = None
    """Preference for near pods. `PreferClose` requires Kubernetes 1.33, the others 1.35."""

    node_port: Annotated[Integer, Field(ge=1, le=65535)] | None = None
    """Port on every node. Unset: the cluster chooses one."""

    load_balancer_class: LoadBalancerClass | None = None
    """Implementation of the load balancer, such as `service.k8s.aws/nlb`. It cannot be changed on
    an existing Service. Unset: the cluster's default."""

    load_balancer_source_ranges: ListOf[Cidr] | None = None
    """Address ranges that may connect to the load balancer. Set them: a NIM has no authentication
    of its own. Unset: all addresses."""

    allocate_node_ports: Flag | None = None
    """Allocation of a port on every node for a load balancer. Unset: Kubernetes' default, true."""

    ip_family_policy: Literal["SingleStack", "PreferDualStack", "RequireDualStack"] | None = None
    """Policy for IPv4 and IPv6. Unset: the cluster's default."""

    ip_families: ListOf[Literal["IPv4", "IPv6"]] | None = None
    """IP families, in order. Unset: the cluster's default."""

    @staticmethod
    def _validate(type: str, headless: bool, affinity: str, timeout: Any, *values: Any) -> Iterator[Problem]:
        message = f"has no effect with type {type}"
        for (name, types), value in zip(_TYPES.items(), values, strict=True):
            if value is not None and type not in types:
                examples = [{"type": each} for each in types]
                yield Problem((name,), message, fix(f"Remove it, or set {' or '.join('{}' for _ in types)}.", *examples))
        if headless and type != "ClusterIP":
            yield Problem(("headless",), message, fix("Remove it, or set {}.", {"type": "ClusterIP"}))
        if timeout is not None and affinity != "ClientIP":
            action = fix("Set {}, or remove session_affinity_timeout.", {"session_affinity": "ClientIP"})
            yield Problem(("session_affinity_timeout",), "requires session_affinity ClientIP", action, repr(timeout))

    rules = (Rule(("type", "headless", "session_affinity", "session_affinity_timeout", *_TYPES), _validate.__func__, waits=False),)  # pyright: ignore
