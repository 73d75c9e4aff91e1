"""Nodes of test clusters. They have GPUs and run no containers."""

from typing import Any

GPU = "nvidia.com/gpu"
MIG = "nvidia.com/mig-1g.10gb"
GPU_TAINT = {"key": GPU, "value": "present", "effect": "NoSchedule"}

STORAGE_CLASS: dict[str, Any] = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "kwok-volume", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "provisioner": "kwok.x-k8s.io/volume",
    "volumeBindingMode": "Immediate",
    "allowVolumeExpansion": True,
}
"""The default StorageClass: kwok provisions a volume for each PVC, with any access mode."""


def node(
    name: str,
    resources: dict[str, int] | None = None,
    taints: list[dict[str, str]] | None = None,
    labels: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return a node with 64 cores, 512Gi and the given extended resources."""
    size = {"cpu": "64", "memory": "512Gi", "ephemeral-storage": "2Ti", "pods": "110"} | {
        key: str(n) for key, n in (resources or {}).items()
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **(labels or {})}},
        "spec": {"taints": taints or []},
        "status": {"capacity": size, "allocatable": size},
    }


def volume_for(name: str, pvc: dict[str, Any]) -> dict[str, Any]:
    """Return a PersistentVolume for a PVC with this spec. Kubernetes binds the two."""
    spec = {
        "capacity": {"storage": pvc["resources"]["requests"]["storage"]},
        "accessModes": pvc["accessModes"],
        "storageClassName": pvc["storageClassName"],
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": "/nowhere"},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}


NO_GPU = [node("cpu-0")]
ONE_GPU = [node("gpu-0", {GPU: 1})]
EIGHT_GPUS = [node("gpu-0", {GPU: 8}, labels={f"{GPU}.present": "true", f"{GPU}.count": "8"})]
TAINTED_GPUS = [node("cpu-0"), node("gpu-0", {GPU: 8}, taints=[GPU_TAINT])]
MIG_SLICES = [node("mig-0", {MIG: 7})]
INTERACTIVE_NODES = [
    node("cpu-0"),
    node("gpu-0", {GPU: 1}),
    node("gpu-1", {GPU: 8}, labels={f"{GPU}.present": "true"}),
    node("gpu-2", {GPU: 8}, taints=[GPU_TAINT]),
    node("mig-0", {MIG: 7}),
]
"""One node of each kind, for interactive use."""
