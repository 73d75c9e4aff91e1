"""Four mistakes in arguments, each with its diagnosis and the arguments after the fix.

The cluster has `ONE_GPU`.
"""

from typing import Any, NamedTuple

from .client import Client

IMAGE = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"
KEY = "nvapi-of-nobody"
REFERENCE = {"ngc_image_secret": "pull", "ngc_secret_group": "ngc", "ngc_secret_key": "api-key"}
SERVICE: dict[str, Any] = {"secrets": REFERENCE, "image": IMAGE, "cache": {"empty_dir": True}}
"""A service without a mistake, once `make_secrets` has been called."""


class Mistake(NamedTuple):
    """Wrong and correct arguments, and the texts of the diagnosis."""

    wrong: dict[str, Any]
    right: dict[str, Any]
    cause: str
    fix: str


def _annotated(waits: str, message: str) -> dict[str, Any]:
    return {"pod_annotations": {"cluster-tests/waits": waits, "cluster-tests/message": message}}


MISTAKES = {
    "image": Mistake(
        {"image": f"{IMAGE}x", **_annotated("ErrImagePull", f'rpc error: code = NotFound desc = failed to pull "{IMAGE}x": not found')},
        {},
        f"The image {IMAGE}x does not exist.",
        "Correct image: the registry has no such repository or tag.",
    ),
    "secret key": Mistake(
        {
            "secrets": {**REFERENCE, "ngc_secret_key": "NGC_API_KEY"},
            **_annotated("CreateContainerConfigError", "couldn't find key NGC_API_KEY in Secret default/ngc"),
        },
        {},
        "The Secret ngc has no key NGC_API_KEY.",
        "Set secrets.ngc_secret_key or secrets.hf_token_key to one of its keys (it has: api-key), or add the key to it.",
    ),
    "GPU count": Mistake({"gpu": 2}, {"gpu": 1}, "The pod requests 2 nvidia.com/gpu, but the largest node has 1.", "Set gpu to at most 1"),
    "StorageClass": Mistake(
        {"cache": {"storage_class": "fast"}},
        {"cache": {"storage_class": "kwok-volume"}},
        "The StorageClass fast does not exist.",
        "Correct cache.storage_class: the cluster has kwok-volume.",
    ),
}


def create_secrets(cluster: Client, namespace: str) -> None:
    """Create the Secrets that the service refers to."""
    for name, kind, key, value in (
        ("ngc", "Opaque", "api-key", KEY),
        ("pull", "kubernetes.io/dockerconfigjson", ".dockerconfigjson", '{"auths": {"nvcr.io": {}}}'),
    ):
        metadata = {"name": name, "namespace": namespace}
        cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "stringData": {key: value}})
