"""The claim of the model cache."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.checks import SKIP_AWAIT
from ..names import labels, name_with_digest
from .inputs import lift_within
from .overrides import overridden_spec


def render_claim(nim: NIM, service_name: str) -> "dict[str, Any]":
    """Metadata and spec. The name carries a digest of what cannot change in place; the size is not among it, since a claim grows in
    place."""
    cache = nim.cache
    fixed = {"accessModes": [cache.access_mode], "storageClassName": cache.storage_class, "volumeName": cache.volume_name}
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": name_claim(nim, service_name, "cache", fixed),
        "namespace": nim.namespace,
        "labels": labels(service_name),
        # The Deployment waits for the claim to be bound, with its own long timeout. The claim's own wait is fixed at five minutes
        # and never ends where the class binds on first use and may not be read.
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


def name_claim(nim: NIM, service_name: str, part: str, fixed: dict[str, Any]) -> "pulumi.Input[str]":
    """`<service_name>-<part>-<digest>`, over `fixed` and what an override adds to it. The size, and classes that may change under a bound
    claim, are changed in place."""
    more = {key: value for key, value in overridden_spec(nim, part).items() if key not in ("resources", "volumeAttributesClassName")}
    return lift_within(fixed | more, lambda known: name_with_digest(service_name, part, known))
