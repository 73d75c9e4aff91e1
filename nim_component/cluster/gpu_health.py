"""GPUs that a node has and does not offer: unhealthy ones, or all without a device plugin."""

from ..text.sanitizing import sanitize
from .objects import Object, name_of
from .scheduling import allocatable, capacity


def count_unhealthy(node: Object, resource: str) -> int:
    """Return the number of a node's devices that its device plugin reports as unhealthy."""
    return capacity(node, resource) - allocatable(node, resource)


def describe_health(node: Object, resource: str) -> tuple[str, str]:
    """Return the state of a node with unhealthy devices, and its fix."""
    name, unhealthy = sanitize(name_of(node), 80), count_unhealthy(node, resource)
    text = f"the node {name} has {capacity(node, resource)} {resource}, of which {unhealthy} {'is' if unhealthy == 1 else 'are'} unhealthy"
    fix = f"Repair the GPU: see the Xid errors in the kernel log of {name} (`dmesg`) and in its device plugin's log. Or use another node."
    return text, fix


def describe_missing_plugin(node: Object, resource: str) -> tuple[str, str]:
    """Return the state of a node that offers none of its devices, as above, and its fix."""
    name, devices = sanitize(name_of(node), 80), capacity(node, resource)
    reported = f"reports {devices} {resource} as its capacity" if devices else "has NVIDIA GPUs by its labels"
    text = f"the node {name} {reported}, but offers none: its device plugin or its driver is not ready or not installed"
    command = f"kubectl get pods -A -o wide --field-selector spec.nodeName={name}"
    return text, f"Check the pods of the device plugin and the driver on the node: `{command}`. A new node takes some minutes."
