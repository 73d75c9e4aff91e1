"""Kubernetes objects in a stack's exported state."""

from typing import Any

from ..cluster.objects import at, items_at, text_at

_PREFIX = "kubernetes:"


def objects_of_state(state: Any) -> set[tuple[str, str, str]]:
    """Return (kind, namespace, name) of the Kubernetes objects in an exported state.

    Objects with a pending creation are not included.

    Raises:
        ValueError: The value is not an exported state.
    """
    if not isinstance(at(state, "deployment"), dict):
        raise ValueError("no deployment")
    found: set[tuple[str, str, str]] = set()
    for resource in items_at(state, "deployment", "resources"):
        kind = text_at(resource, "type")
        # The id also exists where the metadata is encrypted, as in a Secret that was read.
        namespace, _, name = text_at(resource, "id").rpartition("/")
        if kind.startswith(_PREFIX) and name:
            found.add((kind.rpartition(":")[2], namespace, name))
    return found
