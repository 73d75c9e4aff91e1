"""From programs to objects that a server takes."""

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
CLUSTER_WIDE = ("Namespace", "StorageClass", "PriorityClass")
LAST = ("Deployment", "Service")
"""They refer to the others."""


def render(nim: NIM | Callable[[], NIM], namespace: str, name: str = "llama") -> list[Object]:
    """The objects of one service, in a namespace. Arguments with Outputs are made inside the program: give the function that makes them."""
    return place(record(lambda: NIMService(name, nim() if callable(nim) else nim)).run, namespace)


def render_project(project: str, stack: str, namespace: str) -> list[Object]:
    """The objects of a project's stack. Their namespace is replaced, and nothing else."""
    return place(record_project(ROOT / project, stack).run, namespace)


def place(run: Run, namespace: str) -> list[Object]:
    """A run's objects, ready to be applied: in the test's namespace, with values where the local engine knows none."""
    placed: list[Object] = []
    for manifest in collect_manifests(run):
        object_: Any = fill(manifest.object)
        if object_["kind"] not in CLUSTER_WIDE:
            object_["metadata"]["namespace"] = namespace
        if object_["kind"] == "Secret":
            fill_secret(object_)
        placed.append(object_)
    return sorted(placed, key=lambda each: each["kind"] in LAST)


def fill(value: Any) -> Any:
    """The value with what stands behind its markers; what is not known becomes a placeholder that any name may be."""
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
    """Data of the right form: the local engine does not know a key that the stack keeps encrypted."""
    pull = secret.get("type") == "kubernetes.io/dockerconfigjson"
    text = json.dumps({"auths": {"nvcr.io": {"username": "$oauthtoken", "password": PLACEHOLDER}}}) if pull else PLACEHOLDER
    keys = [".dockerconfigjson"] if pull else ["NGC_API_KEY", "HF_TOKEN"]
    secret.pop("stringData", None)
    secret["data"] = {key: base64.b64encode(text.encode()).decode() for key in keys}


def apply_all(cluster: Client, objects: list[Object]) -> list[Object]:
    """Applies every object in order, and gives what the server made of it."""
    return [cluster.apply(each) for each in objects]


def pick(objects: list[Object], kind: str, name: str | None = None) -> Object:
    """The one object of a kind (and name)."""
    (found,) = (each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"]))
    return found


def pod_of(deployment: Object) -> Object:
    """The pod that a Deployment would have made."""
    template = deployment["spec"]["template"]
    metadata = {**template["metadata"], "name": f"{deployment['metadata']['name']}-pod", "namespace": deployment["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def pods_of(object_: Object) -> list[Object]:
    """The pods that an object would have made, of each kind one; none of what makes no pods."""
    spec = object_.get("spec", {})
    group = spec.get("leaderWorkerTemplate", {})
    templates = [spec.get("template"), group.get("leaderTemplate"), group.get("workerTemplate")]
    place = {"namespace": object_["metadata"].get("namespace")}
    return [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {**template["metadata"], **place, "name": f"pod-{at}"}, "spec": template["spec"]}
        for at, template in enumerate(templates)
        if template is not None
    ]
