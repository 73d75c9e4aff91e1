"""Names of Kubernetes objects that one resource gives up while another one takes them.

The Pulumi engine creates objects first and deletes others at the end of an update. A new resource
with the name of an object that goes in the same update ends in "already exists".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from . import urns


class ObjectKey(NamedTuple):
    """Identity of an object in a cluster. The provider stands for the cluster."""

    provider: str
    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def read_object_key(type_: str, inputs: Mapping[str, Any], provider: str = "") -> ObjectKey | None:
    """Return the identity of a resource's object.

    None if the resource creates no object of its own, or if its name is unknown.

    Args:
        type_: Type token, such as `kubernetes:apps/v1:Deployment`.
        inputs: Inputs with `metadata`.
        provider: URN of the explicit provider.
    """
    package, version, kind = urns.split_type(type_)
    given: Any = inputs.get("metadata")
    metadata: dict[str, Any] = dict(cast("Mapping[str, Any]", given)) if isinstance(given, Mapping) else {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if package != "kubernetes" or not kind or kind.endswith(("Patch", "List")) or not isinstance(name, str):
        return None
    return ObjectKey(provider, version.rpartition("/")[0], kind, namespace if isinstance(namespace, str) else "", name)


def find_held_names(
    before: Mapping[str, ObjectKey], after: Mapping[str, ObjectKey], former_urns: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield each resource that takes the name of another resource's object, and that resource.

    Args:
        before: Objects before the update, by URN.
        after: Objects after it, by URN.
        former_urns: URN before the update, for resources that an alias matches.
    """
    holders = {key: urn for urn, key in before.items()}
    own = {urn: former_urns.get(urn, urn) for urn in after}
    kept = {former for urn, former in own.items() if before.get(former) == after[urn]}
    for urn, key in after.items():
        holder = holders.get(key)
        if holder is not None and holder != own[urn] and holder not in kept and own[urn] not in kept:
            yield urn, holder
