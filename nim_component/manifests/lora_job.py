"""What a shared volume of adapters needs beside the pods: its claim, and the Job that brings the adapters to it.

Why a Job and not a sidecar: it downloads once for all replicas, holds no memory while they serve, and Pulumi waits for it: an adapter that
cannot be had fails the update with the loader's line, while the pods go on serving what they have.
"""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..names import LORA_JOB, REPLACE_FAILED, SKIP_AWAIT, job_selector, labels, name_with_digest
from .inputs import lift_within
from .lora import lora_volumes, render_loader
from .network import network_volumes, render_joiner
from .overrides import overridden_spec
from .pvc import name_pvc
from .references import References
from .security import pod_context
from .timing import Timing

RETRIES = 2
"""Pods that the Job tries after the first: the loader has its own patience with the hub, this is for nodes that go away."""


def render_lora_pvc(nim: NIM, service_name: str) -> "dict[str, Any]":
    """The claim. Its name carries a digest of what cannot change in place."""
    volume = nim.lora.volume
    assert volume is not None and volume.existing_claim is None
    spec: k8s.core.v1.PersistentVolumeClaimSpecArgsDict = {
        "access_modes": [volume.access_mode],
        "resources": {"requests": {"storage": volume.size}},
    }
    if volume.storage_class is not None:
        spec["storage_class_name"] = volume.storage_class
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": name_pvc(nim, service_name, "loras", {"accessModes": [volume.access_mode], "storageClassName": volume.storage_class}),
        "namespace": nim.namespace,
        "labels": labels(service_name),
        "annotations": {SKIP_AWAIT: "true"},  # as for the model cache: whoever mounts it waits for it
    }
    return {"metadata": metadata, "spec": spec}


def render_lora_job(nim: NIM, service_name: str, references: References, timing: Timing) -> "dict[str, Any]":
    """The Job. Nothing in it can change, so its name carries a digest of the whole: another list is another Job, made before it goes."""
    pod: k8s.core.v1.PodSpecArgsDict = {
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": pod_context(nim),
        "containers": [render_loader(nim, references, timing)],
        "restart_policy": "Never",
        "volumes": [*lora_volumes(nim, references), *network_volumes(nim)],
    }
    if joiner := render_joiner(nim):
        # With the loader's image: the server's is 10 to 20 GB, and this pod may be on a node that has no other use for it.
        pod["init_containers"] = [{**each, "image": nim.lora_image} for each in joiner]
    if references.pull_secret is not None:
        pod["image_pull_secrets"] = [{"name": references.pull_secret}]
    own = {**labels(service_name), **job_selector(service_name, LORA_JOB), "app.kubernetes.io/component": "lora-loader"}
    spec: k8s.batch.v1.JobSpecArgsDict = {
        "backoff_limit": RETRIES,
        "template": {"metadata": {"labels": own}, "spec": pod},
    }
    name = lift_within([spec, overridden_spec(nim, "lora-job")], lambda both: name_with_digest(service_name, "fetch", {"spec": both}))
    metadata = {"name": name, "namespace": nim.namespace, "labels": own, "annotations": {REPLACE_FAILED: "true"}}
    return {"metadata": metadata, "spec": spec}
