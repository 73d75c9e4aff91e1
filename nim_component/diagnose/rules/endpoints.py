"""Services that lead nowhere."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from ...cluster.objects import Object, at, is_ready, items_at, message_of, name_of, text_at, texts_at, time_at
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot

PATIENCE = timedelta(seconds=60)
"""What a cloud may take for a load balancer before it is worth a word."""

MISSING_MODEL_FIX = (
    "An adapter that is left out was trained on another base model, has a rank above lora.max_rank, or the profile has no LoRA: see the "
    "server's log. A base model that is left out answers under the name that is listed: set served_model_name."
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """What is wrong with the Service, and with what is behind it."""
    if snapshot.served is not None:
        wanted, listed = snapshot.served
        if missing := [each for each in wanted if each not in listed]:
            text = describe_missing([sanitize(each, 100) for each in missing], listed)
            yield Diagnosis("model-missing", f"{text[0].upper()}{text[1:]}", MISSING_MODEL_FIX, subject=f"service/{snapshot.name}")
    for service in snapshot.all("services"):
        subject, selector = f"service/{name_of(service)}", texts_at(service, "spec", "selector")
        if selector and any(is_ready(pod) for pod in snapshot.pods):
            yield from _find_endpoints(service, selector, snapshot.pods, subject)
        if text_at(service, "spec", "type") == "LoadBalancer":
            yield from _find_load_balancer(snapshot, service, subject)


def _find_endpoints(service: Object, selector: dict[str, str], pods: list[Object], subject: str) -> Iterator[Diagnosis]:
    # Of several nodes only the leader is chosen, and a worker may be ready before it.
    chosen = [pod for pod in pods if selector.items() <= texts_at(pod, "metadata", "labels").items()]
    if not chosen:
        text = f"The Service selects none of the pods: {sanitize(', '.join(f'{key}={value}' for key, value in selector.items()), 150)}"
        yield Diagnosis(
            "service-selector", text, "Somebody changed the Service's selector: pulumi refresh, then pulumi up.", subject=subject
        )
        return
    for port in items_at(service, "spec", "ports"):
        target = port.get("targetPort")
        if isinstance(target, str) and not any(target in _port_names(pod) for pod in chosen):
            text = f"The Service leads to a port named {sanitize(target, 60)}, which no container has"
            yield Diagnosis("service-port", text, "Correct the port's name in the Service or in extra_containers.", subject=subject)


def _port_names(pod: Object) -> set[str]:
    return {text_at(port, "name") for each in items_at(pod, "spec", "containers") for port in items_at(each, "ports")}


def _find_load_balancer(snapshot: Snapshot, service: Object, subject: str) -> Iterator[Diagnosis]:
    created = time_at(service, "metadata", "creationTimestamp")
    if at(service, "status", "loadBalancer", "ingress") or created is None or snapshot.now - created < PATIENCE:
        return
    events = snapshot.events(service, "SyncLoadBalancerFailed", "FailedBuildModel", "FailedDeployModel")
    evidence = sanitize(message_of(events[-1])) if events else ""
    text = "No load balancer has been given to the Service"
    fix = "The cluster needs a controller for them (a cloud's, MetalLB); else use service.type ClusterIP."
    yield Diagnosis("load-balancer", text, fix, evidence, "likely", subject)


def describe_missing(missing: Sequence[str], listed: Sequence[str]) -> str:
    """What is said of models that are not listed."""
    there = ", ".join(sanitize(each, 100) for each in listed[:10]) or "nothing"
    return f"the server is ready and does not serve {', '.join(missing)}; it lists {there}"
