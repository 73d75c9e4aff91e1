"""Addresses of a service: its Services, and the clients that can reach them."""

from __future__ import annotations

from collections.abc import Iterator

from ..accessors import Fields, get, mapping, mappings, strings
from ..change import Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding
from ..networks import is_within
from ..object_fields import changed_under
from ..pod_changes import pod_changes
from ..references import find_renames
from ..sentences import enumerate_values, sentence
from ..settings import Setting, Settings, report_settings

SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer")
"""Types of a Service, from the narrowest to the widest."""
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
                targets = sorted(_targets(after) - _targets(before)) if _is_outside(after) else []
                to = sentence("Clients outside the cluster can now reach port {ports} of the pods.", ports=enumerate_values(targets))
                severity, consequence = (WARNING, to) if targets else (NOTICE, ())
                yield finding("created", severity, change, service.name, text, consequence, *paths)
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


def _targets(state: ResourceState) -> set[str]:
    """Return the ports of the pods that a Service forwards to."""
    return {str(port.get("targetPort") or port.get("port")) for port in mappings(get(state.inputs, "spec", "ports"))}


def _is_outside(state: ResourceState) -> bool:
    """Return true for a Service that clients outside the cluster can reach."""
    return _type(state) in ("NodePort", "LoadBalancer") or bool(get(state.inputs, "spec", "externalIPs"))


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


def named_ports(service: ServiceChange) -> Iterator[Finding]:
    """Report names of ports that get another number. Services can name a port of the pods."""
    for pod in pod_changes(service):
        old, new = _named_ports(pod.before), _named_ports(pod.after)
        for name in sorted(name for name in old if new.get(name, old[name]) != old[name]):
            text = sentence("Port {name} of the pods is {new} instead of {old}.", name=name, new=new[name], old=old[name])
            consequence = sentence("Services that name the port send their requests there.")
            paths = [each for each in changed_under(pod.change, pod.path) if ".ports" in each]
            yield finding("destination", WARNING, pod.change, service.name, text, consequence, *paths)


def _named_ports(pod: Fields | None) -> dict[str, str]:
    """Return the number of each named port. Of two ports with a name, the first one counts."""
    found: dict[str, str] = {}
    for container in (*mappings(get(pod, "containers")), *mappings(get(pod, "initContainers"))):
        for port in mappings(container.get("ports")):
            if port.get("name"):
                found.setdefault(str(port["name"]), str(port.get("containerPort")))
    return found


RULES = (addresses, service_types, traffic, named_ports)
