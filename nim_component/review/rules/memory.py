"""Memory and number of GPUs: servers that cannot start on the GPUs they get."""

from __future__ import annotations

from collections.abc import Iterator

from ..accessors import integer, mapping
from ..change import ResourceState, ServiceChange
from ..findings import CRITICAL, WARNING, Finding, finding
from ..object_fields import SERVERS, containers, gpus_of, pods
from ..sentences import sentence
from ..server_fit import find_new_misfit

COUNT_LABELS = ("nvidia.com/gpu.count", "karpenter.k8s.aws/instance-gpu-count")
"""Labels with the number of GPUs of a node."""


def memory(service: ServiceChange) -> Iterator[Finding]:
    """Report models that do not fit on their GPUs after the change.

    The arguments of the component are read if the preview ended before the workload.
    """
    servers = [change for change in service.of(*SERVERS) if change.after is not None]
    component = service.component
    for change in servers or ([component] if component is not None and service.is_partial else []):
        found = find_new_misfit(service, change)
        if found is None:
            continue
        if found.is_certain:
            text = sentence("The model does not fit on its GPUs: {reason}.", reason=(found.reason,))
            consequence = sentence("The server cannot start: new pods restart again and again, and serve no request.")
        else:
            text = sentence("The model may not fit on its GPUs: {reason}.", reason=(found.reason,))
            consequence = sentence("The server cannot start, {assumption}.", assumption=(found.assumption,))
        yield finding("does-not-fit", CRITICAL if found.is_certain else WARNING, change, service.name, text, consequence)


def nodes(service: ServiceChange) -> Iterator[Finding]:
    """Report pods that request more GPUs than the nodes of their node selector have."""
    for change in service.of(*SERVERS):
        before, after = (_find_shortage(state) for state in (change.before, change.after))
        if after is None or before == after or not change.has_effect:
            continue
        requested, label, available = after
        text = sentence(
            "Each pod requests {requested} GPUs, and its node selector requires nodes with {available} ({label}).",
            requested=requested,
            available=available,
            label=label,
        )
        consequence = sentence("No node can run the new pods: they stay Pending.")
        yield finding("does-not-fit", CRITICAL, change, service.name, text, consequence)


def _find_shortage(state: ResourceState | None) -> tuple[int, str, int] | None:
    """Return the GPUs of a pod, the label, and the GPUs of a node, if a node has too few."""
    for path, pod in pods(state):
        requested = max((sum(gpus_of(container).values()) for each, container in containers(state) if each.startswith(path)), default=0)
        for label in COUNT_LABELS:
            available = integer(mapping(pod.get("nodeSelector")).get(label))
            if available is not None and available < requested:
                return requested, label, available
    return None


RULES = (memory, nodes)
