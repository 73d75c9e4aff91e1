"""The Service: how the server is reached inside the cluster, and from outside by a node's port or a load balancer."""

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, Strict

from .arguments import Arguments, Rule
from .field_types import Flag, OrOutput, WholeNumber, match_pattern
from .metadata import Annotations, Labels
from .problems import Problem, problem_error


def _cidr(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise problem_error(
            "must be a range of addresses", "Write it such as 10.0.0.0/8 or 2001:db8::/32, without bits behind the prefix."
        ) from None
    if "/" not in value:
        raise problem_error("must be a range of addresses", "Add the prefix's length: /32 is one IPv4 address, /128 one of IPv6.")
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
            "must be a load balancer's class",
            "Write name or domain/name, such as service.k8s.aws/nlb.",
        ),
        OrOutput(),
    ]

_OUTSIDE = ("NodePort", "LoadBalancer")
_NEEDS: dict[str, tuple[str, ...]] = {
    "node_port": _OUTSIDE,
    "external_traffic_policy": _OUTSIDE,
    "load_balancer_class": ("LoadBalancer",),
    "load_balancer_source_ranges": ("LoadBalancer",),
    "allocate_node_ports": ("LoadBalancer",),
}
"""Types of the Service with which a field has a meaning."""


class ServiceArgs(Arguments):
    """The Kubernetes Service in front of the pods. Its port is the `port` of the `NIM`."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """Type of the Service. Default `ClusterIP`, reachable from inside the cluster only: a NIM has no authentication of its own."""

    headless: Flag = False
    """No address of its own: its name resolves to the pods, for clients that balance themselves. Default no."""

    annotations: Annotations | None = None
    """Annotations, such as those of a cloud's load balancer. Default: none."""

    labels: Labels | None = None
    """Labels beside the component's own. Default: none."""

    session_affinity: Literal["None", "ClientIP"] = "None"
    """`ClientIP` sends a client to the same pod, whose KV cache then knows its conversation. Default `None`."""

    session_affinity_timeout: Annotated[WholeNumber, Field(ge=1, le=86400)] | None = None
    """Seconds for which `ClientIP` remembers. Default: Kubernetes' own 10800."""

    internal_traffic_policy: Literal["Cluster", "Local"] | None = None
    """`Local` keeps to pods on the caller's node, and drops what finds none. Default: Kubernetes' `Cluster`."""

    external_traffic_policy: Literal["Cluster", "Local"] | None = None
    """`Local` keeps the client's address and a hop less, and only nodes with a pod answer. Default: Kubernetes' `Cluster`."""

    traffic_distribution: Literal["PreferClose", "PreferSameZone", "PreferSameNode"] | None = None
    """Prefers pods that are near. Default: none. Needs Kubernetes 1.33, the last two 1.35."""

    node_port: Annotated[WholeNumber, Field(ge=1, le=65535)] | None = None
    """Port of every node. Default: the cluster chooses."""

    load_balancer_class: LoadBalancerClass | None = None
    """Who makes the load balancer, such as `service.k8s.aws/nlb`. Default: the cluster's. It cannot change on a Service that is there."""

    load_balancer_source_ranges: list[Cidr] | None = None
    """Addresses that may reach the load balancer. Default: all; say it, since a NIM has no authentication of its own."""

    allocate_node_ports: Flag | None = None
    """Whether a load balancer also takes a port of every node. Default: Kubernetes' own, yes."""

    ip_family_policy: Literal["SingleStack", "PreferDualStack", "RequireDualStack"] | None = None
    """IPv4, IPv6 or both. Default: the cluster's."""

    ip_families: list[Literal["IPv4", "IPv6"]] | None = None
    """Which, and in which order. Default: the cluster's."""

    @staticmethod
    def _validate(type: str, headless: bool, affinity: str, timeout: Any, *given: Any) -> Iterator[Problem]:
        for (name, types), value in zip(_NEEDS.items(), given, strict=True):
            if value is not None and type not in types:
                yield Problem((name,), f"has no meaning with type {type}", f"Leave it out, or use type: {' or '.join(types)}.")
        if headless and type != "ClusterIP":
            yield Problem(("headless",), f"has no meaning with type {type}", "Leave it out, or use type: ClusterIP.")
        if timeout is not None and affinity != "ClientIP":
            yield Problem(("session_affinity_timeout",), "needs session_affinity: ClientIP", "Add that, or leave it out.", repr(timeout))

    rules = (Rule(("type", "headless", "session_affinity", "session_affinity_timeout", *_NEEDS), _validate.__func__, waits=False),)  # pyright: ignore
