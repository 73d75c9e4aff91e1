"""Requests of a pod, and the arguments that set them."""

from ...cluster.objects import Object, items_at, text_at, texts_at
from ...names import CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, PREWARM_CONTAINER, SERVER_CONTAINER
from ...text.sanitizing import sanitize

ARGUMENTS = {"cpu": "cpu", "memory": "mem", "ephemeral-storage": "ephemeral_storage"}
"""Resources that every node has, each with the argument for the server."""


def is_prewarm(pod: Object) -> bool:
    """Return True for a pod of the prewarm Job."""
    return PREWARM_CONTAINER in _container_names(pod)


def argument_of(pod: Object, resource: str) -> str:
    """Return the argument that sets the pod's request of cpu, memory or ephemeral storage."""
    names = _container_names(pod)
    return field_of(next((each for each in (PREWARM_CONTAINER, LOADER_CONTAINER) if each in names), SERVER_CONTAINER), resource)


def field_of(container: str, resource: str) -> str:
    """Return the argument for a container's request of cpu, memory or ephemeral storage."""
    if container == SERVER_CONTAINER:
        return ARGUMENTS[resource]
    if container == PREWARM_CONTAINER and resource != "ephemeral-storage":
        return f"cache.prewarm.{ARGUMENTS[resource]}"
    if container in (LOADER_CONTAINER, FETCHER_CONTAINER, CHECKER_CONTAINER) and resource == "memory":
        return "lora_adapter_mem"
    own = container in (PREWARM_CONTAINER, LOADER_CONTAINER, FETCHER_CONTAINER, CHECKER_CONTAINER)
    return f"the {resource.replace('-', ' ')} of the container {sanitize(container, 63)} in {'overrides' if own else 'extra_containers'}"


def requested(pod: Object, resource: str) -> str:
    """Return the requests of a pod's containers as text, such as `1 + 500m`."""
    requests = [
        str(value)
        for each in items_at(pod, "spec", "containers")
        for key, value in texts_at(each, "resources", "requests").items()
        if key == resource
    ]
    return sanitize(" + ".join(requests) or "enough", 60)


def _container_names(pod: Object) -> set[str]:
    return {text_at(each, "name") for each in items_at(pod, "spec", "containers")}
