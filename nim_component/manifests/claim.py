"""The claim of the model cache."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.checks import SKIP_AWAIT
from ..names import labels, name_with_digest
from .inputs import lift_all


def render_claim(nim: NIM, service_name: str) -> "dict[str, Any]":
    """Metadata and spec. The name carries a digest of what cannot change in place; the size is not among it, since a claim grows in
    place."""
    cache = nim.cache

    def name(mode: str, storage_class: str | None, volume: str | None) -> str:
        fixed = {"accessModes": [mode], "storageClassName": storage_class, "volumeName": volume}
        return name_with_digest(service_name, "cache", fixed)

    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": lift_all(name, cache.access_mode, cache.storage_class, cache.volume_name),
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
