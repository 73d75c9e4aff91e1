"""Addresses of a service: Services and routes, and the clients that can reach them."""

from __future__ import annotations

from collections.abc import Iterator

from ..accessors import get, mapping, mappings, strings
from ..change import Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding
from ..object_fields import changed_under, find_renames
from ..sentences import enumerate_values, name_object, sentence
from ..settings import Setting, Settings, report_settings

SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer")
"""Types of a Service, from the narrowest to the widest."""
ROUTES = ("Ingress", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "VirtualService", "Gateway")
INTERNAL = (
    "service.beta.kubernetes.io/aws-load-balancer-internal", "service.beta.kubernetes.io/aws-load-balancer-scheme",
    "service.beta.kubernetes.io/azure-load-balancer-internal", "networking.gke.io/load-balancer-type",
    "cloud.google.com/load-balancer-type", "service.beta.kubernetes.io/oci-load-balancer-internal",
)  # fmt: skip
"""Annotations that make a load balancer internal."""
NO_AUTHENTICATION = "NIM does not authenticate clients."


def addresses(service: ServiceChange) -> Iterator[Finding]:
    """Report changes of the in-cluster address: name, namespace and ports of the Service."""
    for change in service.of("Service"):
        before, after = change.before, change.after
        if change.operation == "delete" and before is not None and not service.is_whole:
            text = sentence("Service {name} is deleted.", name=before.object_name)
            consequence = sentence("Clients can no longer connect to {url}.", url=_url(before))
            yield finding("url-changed", CRITICAL, change, service.name, text, consequence)
        elif change.operation == "create" and after is not None and not service.is_whole:
            text = sentence("Service {name} is created: {url}.", name=after.object_name, url=_url(after))
            yield finding("created", NOTICE, change, service.name, text)
        elif change.operation in ("update", "replace") and before is not None and after is not None:
            if added := _added_ports(before, after):
                text = sentence("Service {name} also listens on port {ports}.", name=after.object_name, ports=enumerate_values(added))
                yield finding("created", NOTICE, change, service.name, text, (), *changed_under(change, "spec.ports"))
            elif _url(before) != _url(after):
                text = sentence("The address changes from {old} to {new}.", old=_url(before), new=_url(after))
                consequence = sentence("Update all clients: the old address no longer works.")
                paths = changed_under(change, "metadata.name", "metadata.namespace", "spec.ports")
                yield finding("url-changed", WARNING, change, service.name, text, consequence, *paths)


def _added_ports(before: ResourceState, after: ResourceState) -> list[str]:
    """Return the new ports if the host and all old ports stay."""
    old, new = _ports(before), _ports(after)
    return [port for port in new if port not in old] if _host(before) == _host(after) and {*old} < {*new} else []


def _host(state: ResourceState) -> str:
    return f"{state.object_name}.{state.namespace or 'default'}.svc.cluster.local"


def _ports(state: ResourceState) -> list[str]:
    return [str(port.get("port")) for port in mappings(get(state.inputs, "spec", "ports"))]


def _url(state: ResourceState) -> str:
    ports = _ports(state)
    return f"http://{_host(state)}:{'/'.join(ports)}" if ports else _host(state)


def service_types(service: ServiceChange) -> Iterator[Finding]:
    """Report a Service that more or fewer clients can reach."""
    for change in service.of("Service"):
        before, after = change.before, change.after
        if after is None or not change.has_effect:
            continue
        old, new = _type(before), _type(after)
        text = (
            sentence("Service {name} changes from {old} to {new}.", name=after.object_name, old=old, new=new)
            if before
            else sentence("Service {name} has type {new}.", name=after.object_name, new=new)
        )
        is_wider = new in SERVICE_TYPES and (old not in SERVICE_TYPES or SERVICE_TYPES.index(new) > SERVICE_TYPES.index(old))
        if is_wider and new != "ClusterIP":
            where = "through a load balancer from outside the cluster" if new == "LoadBalancer" else "on a port of every node"
            consequence = sentence("Clients can reach the model {where}. {warning}", where=(where,), warning=(NO_AUTHENTICATION,))
            if new == "LoadBalancer" and _is_internal(after):
                consequence += sentence(" An annotation makes the load balancer internal.")
            paths = changed_under(change, "spec.type", "spec.allocateLoadBalancerNodePorts")
            yield finding("exposure-widened", WARNING, change, service.name, text, consequence, *paths)
        elif before is not None and old != new:
            consequence = sentence("Clients that connect through the {old} can no longer reach the service.", old=old)
            yield finding("url-changed", WARNING, change, service.name, text, consequence, "spec.type")
        if before is not None and new == "LoadBalancer":
            yield from _load_balancer(service, change, before, after)


def _load_balancer(service: ServiceChange, change: Change, before: ResourceState, after: ResourceState) -> Iterator[Finding]:
    old, new = ({*strings(get(state.inputs, "spec", "loadBalancerSourceRanges"))} or {"0.0.0.0/0"} for state in (before, after))
    if added := sorted(new - old):
        text = sentence("The load balancer now accepts clients from {ranges}.", ranges=enumerate_values(added))
        consequence = sentence("Clients in these ranges can reach the model.")
        yield finding("exposure-widened", WARNING, change, service.name, text, consequence, "spec.loadBalancerSourceRanges")
    if _is_internal(before) and not _is_internal(after):
        text = sentence("The load balancer is no longer internal.")
        consequence = sentence("Clients on the internet can reach the model.")
        paths = changed_under(change, "metadata.annotations")
        yield finding("exposure-widened", CRITICAL, change, service.name, text, consequence, *paths)


def _type(state: ResourceState | None) -> str:
    return str(get(state.inputs, "spec", "type") or "ClusterIP") if state else ""


def _is_internal(state: ResourceState) -> bool:
    annotations = mapping(state.metadata.get("annotations"))
    return any(str(annotations.get(name, "")).lower() in ("true", "internal", "0.0.0.0/0") for name in INTERNAL)


def traffic(service: ServiceChange) -> Iterator[Finding]:
    """Report a Service with another selector, host or external address."""
    for change in service.of("Service"):
        if change.after is None or change.operation not in ("create", "update", "replace"):
            continue
        before = _read_traffic(change.before) if change.before is not None else None
        yield from report_settings(service, change, before, _read_traffic(change.after), find_renames(service))


def _read_traffic(state: ResourceState) -> Settings:
    fields = {
        "selector": (WARNING, None, "Requests go to the pods with these labels."),
        "externalIPs": (CRITICAL, CRITICAL, "The nodes take over the traffic to these addresses, also that of other programs."),
        "externalName": (CRITICAL, WARNING, "Requests to the Service go to this host, with the keys that clients send."),
    }
    return {
        f"spec.{field}": Setting("destination", severity, "Field", field, (" of the Service",), value, text, new)
        for field, (severity, new, text) in fields.items()
        if (value := get(state.inputs, "spec", field))
    }


def routes(service: ServiceChange) -> Iterator[Finding]:
    """Report changed hosts and removed TLS of an Ingress, a route or a Gateway."""
    for change in service.of(*ROUTES):
        if not change.has_effect:
            continue
        before, after = change.before, change.after
        old, new = (_hosts(state) if state else set[str]() for state in (before, after))
        if new - old or before is None:
            hosts = enumerate_values(sorted(new - old) or ["every host"])
            text = sentence("{object} exposes {hosts}.", object=name_object(change), hosts=hosts)
            consequence = ("Every client that can reach these addresses can reach the model. ", NO_AUTHENTICATION)
            yield finding("exposure-widened", WARNING, change, service.name, text, consequence, *changed_under(change, "spec"))
        if before is not None and not service.is_whole and (old - new or after is None):
            hosts = enumerate_values(sorted(old - new) or ["every host"])
            text = sentence("{object} no longer exposes {hosts}.", object=name_object(change), hosts=hosts)
            consequence = sentence("Clients can no longer use these addresses.")
            yield finding("url-changed", WARNING, change, service.name, text, consequence, *changed_under(change, "spec"))
        if before is not None and after is not None and get(before.inputs, "spec", "tls") and not get(after.inputs, "spec", "tls"):
            text = sentence("{object} no longer has TLS.", object=name_object(change))
            consequence = sentence("Prompts and responses are sent unencrypted.")
            yield finding("exposure-widened", CRITICAL, change, service.name, text, consequence, "spec.tls")


def _hosts(state: ResourceState) -> set[str]:
    spec = mapping(state.inputs.get("spec"))
    found = {str(rule.get("host") or "*") for rule in mappings(spec.get("rules"))} if state.kind == "Ingress" else set[str]()
    listeners = {str(listener.get("hostname") or "*") for listener in mappings(spec.get("listeners"))}
    return found | listeners | {*strings(spec.get("hostnames"))} | {*strings(spec.get("hosts"))}


RULES = (addresses, service_types, traffic, routes)
