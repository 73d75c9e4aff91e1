"""Objects of a program, ready to be applied to a cluster."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nim_component import NIM, NIMService
from nim_component.local.manifests import collect_manifests
from nim_component.local.markers import Secret, Unknown
from nim_component.local.resources import Run
from nim_component.testing import record, record_project

from .client import Client, Object

ROOT = Path(__file__).parents[2]
PLACEHOLDER = "value-of-nobody"
CLUSTER_SCOPED = ("Namespace", "StorageClass", "PriorityClass")
LAST = ("Deployment", "Service")
"""Kinds that refer to other objects, applied last."""


def render(nim: NIM | Callable[[], NIM], namespace: str, name: str = "llama") -> list[Object]:
    """Return the objects of one service.

    Arguments with Outputs must be created inside the program: give a function that returns them.
    """
    return place(record(lambda: NIMService(name, nim() if callable(nim) else nim)).run, namespace)


def render_project(project: str, stack: str, namespace: str) -> list[Object]:
    """Return the objects of a project's stack, in another namespace and otherwise unchanged."""
    return place(record_project(ROOT / project, stack).run, namespace)


def place(run: Run, namespace: str) -> list[Object]:
    """Return a run's objects in a namespace, with placeholders for unknown values."""
    placed: list[Object] = []
    for manifest in collect_manifests(run):
        object_: Any = fill(manifest.object)
        if object_["kind"] not in CLUSTER_SCOPED:
            object_["metadata"]["namespace"] = namespace
        if object_["kind"] == "Secret":
            fill_secret(object_)
        placed.append(object_)
    return sorted(placed, key=lambda each: each["kind"] in LAST)


def fill(value: Any) -> Any:
    """Replace markers by their values, and unknown values by a placeholder that is a valid name."""
    match value:
        case Secret():
            return fill(value.value)
        case Unknown():
            return PLACEHOLDER
        case dict():
            return {key: fill(each) for key, each in value.items()}
        case list():
            return [fill(each) for each in value]
        case _:
            return value


def fill_secret(secret: Object) -> None:
    """Set valid data: the local engine does not decrypt keys."""
    pull = secret.get("type") == "kubernetes.io/dockerconfigjson"
    text = json.dumps({"auths": {"nvcr.io": {"username": "$oauthtoken", "password": PLACEHOLDER}}}) if pull else PLACEHOLDER
    keys = [".dockerconfigjson"] if pull else ["NGC_API_KEY", "HF_TOKEN"]
    secret.pop("stringData", None)
    secret["data"] = {key: base64.b64encode(text.encode()).decode() for key in keys}


def apply_all(cluster: Client, objects: list[Object]) -> list[Object]:
    """Apply the objects in order, and return the server's objects."""
    return [cluster.apply(each) for each in objects]


def pick(objects: list[Object], kind: str, name: str | None = None) -> Object:
    """Return the only object of a kind (and name)."""
    (found,) = (each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"]))
    return found


def pod_of(deployment: Object) -> Object:
    """Return the pod that the controller would create for a Deployment."""
    template = deployment["spec"]["template"]
    metadata = {**template["metadata"], "name": f"{deployment['metadata']['name']}-pod", "namespace": deployment["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def pods_of(object_: Object) -> list[Object]:
    """Return one pod for each pod template of an object."""
    spec = object_.get("spec", {})
    multi_node = spec.get("leaderWorkerTemplate", {})
    templates = [spec.get("template"), multi_node.get("leaderTemplate"), multi_node.get("workerTemplate")]
    namespace = {"namespace": object_["metadata"].get("namespace")}
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**template["metadata"], **namespace, "name": f"pod-{at}"},
            "spec": template["spec"],
        }
        for at, template in enumerate(templates)
        if template is not None
    ]
