"""Routes to a service: hosts, backends and TLS of Ingresses, routes and Gateways."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from ..accessors import get, mapping, mappings, strings
from ..change import Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding
from ..object_fields import changed_under
from ..sentences import enumerate_values, name_object, sentence
from .exposure import NO_AUTHENTICATION

ROUTES = ("Ingress", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "VirtualService", "Gateway")


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


RULES = (routes,)
