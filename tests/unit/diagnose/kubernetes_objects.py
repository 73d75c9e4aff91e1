"""Kubernetes objects as an API server returns them.

Messages are the original ones of the scheduler, the kubelet and the controllers.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from nim_component.diagnose.snapshot import Snapshot

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
GPU = "nvidia.com/gpu"
IMAGE = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"
Object = dict[str, Any]


def ago(seconds: float) -> str:
    """Return a time before `NOW` in the format of Kubernetes."""
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod(name: str = "llama-5d9-x", *, gpu: int = 1, node: str = "", age: float = 120, template: str = "5d9", **more: Any) -> Object:
    """Return a pod as the component renders it."""
    server = {
        "name": "nim",
        "image": IMAGE,
        "ports": [{"name": "http", "containerPort": 8000}],
        "resources": {"limits": {"cpu": "1", "memory": "20Gi", GPU: str(gpu)}, "requests": {"cpu": "1", "memory": "20Gi", GPU: str(gpu)}},
        "startupProbe": {"httpGet": {"path": "/v1/health/ready", "port": "http"}, "periodSeconds": 10, "failureThreshold": 180},
    }
    loader = {"name": "download-loras", "image": "python:3.12-alpine", "resources": {"limits": {"memory": "2Gi"}}}
    spec: Object = {
        "containers": [server],
        "initContainers": [loader] if more.pop("lora", False) else [],
        "tolerations": [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}],
        "volumes": [
            {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": "16Gi"}},
            {"name": "cache", "persistentVolumeClaim": {"claimName": "llama-cache"}},
        ],
        "imagePullSecrets": [{"name": "pull"}],
        **({"nodeName": node} if node else {}),
        **more.pop("spec", {}),
    }
    labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama", "pod-template-hash": template}
    metadata = {
        "name": name,
        "namespace": "ml",
        "uid": f"uid-{name}",
        "labels": labels,
        "creationTimestamp": ago(age),
        **more.pop("metadata", {}),
    }
    return {"metadata": metadata, "spec": spec, "status": {"phase": "Pending", **more.pop("status", {}), **more}}


def unschedulable(message: str, **more: Any) -> Object:
    """Return a pod that the scheduler could not place."""
    conditions = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]
    return pod(conditions=conditions, **more)


def waiting(reason: str, message: str = "", container: str = "nim", **more: Any) -> Object:
    """Return a scheduled pod whose container waits."""
    state = {"name": container, "state": {"waiting": {"reason": reason, "message": message}}, "restartCount": 0, "ready": False}
    where = "initContainerStatuses" if container == "download-loras" else "containerStatuses"
    return pod(node="gpu-0", lora=container == "download-loras", **{where: [state]}, **more)


def crashed(message: str = "", code: int = 1, reason: str = "Error", container: str = "nim", restarts: int = 2, **more: Any) -> Object:
    """Return a pod whose container terminated and waits for its restart."""
    state = {
        "name": container,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}},
        "lastState": {"terminated": {"exitCode": code, "reason": reason, "message": message, "finishedAt": ago(20)}},
        "restartCount": restarts,
        "ready": False,
    }
    where = "initContainerStatuses" if container == "download-loras" else "containerStatuses"
    return pod(node="gpu-0", lora=container == "download-loras", **{where: [state]}, **more)


def running(since: float = 60, ready: bool = False, name: str = "llama-5d9-x", node: str = "gpu-0", **more: Any) -> Object:
    """Return a pod whose server runs."""
    state = {"name": "nim", "state": {"running": {"startedAt": ago(since)}}, "restartCount": 0, "ready": ready, "started": ready}
    conditions = [{"type": "Ready", "status": str(ready)}, {"type": "PodScheduled", "status": "True"}]
    return pod(name, node=node, age=since + 10, containerStatuses=[state], conditions=conditions, phase="Running", podIP="10.0.0.1", **more)


def node(
    name: str = "gpu-0",
    gpu: int = 8,
    *,
    taints: list[Object] | None = None,
    labels: Object | None = None,
    ready: bool = True,
    capacity: int | None = None,
) -> Object:
    """Return a node with GPUs. Its `capacity` includes unhealthy ones."""
    size = {"cpu": "64", "memory": "512Gi", **({GPU: str(gpu)} if gpu else {})}
    total = {**size, **({GPU: str(capacity)} if capacity is not None else {})}
    condition = {"type": "Ready", "status": "True" if ready else "Unknown", "message": "Kubelet stopped posting node status."}
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
        "spec": {"taints": taints or []},
        "status": {"allocatable": size, "capacity": total, "conditions": [condition]},
    }


def event(reason: str, message: str, involved: Object | None = None, kind: str = "Pod", age: float = 10, type_: str = "Warning") -> Object:
    """Return an event that involves an object, by default `pod()`."""
    metadata = (involved or pod())["metadata"]
    return {
        "metadata": {"name": f"{metadata['name']}.{reason}", "uid": f"{reason}-{age}"},
        "involvedObject": {"kind": kind, "name": metadata["name"], "uid": metadata.get("uid", "")},
        "reason": reason,
        "message": message,
        "type": type_,
        "lastTimestamp": ago(age),
    }


def pvc(phase: str = "Pending", name: str = "llama-cache", age: float = 120, **metadata: Any) -> Object:
    """Return the PVC of the cache."""
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": ago(age), **metadata},
        "spec": {},
        "status": {"phase": phase},
    }


def replica_set(message: str = "", replicas: int = 1, created: int = 0) -> Object:
    """Return a ReplicaSet, with a failure to create its pods if a message is given."""
    conditions = [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}] if message else []
    return {
        "metadata": {"name": "llama-5d9", "uid": "uid-rs", "creationTimestamp": ago(60)},
        "spec": {"replicas": replicas},
        "status": {"replicas": created, "conditions": conditions},
    }


def deployment(**spec: Any) -> Object:
    """Return the Deployment."""
    conditions = spec.pop("conditions", [])
    return {
        "metadata": {"name": "llama", "namespace": "ml", "uid": "uid-d", "creationTimestamp": ago(300)},
        "spec": {"replicas": 1, **spec},
        "status": {"conditions": conditions},
    }


def service(**spec: Any) -> Object:
    """Return the Service."""
    ports = [{"name": "http", "port": 8000, "targetPort": "http"}]
    selector = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama"}
    return {
        "metadata": {"name": "llama", "uid": "uid-s", "creationTimestamp": ago(300)},
        "spec": {"type": "ClusterIP", "selector": selector, "ports": ports, **spec},
        "status": {"loadBalancer": {}},
    }


def snapshot(*pods: Object, secrets: Any = None, cluster_pods: list[Object] | None = None, **kinds: list[Object]) -> Snapshot:
    """Return a snapshot. Kinds that are not given are unknown."""
    return Snapshot("llama", "ml", NOW, {"pods": list(pods), **kinds}, cluster_pods, secrets or {})


def job(*, deadline: int = 7200, age: float = 60, container: str = "prewarm", **more: Any) -> Object:
    """Return the prewarm Job, or with `download-loras` the LoRA Job."""
    name = "nim-prewarm" if container == "prewarm" else "nim-lora-loader"
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "llama"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": container}]}}
    status = {"startTime": ago(age), **more.pop("status", {})}
    return {
        "metadata": {"name": f"llama-{container}", "namespace": "ml", "uid": "uid-job", "creationTimestamp": ago(age)},
        "spec": {"activeDeadlineSeconds": deadline, "backoffLimit": 3, "template": template, **more},
        "status": status,
    }


def finished_job(kind: str, reason: str = "", message: str = "", **more: Any) -> Object:
    """Return a Job that is `Complete` or `Failed`."""
    condition = {"type": kind, "status": "True", "reason": reason, "message": message}
    return job(status={"conditions": [condition], "completionTime": ago(0), **more.pop("status", {})}, **more)


def job_pod(
    name: str = "llama-warm-x", *, container: str = "prewarm", state: Object | None = None, node: str = "gpu-0", **more: Any
) -> Object:
    """Return a pod of a Job. It has no GPU and is not restarted."""
    image = IMAGE if container == "prewarm" else "python:3.12-alpine"
    size = {"cpu": "2", "memory": "8Gi"}
    spec = {
        "containers": [{"name": container, "image": image, "resources": {"limits": size, "requests": size}}],
        "restartPolicy": "Never",
        **more.pop("spec", {}),
    }
    statuses = [{"name": container, "state": state, "restartCount": 0, "ready": False}] if state else []
    return pod(name, node=node, containerStatuses=statuses, spec=spec, **more)


def failed_job_pod(message: str = "", code: int = 1, reason: str = "Error", **more: Any) -> Object:
    """Return a failed pod of a Job."""
    state = {"terminated": {"exitCode": code, "reason": reason, "message": message, "finishedAt": ago(20)}}
    return job_pod(state=state, status={"phase": "Failed"}, **more)


def leader_worker_set(**spec: Any) -> Object:
    """Return the LeaderWorkerSet."""
    return {"metadata": {"name": "llama-group", "namespace": "ml", "uid": "uid-g"}, "spec": {"replicas": 1, **spec}, "status": {}}
