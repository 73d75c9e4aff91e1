"""The PVC of the model cache, and names for PVCs."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..kubernetes.generated_names import generate_name
from ..names import SKIP_AWAIT, make_labels
from .inputs import lift_within
from .overrides import find_spec_override

_CHANGED_IN_PLACE = ("resources", "volumeAttributesClassName")
"""Fields of a PVC's spec that can change after the PVC is bound."""


def render_cache_pvc(nim: NIM, service_name: str) -> "dict[str, Any]":
    """Render metadata and spec of the cache's PVC.

    The content hash in its name covers the immutable fields. It does not cover the size, because
    a PVC grows in place.
    """
    cache = nim.cache
    fixed = {"accessModes": [cache.access_mode], "storageClassName": cache.storage_class, "volumeName": cache.volume_name}
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": name_pvc(nim, service_name, "cache", fixed),
        "namespace": nim.namespace,
        "labels": make_labels(service_name),
        # The Deployment waits for a bound PVC, with its own long timeout. The provider's wait for
        # the PVC itself is fixed at five minutes. It never ends if the class binds on first use and
        # the provider may not read the class.
        "annotations": {**(cache.annotations or {}), SKIP_AWAIT: "true"},
    }
    spec: k8s.core.v1.PersistentVolumeClaimSpecArgsDict = {
        "access_modes": [cache.access_mode],
        "resources": {"requests": {"storage": cache.size}},
    }
    if cache.storage_class is not None:
        spec["storage_class_name"] = cache.storage_class
    if cache.volume_name is not None:
        spec["volume_name"] = cache.volume_name
    return {"metadata": metadata, "spec": spec}


def name_pvc(nim: NIM, service_name: str, suffix: str, fixed: dict[str, Any]) -> "pulumi.Input[str]":
    """Return the generated name of a PVC: the hash covers `fixed` and immutable overrides."""
    more = {key: value for key, value in find_spec_override(nim, suffix).items() if key not in _CHANGED_IN_PLACE}
    return lift_within(fixed | more, lambda known: generate_name(service_name, suffix, known))
