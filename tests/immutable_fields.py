"""Pairs of objects: updates that an API server rejects because a field is immutable, or accepts."""

from typing import Any

Object = dict[str, Any]
NAME = "immutable"
LOAD_BALANCER = {"type": "LoadBalancer"}
FAIL_JOB = {"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}}]}


def make(api_version: str, kind: str, spec: Object | None = None, **fields: Any) -> Object:
    """Return an object without a namespace."""
    found = {"apiVersion": api_version, "kind": kind, "metadata": {"name": NAME}, **fields}
    return found if spec is None else {**found, "spec": spec}


def service(**spec: Any) -> Object:
    """Return a Service."""
    return make("v1", "Service", {"selector": {"app": "llama"}, "ports": [{"port": 80}], **spec})


def pvc(**spec: Any) -> Object:
    """Return a PVC."""
    size = {"requests": {"storage": "1Gi"}}
    return make("v1", "PersistentVolumeClaim", {"accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": size, **spec})


def job(**spec: Any) -> Object:
    """Return a Job."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox:1"}]}
    return make("batch/v1", "Job", {"template": {"spec": pod}, "podReplacementPolicy": "Failed", "suspend": True, **spec})


def devices(count: int) -> Object:
    """Return the spec of a ResourceClaim."""
    return {"devices": {"requests": [{"name": "nic", "exactly": {"deviceClassName": "nics", "count": count}}]}}


def storage_class(**fields: Any) -> Object:
    """Return a StorageClass."""
    return make("storage.k8s.io/v1", "StorageClass", provisioner="example.com/disk", **fields)


def priority_class(**fields: Any) -> Object:
    """Return a PriorityClass."""
    return make("scheduling.k8s.io/v1", "PriorityClass", **{"value": 1, **fields})


DRA = "resource.k8s.io/v1"
FIRST = {**LOAD_BALANCER, "loadBalancerClass": "example.com/first"}
REJECTED: dict[str, tuple[Object, Object, str]] = {
    "class of load balancer": (service(**FIRST), service(**LOAD_BALANCER, loadBalancerClass="example.com/other"), "spec.loadBalancerClass"),
    "class added": (service(**LOAD_BALANCER), service(**FIRST), "spec.loadBalancerClass"),
    "class removed": (service(**FIRST), service(**LOAD_BALANCER), "spec.loadBalancerClass"),
    "IP family": (service(ipFamilies=["IPv4"]), service(ipFamilies=["IPv6"]), "spec.ipFamilies"),
    "volume mode": (pvc(), pvc(volumeMode="Block"), "spec.volumeMode"),
    "completion mode": (job(), job(completions=1, completionMode="Indexed"), "spec.completionMode"),
    "controller of a Job": (job(), job(managedBy="example.com/jobs"), "spec.managedBy"),
    "pod failure policy": (job(), job(podFailurePolicy=FAIL_JOB), "spec.podFailurePolicy"),
    "ResourceClaim": (make(DRA, "ResourceClaim", devices(1)), make(DRA, "ResourceClaim", devices(2)), "spec"),
    "ResourceClaimTemplate": (
        make(DRA, "ResourceClaimTemplate", {"spec": devices(1)}),
        make(DRA, "ResourceClaimTemplate", {"spec": devices(2)}),
        "spec",
    ),
    "reclaim policy": (storage_class(), storage_class(reclaimPolicy="Retain"), "reclaimPolicy"),
    "volume binding": (storage_class(), storage_class(volumeBindingMode="WaitForFirstConsumer"), "volumeBindingMode"),
    "priority": (priority_class(), priority_class(value=2), "value"),
    "preemption": (priority_class(), priority_class(preemptionPolicy="Never"), "preemptionPolicy"),
}
"""Objects before and after the update, and the path of the immutable field."""
ACCEPTED: dict[str, tuple[Object, Object]] = {
    "class with another type": (service(), service(**FIRST)),
    "class removed with the type": (service(**FIRST), service()),
    "class unchanged": (service(**FIRST), service(**FIRST, externalTrafficPolicy="Local")),
    "IP family of the cluster": (service(), service(ipFamilies=["IPv4"])),
    "policy of IP families": (service(), service(ipFamilyPolicy="PreferDualStack")),
    "default volume mode": (pvc(), pvc(volumeMode="Filesystem")),
    "default completion mode": (job(), job(completionMode="NonIndexed")),
    "suspended Job": (job(), job(backoffLimit=2)),
    "default reclaim policy": (storage_class(), storage_class(reclaimPolicy="Delete", volumeBindingMode="Immediate")),
    "expansion of volumes": (storage_class(), storage_class(allowVolumeExpansion=True)),
    "default preemption": (priority_class(), priority_class(preemptionPolicy="PreemptLowerPriority")),
}
"""Objects before and after the update."""
