"""Addresses of the server, inside and outside the cluster."""

from typing import Any

import pulumi

from ..args import NIM
from ..args.managed_names import TLS_MODE, TLS_MODES
from .inputs import lift, lift_all

CLUSTER_DOMAIN = "svc.cluster.local"


def render_host(nim: NIM, service_name: str) -> "pulumi.Input[str]":
    """Return the in-cluster DNS name. It depends on names only, so it is known at preview."""
    return lift(nim.namespace, lambda namespace: f"{service_name}.{namespace}.{CLUSTER_DOMAIN}")


def render_url(nim: NIM, service_name: str) -> "pulumi.Input[str]":
    """Return `http://<host>:<port>`. Clients append `/v1`."""

    def join(host: str, port: int) -> str:
        return f"{_scheme(nim)}://{host}:{port}"

    return lift_all(join, render_host(nim, service_name), nim.port)


def _scheme(nim: NIM) -> str:
    """Return `https` if the server itself terminates TLS."""
    mode = (nim.env or {}).get(TLS_MODE)
    return "https" if isinstance(mode, str) and mode.upper() in TLS_MODES else "http"


def render_external_url(nim: NIM, status: "pulumi.Output[Any]") -> "pulumi.Input[str | None]":
    """Return the address outside the cluster: of Ingress or HTTPRoute, else of the load balancer.

    Returns None if there is neither, and while the load balancer has no address: nothing waits for
    its address.

    Args:
        nim: Arguments of the service.
        status: Status of the Service.
    """
    exposure = nim.ingress or nim.http_route
    if exposure is not None:

        def join(host: str, path: str) -> str:
            return f"{'https' if exposure.tls else 'http'}://{host}{path.rstrip('/')}"

        return lift_all(join, exposure.hosts[0], exposure.path)
    if nim.service.type == "LoadBalancer":
        return pulumi.Output.all(status, nim.port, _scheme(nim)).apply(lambda resolved: format_load_balancer_url(*resolved))
    return None


def format_load_balancer_url(status: Any, port: int, scheme: str = "http") -> str | None:
    """Return the address in a Service's status, or None if it has none yet.

    Some clouds set a host name, others an IP address.
    """
    entries: Any = _field(_field(status, "load_balancer"), "ingress") or [None]
    host = _field(entries[0], "hostname") or _field(entries[0], "ip")
    if not host:
        return None
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _field(value: Any, name: str) -> Any:
    """Return a field of the provider's answer, or None.

    The SDK's types have fields as properties.
    """
    return getattr(value, name, None)
