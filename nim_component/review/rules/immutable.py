"""Fields that Kubernetes does not change on an existing object, and that force no replacement.

The API server rejects the update. `local/replacement_fields.py` lists the fields for which the
Kubernetes provider replaces the object instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...local.markers import Unknown
from ..accessors import get, strings
from ..change import ResourceState, ServiceChange
from ..findings import CRITICAL, Finding, finding
from ..object_fields import PVC, changed_under
from ..sentences import name_object, sentence
from ..values import Redacted, show

UNSET = "unset"
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    PVC: {"spec.volumeMode": "Filesystem"},
    "Job": {"spec.completionMode": "NonIndexed", "spec.managedBy": None, "spec.podFailurePolicy": None},
    "ResourceClaim": {"spec": None},
    "ResourceClaimTemplate": {"spec": None},
    "StorageClass": {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    "PriorityClass": {"value": None, "preemptionPolicy": "PreemptLowerPriority"},
}
"""Immutable fields by kind, each with the value that the API server sets by default."""
_LOAD_BALANCER_CLASS = "spec.loadBalancerClass"
_IP_FAMILIES = "spec.ipFamilies"


def immutable(service: ServiceChange) -> Iterator[Finding]:
    """Report updates that the API server rejects because of an immutable field."""
    for change in service.changes:
        before, after = change.before, change.after
        if change.operation != "update" or before is None or after is None or not after.type.startswith("kubernetes:"):
            continue
        for path, old, new in _compare(before, after):
            if old == new or any(isinstance(value, Unknown | Redacted) for value in (old, new)):
                continue
            is_short = not isinstance(old, Mapping) and not isinstance(new, Mapping)
            values = sentence(" from {old} to {new}", old=_describe(old), new=_describe(new)) if is_short else ()
            text = sentence("{object}: {path} changes{values}.", object=name_object(change), path=path, values=values)
            consequence = sentence(
                "Kubernetes rejects this because the field is immutable, so the update fails. "
                "Restore the old value, or delete the object first."
            )
            yield finding("immutable", CRITICAL, change, service.name, text, consequence, *changed_under(change, path))


def _compare(before: ResourceState, after: ResourceState) -> Iterator[tuple[str, Any, Any]]:
    """Yield each immutable field with its values."""
    for path, default in _DEFAULTS.get(after.kind, {}).items():
        old, new = (get(state.inputs, *path.split(".")) for state in (before, after))
        yield path, default if old is None else old, default if new is None else new
    if after.kind == "Service":
        yield from _compare_services(before, after)


def _compare_services(before: ResourceState, after: ResourceState) -> Iterator[tuple[str, Any, Any]]:
    old, new = get(before.inputs, "spec"), get(after.inputs, "spec")
    # With another type of the Service, the class can be set or removed.
    if get(old, "type") == get(new, "type") == "LoadBalancer":
        yield _LOAD_BALANCER_CLASS, get(old, "loadBalancerClass"), get(new, "loadBalancerClass")
    # Only the first family is immutable. If it is unset, the cluster has chosen one.
    if (families := strings(get(old, "ipFamilies"))) and (others := strings(get(new, "ipFamilies"))):
        yield _IP_FAMILIES, families[0], others[0]


def _describe(value: Any) -> str:
    return UNSET if value is None else show(value)


RULES = (immutable,)
