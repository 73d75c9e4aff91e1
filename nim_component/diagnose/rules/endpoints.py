"""Services without usable endpoints, and servers that do not list the requested models."""

import re
from collections.abc import Iterator, Sequence

from ...cluster.objects import Object, is_leader, is_ready, items_at, name_of, text_at, texts_at
from ...text.drift import describe_refresh
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .load_balancers import check_load_balancer

MISSING_MODEL_FIX = (
    "An adapter is missing if it has another base model, if its rank is above lora.max_rank, or if the profile does not "
    "support LoRA. See the server's log. A base model is missing if it is listed under another name: set "
    "served_model_name."
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of the Service and of the served models."""
    if snapshot.served is not None:
        requested, listed = snapshot.served
        if missing := [each for each in requested if each not in listed]:
            text = describe_missing([sanitize(each, 100) for each in missing], listed)
            yield Diagnosis("model-missing", f"{text[0].upper()}{text[1:]}", MISSING_MODEL_FIX, subject=f"service/{snapshot.name}")
    for service in snapshot.all("services"):
        subject, selector = f"service/{name_of(service)}", texts_at(service, "spec", "selector")
        # On several nodes, the Service selects only the leader. A worker may be ready before.
        if selector and any(is_ready(pod) and is_leader(pod) for pod in snapshot.pods):
            yield from _check_selector(service, selector, snapshot.pods, subject)
        if text_at(service, "spec", "type") == "LoadBalancer":
            yield from check_load_balancer(snapshot, service, subject)


def _check_selector(service: Object, selector: dict[str, str], pods: list[Object], subject: str) -> Iterator[Diagnosis]:
    selected = [pod for pod in pods if selector.items() <= texts_at(pod, "metadata", "labels").items()]
    if not selected:
        text = f"The Service's selector matches no pod: {sanitize(', '.join(f'{key}={value}' for key, value in selector.items()), 150)}"
        fix = f"The selector was changed outside Pulumi. {describe_refresh()}"
        yield Diagnosis("service-selector", text, fix, subject=subject)
        return
    for port in items_at(service, "spec", "ports"):
        target = port.get("targetPort")
        if isinstance(target, str) and not any(target in _port_names(pod) for pod in selected):
            text = f"The Service's target port is {sanitize(target, 60)}, and no container has a port of that name"
            yield Diagnosis("service-port", text, _fix_port(target, selected), subject=subject)


def _fix_port(target: str, pods: Sequence[Object]) -> str:
    """Return the fix of a missing port. The component's own names contain the port's number."""
    if re.fullmatch(r"(?:http|grpc)(?:-\d{1,5})?", target):
        ports = ", ".join(sorted({name for pod in pods for name in _port_names(pod)})) or "none"
        return (
            f"An update of port was interrupted or failed, or the Service or the workload was changed outside Pulumi (ports of the pods: "
            f"{sanitize(ports, 60)}). {describe_refresh()}"
        )
    return "Correct the port's name in overrides or extra_containers."


def _port_names(pod: Object) -> set[str]:
    return {text_at(port, "name") for each in items_at(pod, "spec", "containers") for port in items_at(each, "ports")}


def describe_missing(missing: Sequence[str], listed: Sequence[str]) -> str:
    """Return the problem of models that are not listed, as part of a sentence."""
    names = ", ".join(sanitize(each, 100) for each in listed[:10]) or "nothing"
    return f"the server is ready but does not serve {', '.join(missing)}; it lists {names}"
