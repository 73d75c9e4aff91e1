"""The Job that refreshes the adapters on a shared volume, and the PVC of that volume.

It is a Job and not a sidecar for three reasons. It downloads once for all replicas. It uses no
memory while the servers run. And Pulumi waits for it: a failed download fails the update with the
loader's message, while the pods serve the adapters that they have.
"""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..kubernetes.generated_names import generate_name
from ..names import LORA_JOB, REPLACE_FAILED, SKIP_AWAIT, make_job_labels, make_labels
from .inputs import lift_within
from .lora import render_loader, render_lora_volumes
from .network import render_authorities_container, render_network_volumes
from .overrides import find_spec_override
from .pvc import name_pvc
from .references import References, render_pull_secrets
from .security import render_pod_context
from .service_account import render_pod_account
from .timing import Timing

RETRIES = 2
"""Further pods of the Job after the first.

The loader itself retries requests to the hub; these are for lost nodes.
"""


def render_lora_pvc(nim: NIM, service_name: str) -> "dict[str, Any]":
    """Render the PVC. Its name contains a content hash of its immutable fields."""
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
        "labels": make_labels(service_name),
        "annotations": {SKIP_AWAIT: "true"},
    }
    return {"metadata": metadata, "spec": spec}


def render_lora_job(nim: NIM, service_name: str, references: References, timing: Timing) -> "dict[str, Any]":
    """Render the Job.

    A Job is immutable, so its name contains a content hash of all its fields: a changed list
    creates another Job before the old one is deleted.
    """
    pod: k8s.core.v1.PodSpecArgsDict = {
        **render_pod_account(nim, service_name, is_server=False),
        "enable_service_links": False,
        "security_context": render_pod_context(nim),
        "containers": [render_loader(nim, references, timing)],
        "restart_policy": "Never",
        "volumes": [*render_lora_volumes(nim, references), *render_network_volumes(nim)],
    }
    if authorities := render_authorities_container(nim):
        # The loader's image, because the server's has 10 to 20 GB, and no other pod of this node
        # may need it.
        pod["init_containers"] = [{**each, "image": nim.lora_image} for each in authorities]
    pod.update(render_pull_secrets(references))
    job_labels = {**make_labels(service_name), **make_job_labels(service_name, LORA_JOB), "app.kubernetes.io/component": "lora-loader"}
    spec: k8s.batch.v1.JobSpecArgsDict = {
        "backoff_limit": RETRIES,
        "template": {"metadata": {"labels": job_labels}, "spec": pod},
    }
    name = lift_within([spec, find_spec_override(nim, "lora-job")], lambda both: generate_name(service_name, "fetch", {"spec": both}))
    metadata = {"name": name, "namespace": nim.namespace, "labels": job_labels, "annotations": {REPLACE_FAILED: "true"}}
    return {"metadata": metadata, "spec": spec}
