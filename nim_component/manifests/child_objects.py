"""Kinds of the child objects of a service, by the suffixes of their logical names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, cast

import pulumi_kubernetes as k8s

from ..names import SELECTOR_LABELS
from ..text.field_paths import Path

Reason = tuple[str, str]
"""Reason for which a field cannot be overridden, and the fix."""

_REMOVE = "Remove it."
_IDENTITY: dict[Path, Reason] = {
    ("apiVersion",): ("the component sets it", _REMOVE),
    ("kind",): ("the component sets it", _REMOVE),
    ("metadata", "name"): ("other objects refer to it", "Use service_name."),
    ("metadata", "namespace"): ("all objects of a service are in one namespace", "Use namespace."),
}
_SELECTED: dict[Path, Reason] = {
    ("spec", "selector"): ("the selector of a Deployment is immutable", _REMOVE),
    **{("spec", "template", "metadata", "labels", label): ("the selector uses it, and is immutable", _REMOVE) for label in SELECTOR_LABELS},
}
_LIST: dict[Path, Reason] = {("data",): ("pods compare their adapters with it", "Change hf_repo_ids.")}
_NODE_GROUP: dict[Path, Reason] = {
    ("spec", "leaderWorkerTemplate", template, "metadata", "labels", label): (
        "the Service and a NetworkPolicy select pods by it",
        _REMOVE,
    )
    for template in ("leaderTemplate", "workerTemplate")
    for label in SELECTOR_LABELS
}


@dataclass(frozen=True)
class ChildObject:
    """Kind of a child object, and the fields that an override must not change."""

    sdk_class: str | None
    """Resource class in `pulumi_kubernetes`, such as `apps.v1.Deployment`.

    None for a custom resource.

    The class is looked up on use, because an import of all of them takes half a second.
    """
    fixed: Mapping[Path, Reason]
    """Paths that an override must not change, each with the reason and the alternative."""
    is_metadata_only: bool = False
    """Restriction of overrides to the metadata, for objects whose names contain a hash of their
    data."""

    @property
    def resource(self) -> Any:
        """Resource class; `CustomResource` for a custom resource."""
        return _find_class(self.sdk_class or "apiextensions.CustomResource")

    @property
    def structure(self) -> Any:
        """Class of the object's inputs; None for a custom resource.

        Only the API server validates the fields of a custom resource.
        """
        return None if self.sdk_class is None else _find_class(f"{self.sdk_class}Args")


CLAIM_TEMPLATE_PREFIX = "claim-"
"""Start of the suffix of a ResourceClaimTemplate; the name of the ResourceClaim follows."""

CUSTOM = ChildObject(None, _IDENTITY)

CHILD_OBJECTS: dict[str, ChildObject] = {
    "deployment": ChildObject("apps.v1.Deployment", {**_IDENTITY, **_SELECTED}),
    "group": ChildObject(None, {**_IDENTITY, **_NODE_GROUP}),
    "service": ChildObject("core.v1.Service", {**_IDENTITY, ("spec", "selector"): ("it selects the pods of this service", _REMOVE)}),
    "cache": ChildObject("core.v1.PersistentVolumeClaim", _IDENTITY),
    "warm": ChildObject("batch.v1.Job", _IDENTITY),
    "autoscaler": ChildObject("autoscaling.v2.HorizontalPodAutoscaler", _IDENTITY),
    "scaled-object": CUSTOM,
    "vertical-autoscaler": CUSTOM,
    "ingress": ChildObject("networking.v1.Ingress", _IDENTITY),
    "http-route": CUSTOM,
    "grpc-route": CUSTOM,
    "inference-pool": CUSTOM,
    "network-policy": ChildObject("networking.v1.NetworkPolicy", _IDENTITY),
    "network-policy-jobs": ChildObject("networking.v1.NetworkPolicy", _IDENTITY),
    "disruption-budget": ChildObject("policy.v1.PodDisruptionBudget", _IDENTITY),
    "service-account": ChildObject("core.v1.ServiceAccount", _IDENTITY),
    "lora": ChildObject("core.v1.ConfigMap", _IDENTITY, is_metadata_only=True),
    "lora-list": ChildObject("core.v1.ConfigMap", _IDENTITY, is_metadata_only=True),
    "lora-next": ChildObject("core.v1.ConfigMap", {**_IDENTITY, **_LIST}),
    "lora-current": ChildObject("core.v1.ConfigMap", {**_IDENTITY, **_LIST}),
    "lora-job": ChildObject("batch.v1.Job", _IDENTITY),
    "loras": ChildObject("core.v1.PersistentVolumeClaim", _IDENTITY),
    "pull": ChildObject("core.v1.Secret", _IDENTITY, is_metadata_only=True),
    "keys": ChildObject("core.v1.Secret", _IDENTITY, is_metadata_only=True),
    "monitor": CUSTOM,
    "dashboard": ChildObject("core.v1.ConfigMap", _IDENTITY),
    "alerts": CUSTOM,
}
"""Every child but the Secrets that are read and the ResourceClaimTemplates."""

_CLAIM_TEMPLATE = ChildObject("resource.v1.ResourceClaimTemplate", _IDENTITY)


def find_child_object(suffix: str) -> ChildObject:
    """Return the kind of a child. Raise KeyError for an unknown suffix."""
    return _CLAIM_TEMPLATE if suffix.startswith(CLAIM_TEMPLATE_PREFIX) else CHILD_OBJECTS[suffix]


def name_claim_template(resource_claim: str) -> str:
    """Return the suffix of the ResourceClaimTemplate for a ResourceClaim of the pod."""
    return f"{CLAIM_TEMPLATE_PREFIX}{resource_claim}"


def _find_class(path: str) -> Any:
    return reduce(getattr, path.split("."), cast("Any", k8s))
