"""What a stack's state has of the cluster."""

from typing import Any

from ..cluster.objects import at, items_at, text_at

_PREFIX = "kubernetes:"


def objects_of_state(state: Any) -> set[tuple[str, str, str]]:
    """(kind, namespace, name) of the Kubernetes objects in an exported state. One whose creation was never confirmed is not among them.
    `ValueError` when it is no state."""
    if not isinstance(at(state, "deployment"), dict):
        raise ValueError("no deployment")
    found: set[tuple[str, str, str]] = set()
    for resource in items_at(state, "deployment", "resources"):
        kind = text_at(resource, "type")
        # The id is there also where the metadata is masked, as in a Secret that was read.
        namespace, _, name = text_at(resource, "id").rpartition("/")
        if kind.startswith(_PREFIX) and name:
            found.add((kind.rpartition(":")[2], namespace, name))
    return found
