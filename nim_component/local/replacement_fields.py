"""Which fields the Kubernetes provider cannot change in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# A change under one of these makes the provider replace the object; metadata.name and metadata.namespace do for every kind.
SELECTOR = ("spec.selector",)
REPLACEMENT_FIELDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("apps/v1", "Deployment"): SELECTOR,
    ("apps/v1", "DaemonSet"): SELECTOR,
    ("apps/v1", "StatefulSet"): (
        *SELECTOR, "spec.podManagementPolicy", "spec.revisionHistoryLimit", "spec.serviceName", "spec.volumeClaimTemplates",
    ),
    ("batch/v1", "Job"): (*SELECTOR, "spec.completions", "spec.parallelism", "spec.template"),
    ("v1", "ConfigMap"): ("binaryData", "data"),
    ("v1", "Secret"): ("type", "stringData", "data"),
    ("v1", "PersistentVolumeClaim"): (*SELECTOR, "spec.accessModes", "spec.storageClassName", "spec.volumeName"),
    ("v1", "Service"): ("spec.clusterIP",),
    ("v1", "ResourceQuota"): ("spec.scopes",),
    ("storage.k8s.io/v1", "StorageClass"): ("parameters", "provisioner"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): ("roleRef",),
}  # fmt: skip


def find_replacement_paths(type_: str, inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths whose change replaces a Kubernetes object of this type token; none for anything else."""
    if not type_.startswith("kubernetes:"):
        return ()
    key = (str(inputs.get("apiVersion")), str(inputs.get("kind")))
    return ("metadata.name", "metadata.namespace", *REPLACEMENT_FIELDS.get(key, ()))


def is_under(path: tuple[str | int, ...], forced: str) -> bool:
    """Whether a path is the forced one or below it (or above it, when all of it came or went)."""
    steps = tuple(forced.split("."))
    return path[: len(steps)] == steps or steps[: len(path)] == path
