"""Where clients reach a service, and who can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..change import Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding, listed, named, sentence
from ..matching import compare
from ..objects import changed_under, entries, get, items, strings

REACH = ("ClusterIP", "NodePort", "LoadBalancer")
"""Each wider than the one before."""
ROUTES = ("Ingress", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "VirtualService", "Gateway")
INTERNAL = (
    "service.beta.kubernetes.io/aws-load-balancer-internal", "service.beta.kubernetes.io/aws-load-balancer-scheme",
    "service.beta.kubernetes.io/azure-load-balancer-internal", "networking.gke.io/load-balancer-type",
    "cloud.google.com/load-balancer-type", "service.beta.kubernetes.io/oci-load-balancer-internal",
)  # fmt: skip
"""Annotations that keep a load balancer inside."""


def addresses(service: ServiceChange) -> Iterator[Finding]:
    """The in-cluster address: name, namespace and ports of the Service."""
    for change in service.of("Service"):
        before, after = change.before, change.after
        if change.operation == "delete" and before is not None and not _whole(service):
            text = sentence("Service {name} is deleted.", name=before.object_name)
            yield finding(
                "url-changed", CRITICAL, change, service.name, text, sentence("Clients of {url} reach nothing.", url=_url(before))
            )
        elif change.operation == "create" and after is not None and not _whole(service):
            text = sentence("Service {name} is new: {url}.", name=after.object_name, url=_url(after))
            yield finding("created", NOTICE, change, service.name, text)
        elif change.operation in ("update", "replace") and before is not None and after is not None and (more := _more(before, after)):
            text = sentence("Service {name} takes requests on another port too: {ports}.", name=after.object_name, ports=listed(more))
            yield finding("created", NOTICE, change, service.name, text, (), *changed_under(change, "spec.ports"))
        elif change.operation in ("update", "replace") and before is not None and after is not None and _url(before) != _url(after):
            text = sentence("The address changes: {old} becomes {new}.", old=_url(before), new=_url(after))
            consequence = sentence("Clients must be told; the old address answers no more.")
            paths = changed_under(change, "metadata.name", "metadata.namespace", "spec.ports")
            yield finding("url-changed", WARNING, change, service.name, text, consequence, *paths)


def _more(before: ResourceState, after: ResourceState) -> list[str]:
    """The ports that come to those of an address that stays."""
    old, new = _ports(before), _ports(after)
    return [port for port in new if port not in old] if _host(before) == _host(after) and {*old} < {*new} else []


def _host(resource: ResourceState) -> str:
    return f"{resource.object_name}.{resource.namespace or 'default'}.svc.cluster.local"


def _ports(resource: ResourceState) -> list[str]:
    return [str(port.get("port")) for port in items(get(resource.inputs, "spec", "ports"))]


def _url(resource: ResourceState) -> str:
    ports = _ports(resource)
    return f"http://{_host(resource)}:{'/'.join(ports)}" if ports else _host(resource)


def _whole(service: ServiceChange) -> bool:
    component = service.component()
    return component is not None and component.operation in ("create", "delete")


def reach(service: ServiceChange) -> Iterator[Finding]:
    """A Service that more can reach."""
    for change in service.of("Service"):
        before, after = change.before, change.after
        if after is None or not change.happens:
            continue
        old, new = _type(before), _type(after)
        if new in REACH and (old not in REACH or REACH.index(new) > REACH.index(old)) and new != "ClusterIP":
            text = sentence("Service {name} is {new}", name=after.object_name, new=new) + (
                sentence(", before {old}.", old=old) if before else sentence(".")
            )
            where = "from outside of the cluster, by a load balancer" if new == "LoadBalancer" else "on a port of every node"
            inside = sentence(" An annotation keeps it internal.") if new == "LoadBalancer" and _internal(after) else ()
            consequence = sentence("The model can be reached {where}. NIM itself asks nobody for a key.", where=(where,)) + inside
            yield finding(
                "exposure-widened",
                WARNING,
                change,
                service.name,
                text,
                consequence,
                *changed_under(change, "spec.type", "spec.allocateLoadBalancerNodePorts"),
            )
        elif before is not None and old != new:
            text = sentence("Service {name} is {new}, before {old}.", name=after.object_name, new=new, old=old)
            yield finding(
                "url-changed", WARNING, change, service.name, text, sentence("Who came from outside reaches it no more."), "spec.type"
            )
        if before is not None and new == "LoadBalancer":
            yield from _ranges(service, change, before, after)


def _ranges(service: ServiceChange, change: Change, before: ResourceState, after: ResourceState) -> Iterator[Finding]:
    old, new = ({*strings(get(side.inputs, "spec", "loadBalancerSourceRanges"))} or {"0.0.0.0/0"} for side in (before, after))
    if new - old:
        text = sentence("The load balancer now lets in {ranges}.", ranges=listed(sorted(new - old)))
        yield finding("exposure-widened", WARNING, change, service.name, text, sentence("The model can be reached from there."),
                      "spec.loadBalancerSourceRanges")  # fmt: skip
    if _internal(before) and not _internal(after):
        paths = changed_under(change, "metadata.annotations")
        yield finding("exposure-widened", CRITICAL, change, service.name, sentence("The load balancer is no longer internal."),
                      sentence("The model can be reached from the internet."), *paths)  # fmt: skip


def _type(resource: ResourceState | None) -> str:
    return str(get(resource.inputs, "spec", "type") or "ClusterIP") if resource else ""


def _internal(resource: ResourceState) -> bool:
    annotations = entries(resource.metadata.get("annotations"))
    return any(str(annotations.get(name, "")).lower() in ("true", "internal", "0.0.0.0/0") for name in INTERNAL)


def routes(service: ServiceChange) -> Iterator[Finding]:
    """Hosts and TLS of an Ingress, a route or a gateway."""
    for change in service.of(*ROUTES):
        if not change.happens:
            continue
        before, after = change.before, change.after
        old, new = (_hosts(side) if side else set[str]() for side in (before, after))
        gone = not _whole(service) and (old - new or after is None)
        if new - old or before is None:
            text = sentence(
                "{what} opens {hosts}.",
                what=named(change),
                hosts=listed(sorted(new - old) or ["every host"]),
            )
            consequence = sentence("Whoever reaches the gateway reaches the model. NIM itself asks nobody for a key.")
            paths = changed_under(change, "spec")
            yield finding("exposure-widened", WARNING, change, service.name, text, consequence, *paths)
        if before is not None and gone:
            text = sentence(
                "{what} no longer serves {hosts}.",
                what=named(change),
                hosts=listed(sorted(old - new)),
            )
            yield finding(
                "url-changed",
                WARNING,
                change,
                service.name,
                text,
                sentence("Clients of these addresses reach nothing."),
                *changed_under(change, "spec"),
            )
        if before is not None and after is not None and get(before.inputs, "spec", "tls") and not get(after.inputs, "spec", "tls"):
            text = sentence("{what} no longer has TLS.", what=named(change))
            yield finding(
                "exposure-widened", CRITICAL, change, service.name, text, sentence("Prompts and answers travel in the clear."), "spec.tls"
            )


def _hosts(resource: ResourceState) -> set[str]:
    spec = entries(resource.inputs.get("spec"))
    found = {str(rule.get("host") or "*") for rule in items(spec.get("rules"))} if resource.kind == "Ingress" else set[str]()
    listeners = {str(listener.get("hostname") or "*") for listener in items(spec.get("listeners"))}
    return found | listeners | {*strings(spec.get("hostnames"))} | {*strings(spec.get("hosts"))}


def policies(service: ServiceChange) -> Iterator[Finding]:
    """A NetworkPolicy that goes, or lets more in."""
    for change in service.of("NetworkPolicy", "CiliumNetworkPolicy"):
        before, after = change.before, change.after
        if change.operation == "delete" and not _whole(service):
            text = sentence("{what} is deleted.", what=named(change))
            yield finding(
                "exposure-widened", WARNING, change, service.name, text, sentence("Every pod that no other policy stops reaches the model.")
            )
        elif change.operation == "create" and not _whole(service):
            text = sentence("{what} is new.", what=named(change))
            yield finding("created", NOTICE, change, service.name, text, sentence("Traffic that it does not allow is dropped, at once."))
        elif before is not None and after is not None and change.happens:
            yield from _rules(service, change, before, after)


def _rules(service: ServiceChange, change: Change, before: ResourceState, after: ResourceState) -> Iterator[Finding]:
    for field, way in (("ingress", "reach the model"), ("egress", "be reached by it")):
        old, new = get(before.inputs, "spec", field), get(after.inputs, "spec", field)
        differences = list(compare(_plain(old), _plain(new)))
        if differences:
            kept = [spell for rule in items(old) if (spell := repr(rule))]
            more = [rule for rule in items(new) if repr(rule) not in kept]
            text = sentence("NetworkPolicy {name}: its {field} rules change.", name=after.object_name, field=(field,))
            severity = WARNING if more else NOTICE
            consequence = (
                sentence("More may {way}.", way=(way,)) if more else sentence("Less may {way}; what is cut off fails at once.", way=(way,))
            )
            yield finding("exposure-widened" if more else "other", severity, change, service.name, text, consequence, f"spec.{field}")


def _plain(value: Any) -> Mapping[str, Any]:
    return {"rules": value if value is not None else []}


RULES = (addresses, reach, routes, policies)
