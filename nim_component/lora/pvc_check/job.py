"""Job that compares a PVC, and its ConfigMap with the loader and the list. Pure functions.

It is a Job and not a pod: its time to live removes it, and the objects that it owns, even if the
command that created it was killed.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...args import LoRAAdapter
from ...cluster.objects import Object, is_terminating, items_at, name_of, text_at
from ...cluster.scheduling import holds_resources
from ...kubernetes.own_programs import LOADER
from ...names import CHECKER_CONTAINER, SELECTOR_LABELS, STANDARD_LABELS
from ...shipped_loader import read_program
from ..adapter_list import PROGRAM_PATH, WORKING_DIR, spec_of

APP = "nim-lora-check"
MOUNT = "/lora/pvc"
TIME_TO_LIVE = 60
"""Seconds after its end until the cluster removes the Job."""
GRACE = 30
"""Seconds that the Job may run longer than the command waits."""
_SHARED = ("ReadWriteMany", "ReadOnlyMany")
REQUESTS = {"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "16Mi"}
LIMITS = {"cpu": "1", "memory": "256Mi", "ephemeral-storage": "64Mi"}
"""Limits for every resource, because a ResourceQuota may require them. Files are read in blocks."""


@dataclass(frozen=True)
class Request:
    """PVC to compare, and the identity of the pod that reads it."""

    name: str
    """Name of the Job and its ConfigMap."""
    namespace: str
    pvc: str
    directory: str
    """Directory of the PVC that contains the adapters; empty for its root."""
    adapters: Sequence[LoRAAdapter]
    """The locked adapters."""
    image: str
    timeout: int
    """Seconds that the command waits for the result."""
    pull_policy: str = "IfNotPresent"
    pull_secrets: Sequence[str] = ()
    user: int | None = 1000
    group: int | None = 1000
    volume_group: int | None = 1000
    """A supplemental group with read access. Unlike `fsGroup` it changes no ownership.

    An id that is None is left to the cluster.
    """


def find_users(pods: Iterable[Object], pvc: str) -> list[Object]:
    """Return the scheduled pods that mount a PVC."""
    return [
        pod
        for pod in pods
        if holds_resources(pod)
        and not is_terminating(pod)
        and any(text_at(volume, "persistentVolumeClaim", "claimName") == pvc for volume in items_at(pod, "spec", "volumes"))
    ]


def render_job(request: Request, modes: Sequence[str] | None, users: Sequence[Object]) -> Object:
    """Render the Job.

    If the access modes allow one node at a time, the Job runs on the node of the pods that use the
    PVC. It then has their tolerations, usually for the taint of GPU nodes.

    Args:
        request: The PVC and the pod's identity.
        modes: Access modes of the PVC; None if they are unknown.
        users: Pods that mount the PVC.
    """
    labels = _labels(request)
    pod: Object = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 5,
        "securityContext": {
            "runAsNonRoot": True,
            **({"runAsUser": request.user} if request.user is not None else {}),
            **({"runAsGroup": request.group} if request.group is not None else {}),
            **({"supplementalGroups": [request.volume_group]} if request.volume_group is not None else {}),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(request)],
        "volumes": [
            {"name": "pvc", "persistentVolumeClaim": {"claimName": request.pvc, "readOnly": True}},
            {"name": "loader", "configMap": {"name": request.name}},
        ],
    }
    if users and not set(modes or ()) & set(_SHARED):
        pod["affinity"] = {"nodeAffinity": _to_nodes(sorted({text_at(each, "spec", "nodeName") for each in users}), modes is not None)}
        pod["tolerations"] = _once(each for user in users for each in items_at(user, "spec", "tolerations"))
    pull = [{"name": each} for each in request.pull_secrets]
    if pull := pull or _once(each for user in users for each in items_at(user, "spec", "imagePullSecrets")):
        pod["imagePullSecrets"] = pull
    spec = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": request.timeout + GRACE,
        "ttlSecondsAfterFinished": TIME_TO_LIVE,
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": _metadata(request), "spec": spec}


def render_config(request: Request, job: Object) -> Object:
    """Render the ConfigMap. The Job owns it, so it is removed with the Job."""
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name_of(job), "uid": text_at(job, "metadata", "uid")}
    wanted = {"served_model": "", "compared": True, "adapters": [spec_of(each) for each in request.adapters]}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**_metadata(request), "ownerReferences": [owner]},
        "immutable": True,
        "data": {"adapters.json": json.dumps(wanted), **read_program()},
    }


def _container(request: Request) -> Object:
    source = f"{MOUNT}/{request.directory}".rstrip("/")
    return {
        "name": CHECKER_CONTAINER,
        "image": request.image,
        "imagePullPolicy": request.pull_policy,
        "command": [*LOADER, f"{PROGRAM_PATH}/adapters.json"],
        "workingDir": WORKING_DIR,
        "env": [{"name": "NIM_PEFT_SOURCE", "value": source}, {"name": "LORA_DEADLINE_SECONDS", "value": str(request.timeout)}],
        "resources": {"requests": REQUESTS, "limits": LIMITS},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "pvc", "mountPath": MOUNT, "readOnly": True},
            {"name": "loader", "mountPath": PROGRAM_PATH, "readOnly": True},
        ],
    }


def _to_nodes(nodes: list[str], certain: bool) -> Object:
    """Select nodes by name and not by label: the host name may differ from the node's name."""
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]} for node in nodes]
    if certain:
        return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": term} for term in terms]}


def _once(objects: Iterable[Object]) -> list[Object]:
    return [json.loads(each) for each in dict.fromkeys(json.dumps(each, sort_keys=True) for each in objects)]


def _labels(request: Request) -> dict[str, str]:
    (app, instance), (component, manager) = SELECTOR_LABELS, STANDARD_LABELS
    return {app: APP, instance: request.name, component: "lora-check", manager: "nim-component"}


def _metadata(request: Request) -> dict[str, Any]:
    return {"name": request.name, "namespace": request.namespace, "labels": _labels(request)}
