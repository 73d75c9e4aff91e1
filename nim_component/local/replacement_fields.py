"""Fields of Kubernetes objects that the Pulumi provider cannot change in place.

Source: https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/provider/diff.go
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

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
"""Paths by apiVersion and kind. `metadata.name` and `metadata.namespace` apply to every kind."""


def find_replacement_paths(type_: str, inputs: Mapping[str, Any], *, is_mutable: bool = False) -> tuple[str, ...]:
    """Return the paths whose change replaces an object.

    Empty for types that are not Kubernetes objects.

    Args:
        type_: Type of the resource.
        inputs: Object.
        is_mutable: The provider changes the data of this ConfigMap or Secret in place.
    """
    if not type_.startswith("kubernetes:"):
        return ()
    key = (str(inputs.get("apiVersion")), str(inputs.get("kind")))
    fields = () if is_mutable and inputs.get("immutable") is not True else REPLACEMENT_FIELDS.get(key, ())
    return ("metadata.name", "metadata.namespace", *fields)


def forces_replacement(path: tuple[str | int, ...], replacing: Iterable[str]) -> bool:
    """Return true if a change at a path replaces an object with these replacement paths."""
    return any(is_under(path, root) for root in replacing)


def is_under(path: tuple[str | int, ...], root: str) -> bool:
    """Return true if a path is `root`, is below it, or contains it."""
    steps = tuple(root.split("."))
    return path[: len(steps)] == steps or steps[: len(path)] == path
