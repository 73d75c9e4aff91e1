"""Addresses of a service: Services and routes, and the clients that can reach them."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from ..accessors import get, mapping, mappings, strings
from ..change import Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding
from ..networks import is_within
from ..object_fields import changed_under
from ..references import find_renames
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
                paths = [each for each in changed_under(change, "spec.ports") if not each.endswith(".targetPort")]
                yield finding("created", NOTICE, change, service.name, text, (), *paths)
            elif _url(before) != _url(after):
                text = sentence("The address changes from {old} to {new}.", old=_url(before), new=_url(after))
                consequence = sentence("Update all clients: the old address no longer works.")
                paths = changed_under(change, "metadata.name", "metadata.namespace", "spec.ports")
                paths = [each for each in paths if not each.endswith(".targetPort")]
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
    old, new = (strings(get(state.inputs, "spec", "loadBalancerSourceRanges")) or ["0.0.0.0/0"] for state in (before, after))
    if _type(before) != "LoadBalancer":
        return
    if added := sorted(each for each in {*new} - {*old} if not any(is_within(each, other) for other in old)):
        text = sentence("The load balancer now accepts clients from {ranges}.", ranges=enumerate_values(added))
        consequence = sentence("Clients in these ranges can reach the model.")
        yield finding("exposure-widened", WARNING, change, service.name, text, consequence, "spec.loadBalancerSourceRanges")
    elif any(not any(is_within(each, other) for other in new) for each in old):
        text = sentence("The load balancer now accepts only clients from {ranges}.", ranges=enumerate_values(sorted(new)))
        yield finding("other", NOTICE, change, service.name, text, (), "spec.loadBalancerSourceRanges")
    lost = [name for name in INTERNAL if _has_internal(before, name) and not _has_internal(after, name)]
    if lost and _is_internal(after):
        text = sentence("{names} no longer makes the load balancer internal.", names=enumerate_values(lost))
        consequence = sentence("Unless the other annotation prevails, clients on the internet can reach the model.")
        paths = [each.where for each in change.differences if each.path[-1] in lost]
        yield finding("exposure-widened", CRITICAL, change, service.name, text, consequence, *paths)
    elif lost:
        text = sentence("The load balancer is no longer internal.")
        consequence = sentence("Clients on the internet can reach the model.")
        paths = changed_under(change, "metadata.annotations")
        yield finding("exposure-widened", CRITICAL, change, service.name, text, consequence, *paths)


def _type(state: ResourceState | None) -> str:
    return str(get(state.inputs, "spec", "type") or "ClusterIP") if state else ""


def _is_internal(state: ResourceState) -> bool:
    return any(_has_internal(state, name) for name in INTERNAL)


def _has_internal(state: ResourceState, name: str) -> bool:
    value = mapping(state.metadata.get("annotations")).get(name, "")
    return str(value).lower() in ("true", "internal", "0.0.0.0/0")


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
    """Report changed hosts and removed TLS of an Ingress, a route or a Gateway.

    A host that one object gives up and another one takes stays reachable by its name.
    """
    changes = [change for change in service.of(*ROUTES) if change.has_effect]
    taken = {host for change in changes for host in _added_hosts(change)}
    given = {host for change in changes for host in _removed_hosts(change)}
    for change in changes:
        before, after = change.before, change.after
        added, removed = _added_hosts(change), _removed_hosts(change)
        if added - given or (before is None and not added):
            hosts = enumerate_values(sorted(added - given) or ["every host"])
            text = sentence("{object} exposes {hosts}.", object=name_object(change), hosts=hosts)
            consequence = ("Every client that can reach these addresses can reach the model. ", NO_AUTHENTICATION)
            yield finding("exposure-widened", WARNING, change, service.name, text, consequence, *_host_fields(change, added))
        if not service.is_whole and (removed - taken or (after is None and not removed)):
            hosts = enumerate_values(sorted(removed - taken) or ["every host"])
            text = sentence("{object} no longer exposes {hosts}.", object=name_object(change), hosts=hosts)
            consequence = sentence("Clients can no longer use these addresses.")
            yield finding("url-changed", WARNING, change, service.name, text, consequence, *_host_fields(change, removed))
        for other in changes:
            if removed & _added_hosts(other):
                yield from _describe_handover(service, change, other)
        if before is not None and after is not None:
            yield from _describe_lost_tls(service, change, before, after)


def _host_fields(change: Change, hosts: AbstractSet[str]) -> list[str]:
    """Return the changed fields that name hosts, and new or removed rules for them."""
    fields = changed_under(change, "spec.hosts", "spec.hostnames", *(f"spec.rules[{host}]" for host in hosts))
    return [*fields, *(each.where for each in change.differences if each.path[-1] in ("host", "hostname"))]


def _describe_lost_tls(service: ServiceChange, change: Change, before: ResourceState, after: ResourceState) -> Iterator[Finding]:
    """Report hosts that stay reachable, but no longer by TLS."""
    lost = sorted((_encrypted_hosts(before) - _encrypted_hosts(after)) & _hosts(after))
    if lost:
        text = sentence("{object} no longer has TLS for {hosts}.", object=name_object(change), hosts=enumerate_values(lost, at_most=4))
        consequence = sentence("Prompts and responses are sent unencrypted.")
        paths = changed_under(change, "spec.tls", "spec.listeners")
        yield finding("exposure-widened", CRITICAL, change, service.name, text, consequence, *paths)


def _encrypted_hosts(state: ResourceState) -> set[str]:
    """Return the hosts for which an Ingress or a listener of a Gateway has TLS."""
    if state.kind == "Ingress":
        return {host for host in _hosts(state) if _has_tls(state, {host})}
    listeners = mappings(get(state.inputs, "spec", "listeners"))
    return {str(each.get("hostname") or "*") for each in listeners if each.get("protocol") in ("HTTPS", "TLS")}


def _describe_handover(service: ServiceChange, old: Change, new: Change) -> Iterator[Finding]:
    """Report hosts that another object takes, and that their backends or TLS differ."""
    shared = _removed_hosts(old) & _added_hosts(new)
    hosts = enumerate_values(sorted(shared))
    if _backends(old.before, shared) != _backends(new.after, shared):
        text = sentence(
            "{new} sends requests for {hosts} to other backends than {old}.", new=name_object(new), hosts=hosts, old=name_object(old)
        )
        consequence = sentence("Requests go there with the keys that clients send.")
        yield finding("destination", WARNING, new, service.name, text, consequence)
    if _has_tls(old.before, shared) and not _has_tls(new.after, shared):
        text = sentence("{new} has no TLS for {hosts}, unlike {old}.", new=name_object(new), hosts=hosts, old=name_object(old))
        consequence = sentence("Unless a Gateway or a load balancer adds TLS, prompts and responses are sent unencrypted.")
        yield finding("exposure-widened", WARNING, new, service.name, text, consequence)
    text = sentence("{new} takes over {hosts} from {old}.", new=name_object(new), hosts=hosts, old=name_object(old))
    paths = changed_under(old, "spec.hostnames", "spec.hosts", *(f"spec.rules[{host}].host" for host in shared))
    if _entry_of(old.before) == _entry_of(new.after):
        yield finding("replaced", NOTICE, old, service.name, text, sentence("Clients use the same addresses as before."), *paths)
        return
    consequence = sentence("Clients use the same names. DNS must lead them to the address of the new object before the old one is deleted.")
    yield finding("replaced", WARNING, old, service.name, text, consequence, *paths)


def _backends(state: ResourceState | None, hosts: AbstractSet[str]) -> set[tuple[str, ...]]:
    """Return kind, namespace and name of the objects that get requests for hosts, or copies."""
    if state is None:
        return set()
    found: set[tuple[str, ...]] = set()
    rules = mappings(get(state.inputs, "spec", "rules"))
    for rule in rules if state.kind != "Ingress" else (each for each in rules if str(each.get("host") or "*") in hosts):
        paths = [get(path, "backend") for path in mappings(get(rule, "http", "paths"))]
        mirrors = [get(each, "requestMirror", "backendRef") for each in mappings(rule.get("filters"))]
        for backend in (*paths, *mappings(rule.get("backendRefs")), *filter(None, mirrors)):
            reference = get(backend, "service") or get(backend, "resource") or backend
            namespace = get(reference, "namespace") or state.namespace or "default"
            port = get(reference, "port", "number") or get(reference, "port", "name") or get(reference, "port")
            found.add((str(get(reference, "kind") or "Service"), str(namespace), str(get(reference, "name")), str(port)))
    for protocol in ("http", "tls", "tcp"):  # a VirtualService
        for rule in mappings(get(state.inputs, "spec", protocol)):
            copies = [rule.get("mirror"), *(get(each, "destination") for each in mappings(rule.get("mirrors")))]
            for target in filter(None, (*(get(each, "destination") for each in mappings(rule.get("route"))), *copies)):
                found.add(("host", str(get(target, "host")), str(get(target, "subset")), str(get(target, "port", "number"))))
    return found


def _has_tls(state: ResourceState | None, hosts: AbstractSet[str]) -> bool:
    """Return true if an object itself has TLS for all these hosts."""
    entries = [] if state is None else mappings(get(state.inputs, "spec", "tls"))
    return all(any(_matches(host, strings(entry.get("hosts")) or [host]) for entry in entries) for host in hosts)


def _matches(host: str, patterns: list[str]) -> bool:
    """Return true if a host is one of the names, or below a wildcard such as `*.example.com`."""
    return host in patterns or f"*.{host.partition('.')[2]}" in patterns


def _entry_of(state: ResourceState | None) -> tuple[Any, ...] | None:
    """Return the Gateways, or the class of an Ingress: they decide about the address of clients."""
    if state is None:
        return None
    spec = mapping(state.inputs.get("spec"))
    parents = [(get(each, "namespace"), get(each, "name")) for each in mappings(spec.get("parentRefs"))]
    return (state.kind == "Ingress", spec.get("ingressClassName"), *parents)


def _added_hosts(change: Change) -> set[str]:
    return _hosts(change.after) - _hosts(change.before)


def _removed_hosts(change: Change) -> set[str]:
    return _hosts(change.before) - _hosts(change.after)


def _hosts(state: ResourceState | None) -> set[str]:
    if state is None:
        return set()
    spec = mapping(state.inputs.get("spec"))
    found = {str(rule.get("host") or "*") for rule in mappings(spec.get("rules"))} if state.kind == "Ingress" else set[str]()
    listeners = {str(listener.get("hostname") or "*") for listener in mappings(spec.get("listeners"))}
    return found | listeners | {*strings(spec.get("hostnames"))} | {*strings(spec.get("hosts"))}


RULES = (addresses, service_types, traffic, routes)
