"""The Job that looks at a claim, and the ConfigMap with the loader and the list: pure functions to plain objects.

A Job and not a pod: its time to live removes it, and what belongs to it, when whoever made it is gone.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...args import LoRAAdapter
from ...cluster.objects import Object, is_terminating, items_at, name_of, text_at
from ...cluster.scheduling import holds_resources
from ...names import CHECKER_CONTAINER, SELECTOR_LABELS, STANDARD_LABELS
from ..adapter_list import PROGRAM_PATH, WORKING_DIR, read_program, spec_of

APP = "nim-lora-check"
MOUNT = "/lora/claim"
TIME_TO_LIVE = 60
"""Seconds after which the cluster removes a Job that has ended."""
GRACE = 30
"""Seconds that the Job may run longer than anybody waits for it."""
_SHARED = ("ReadWriteMany", "ReadOnlyMany")
REQUESTS = {"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "16Mi"}
LIMITS = {"cpu": "1", "memory": "256Mi", "ephemeral-storage": "64Mi"}
"""Files are read a megabyte at a time. Limits of every kind, for namespaces whose quota asks for them."""


@dataclass(frozen=True)
class Request:
    """What is to be looked at, and as whom."""

    name: str
    """Name of the Job and its ConfigMap."""
    namespace: str
    claim: str
    directory: str
    """Directory of the claim that holds the adapters; empty for its root."""
    adapters: Sequence[LoRAAdapter]
    """With what is locked of each."""
    image: str
    timeout: int
    """Seconds that anybody waits."""
    pull_policy: str = "IfNotPresent"
    pull_secret: str | None = None
    user: int = 1000
    group: int = 1000
    volume_group: int = 1000
    """A group that may read the volume. Nothing is chowned for it, as it would be for `fsGroup`."""


def find_users(pods: Iterable[Object], claim: str) -> list[Object]:
    """The pods on a node that mount a claim."""
    return [
        pod
        for pod in pods
        if holds_resources(pod)
        and not is_terminating(pod)
        and any(text_at(volume, "persistentVolumeClaim", "claimName") == claim for volume in items_at(pod, "spec", "volumes"))
    ]


def render_job(request: Request, modes: Sequence[str] | None, users: Sequence[Object]) -> Object:
    """The Job. Where one node at a time can have the volume (by its access modes; None: not known) it goes to the node of the pods that
    use it, and bears what they bear: the GPU nodes' taint, mostly."""
    labels = _labels(request)
    pod: Object = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 5,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": request.user,
            "runAsGroup": request.group,
            "supplementalGroups": [request.volume_group],
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(request)],
        "volumes": [
            {"name": "claim", "persistentVolumeClaim": {"claimName": request.claim, "readOnly": True}},
            {"name": "loader", "configMap": {"name": request.name}},
        ],
    }
    if users and not set(modes or ()) & set(_SHARED):
        pod["affinity"] = {"nodeAffinity": _to_nodes(sorted({text_at(each, "spec", "nodeName") for each in users}), modes is not None)}
        pod["tolerations"] = _once(each for user in users for each in items_at(user, "spec", "tolerations"))
    pull = [{"name": request.pull_secret}] if request.pull_secret is not None else []
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
    """The ConfigMap. It belongs to the Job, whose end is its end."""
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
        "command": ["python3", "-m", "lora_loader", f"{PROGRAM_PATH}/adapters.json"],
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
            {"name": "claim", "mountPath": MOUNT, "readOnly": True},
            {"name": "loader", "mountPath": PROGRAM_PATH, "readOnly": True},
        ],
    }


def _to_nodes(nodes: list[str], certain: bool) -> Object:
    """By name and not by label: a host name is not always the node's name."""
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
