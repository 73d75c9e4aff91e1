"""Services that lead nowhere."""

from collections.abc import Iterator
from datetime import timedelta

from ..findings import Finding, harmless
from ..objects import Object, Snapshot, at, is_ready, items_at, message_of, name_of, text_at, texts_at, time_at

PATIENCE = timedelta(seconds=60)
"""What a cloud may take for a load balancer before it is worth a word."""


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """What is wrong with the Service."""
    for service in snapshot.all("services"):
        subject, selector = f"service/{name_of(service)}", texts_at(service, "spec", "selector")
        if selector and any(is_ready(pod) for pod in snapshot.pods):
            yield from _find_endpoints(service, selector, snapshot.pods, subject)
        if text_at(service, "spec", "type") == "LoadBalancer":
            yield from _find_load_balancer(snapshot, service, subject)


def _find_endpoints(service: Object, selector: dict[str, str], pods: list[Object], subject: str) -> Iterator[Finding]:
    # Of several nodes only the leader is chosen, and a worker may be ready before it.
    chosen = [pod for pod in pods if selector.items() <= texts_at(pod, "metadata", "labels").items()]
    if not chosen:
        text = f"The Service selects none of the pods: {harmless(', '.join(f'{key}={value}' for key, value in selector.items()), 150)}"
        yield Finding("service-selector", text, "Somebody changed the Service's selector: pulumi refresh, then pulumi up.", subject=subject)
        return
    for port in items_at(service, "spec", "ports"):
        target = port.get("targetPort")
        if isinstance(target, str) and not any(target in _port_names(pod) for pod in chosen):
            text = f"The Service leads to a port named {harmless(target, 60)}, which no container has"
            yield Finding("service-port", text, "Correct the port's name in the Service or in extra_containers.", subject=subject)


def _port_names(pod: Object) -> set[str]:
    return {text_at(port, "name") for each in items_at(pod, "spec", "containers") for port in items_at(each, "ports")}


def _find_load_balancer(snapshot: Snapshot, service: Object, subject: str) -> Iterator[Finding]:
    created = time_at(service, "metadata", "creationTimestamp")
    if at(service, "status", "loadBalancer", "ingress") or created is None or snapshot.now - created < PATIENCE:
        return
    events = snapshot.events(service, "SyncLoadBalancerFailed", "FailedBuildModel", "FailedDeployModel")
    evidence = harmless(message_of(events[-1])) if events else ""
    text = "No load balancer has been given to the Service"
    cure = "The cluster needs a controller for them (a cloud's, MetalLB); else use service.type ClusterIP."
    yield Finding("load-balancer", text, cure, evidence, "likely", subject)
