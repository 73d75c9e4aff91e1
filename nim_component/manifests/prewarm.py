"""The prewarm Job, which fills the model cache before the rollout."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.managed_names import CACHE_PATH
from ..args.prewarm import PrewarmArgs
from ..kubernetes.generated_names import generate_name
from ..kubernetes.own_programs import DOWNLOAD
from ..names import (
    CACHE_LABEL,
    PREWARM_CONTAINER,
    PREWARM_JOB,
    REPLACE_FAILED,
    STANDARD_LABELS,
    make_job_labels,
    make_labels,
)
from .environment import render_download_environment
from .inputs import lift, lift_within
from .network import render_authorities_container, render_network_mounts, render_network_volumes
from .overrides import find_spec_override
from .pod import render_cache_volume, render_toleration
from .references import References, render_pull_secrets
from .security import render_container_context, render_pod_context
from .server import render_cache_mount
from .service_account import render_pod_account
from .timing import Timing

RETRIES = 3


def render_prewarm(nim: NIM, prewarm: PrewarmArgs, service_name: str, references: References, timing: Timing) -> "dict[str, Any]":
    """Render metadata and spec.

    A Job is immutable, so its name contains a content hash of all its fields. It has no time to
    live: the next update would create a deleted Job again.
    """
    spec: k8s.batch.v1.JobSpecArgsDict = {
        "active_deadline_seconds": timing.prewarm_deadline,
        "backoff_limit": RETRIES,
        "template": {"metadata": {"labels": _labels(service_name)}, "spec": _pod(nim, prewarm, service_name, references)},
    }
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": lift_within([spec, find_spec_override(nim, "warm")], lambda both: generate_name(service_name, "warm", {"spec": both})),
        "namespace": nim.namespace,
        "labels": make_labels(service_name),
        "annotations": {REPLACE_FAILED: "true"},
    }
    return {"metadata": metadata, "spec": spec}


def _labels(service_name: str) -> dict[str, str]:
    """Render labels that differ from the server's: the Service must not select these pods."""
    component, managed_by = STANDARD_LABELS
    return {**make_job_labels(service_name, PREWARM_JOB), component: "prewarm", managed_by: "pulumi", CACHE_LABEL: service_name}


def _pod(nim: NIM, prewarm: PrewarmArgs, service_name: str, references: References) -> "k8s.core.v1.PodSpecArgsDict":
    size = {"cpu": lift(prewarm.cpu, str), "memory": prewarm.mem}
    pod: k8s.core.v1.PodSpecArgsDict = {
        **render_pod_account(nim, service_name, is_server=False),
        "enable_service_links": False,
        "restart_policy": "Never",
        "security_context": render_pod_context(nim),
        "containers": [
            {
                "name": PREWARM_CONTAINER,
                "image": nim.image,
                "image_pull_policy": nim.image_pull_policy,
                "command": [*DOWNLOAD],
                "args": _arguments(nim, prewarm),
                "env": render_download_environment(nim, references),
                "resources": {"requests": size, "limits": size},
                "security_context": render_container_context(),
                "termination_message_policy": "FallbackToLogsOnError",
                "volume_mounts": [render_cache_mount(nim, CACHE_PATH), *render_network_mounts(nim)],
            }
        ],
        "tolerations": [render_toleration(each) for each in (nim.tolerations if prewarm.tolerations is None else prewarm.tolerations)],
        "volumes": [render_cache_volume(nim, references), *render_network_volumes(nim)],
    }
    if authorities := render_authorities_container(nim):
        pod["init_containers"] = authorities
    pod.update(render_pull_secrets(references))
    if selector := nim.node_selector if prewarm.node_selector is None else prewarm.node_selector:
        pod["node_selector"] = dict(selector)
    if (affinity := _affinity(nim, service_name)) is not None:
        pod["affinity"] = affinity
    return pod


def _arguments(nim: NIM, prewarm: PrewarmArgs) -> "list[Any]":
    if prewarm.args is not None:
        return list(prewarm.args)
    if prewarm.all_profiles:
        return ["--all"]
    return ["--profiles", *(prewarm.profiles or [nim.model_profile])]


def _affinity(nim: NIM, service_name: str) -> "Any":
    """Render the affinity of the Job to pods that mount the cache.

    A ReadWriteOnce volume attaches to one node at a time. While a server uses it, the Job must run
    on the server's node; otherwise each would wait for the other. Kubernetes ignores the rule while
    no such pod exists, so the first Job runs on any node. The access mode of an existing PVC is
    unknown, so the affinity is only preferred.
    """
    term = {"label_selector": {"match_labels": {CACHE_LABEL: service_name}}, "topology_key": "kubernetes.io/hostname"}
    if not nim.cache.has_own_pvc:
        return {"pod_affinity": {"preferred_during_scheduling_ignored_during_execution": [{"weight": 100, "pod_affinity_term": term}]}}
    required = {"pod_affinity": {"required_during_scheduling_ignored_during_execution": [term]}}
    affinity = lift(nim.cache.access_mode, lambda mode: required if mode == "ReadWriteOnce" else {})
    return affinity or None
