"""Where the server is reached from: inside the cluster by names alone, outside by a host or by what a load balancer was given."""

from typing import Any

import pulumi

from ..args import NIM
from ..args.managed_names import TLS_MODE, TLS_MODES
from .inputs import lift, lift_all

CLUSTER_DOMAIN = "svc.cluster.local"


def service_host(nim: NIM, service_name: str) -> "pulumi.Input[str]":
    """The in-cluster DNS name, from names alone: known at preview."""
    return lift(nim.namespace, lambda namespace: f"{service_name}.{namespace}.{CLUSTER_DOMAIN}")


def service_url(nim: NIM, service_name: str) -> "pulumi.Input[str]":
    """`http://<host>:<port>`, without `/v1`: clients append it."""

    def join(host: str, port: int) -> str:
        return f"{_scheme(nim)}://{host}:{port}"

    return lift_all(join, service_host(nim, service_name), nim.port)


def _scheme(nim: NIM) -> str:
    """`https` where the server itself speaks TLS."""
    mode = (nim.env or {}).get(TLS_MODE)
    return "https" if isinstance(mode, str) and mode.upper() in TLS_MODES else "http"


def external_url(nim: NIM, status: "pulumi.Output[Any]") -> "pulumi.Input[str | None]":
    """The address from outside: of Ingress or route, else of the load balancer by the Service's `status`, else none.

    A load balancer that has no address yet has none here either: nothing waits for it.
    """
    way = nim.ingress or nim.http_route
    if way is not None:

        def join(host: str, path: str) -> str:
            return f"{'https' if way.tls else 'http'}://{host}{path.rstrip('/')}"

        return lift_all(join, way.hosts[0], way.path)
    if nim.service.type == "LoadBalancer":
        return pulumi.Output.all(status, nim.port, _scheme(nim)).apply(lambda resolved: load_balancer_url(*resolved))
    return None


def load_balancer_url(status: Any, port: int, scheme: str = "http") -> str | None:
    """`http://<host name or address>:<port>` of a Service's status: clouds give the one or the other. None while there is neither."""
    entries: Any = _field(_field(status, "load_balancer"), "ingress") or [None]
    host = _field(entries[0], "hostname") or _field(entries[0], "ip")
    if not host:
        return None
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _field(value: Any, name: str) -> Any:
    """A field of what the provider answers, which the SDK's own types have as a property."""
    return getattr(value, name, None)
