"""The Job that fills the model cache before the rollout begins."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.managed_names import CACHE_PATH
from ..args.prewarm import PrewarmArgs
from ..names import CACHE_LABEL, PREWARM_CONTAINER, PREWARM_JOB, REPLACE_FAILED, STANDARD_LABELS, job_selector, labels, name_with_digest
from .environment import download_environment
from .inputs import lift, lift_within
from .network import network_mounts, network_volumes, render_joiner
from .overrides import overridden_spec
from .pod import cache_volume, render_toleration
from .references import References
from .security import container_context, pod_context
from .server import cache_mount
from .timing import Timing

RETRIES = 3


def render_prewarm(nim: NIM, prewarm: PrewarmArgs, service_name: str, references: References, timing: Timing) -> "dict[str, Any]":
    """Metadata and spec. A Job cannot change, so its name carries a digest of all that it is. No time to live: what the cluster deletes,
    the next run would make again."""
    spec: k8s.batch.v1.JobSpecArgsDict = {
        "active_deadline_seconds": timing.prewarm_deadline,
        "backoff_limit": RETRIES,
        "template": {"metadata": {"labels": _labels(service_name)}, "spec": _pod(nim, prewarm, service_name, references)},
    }
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": lift_within([spec, overridden_spec(nim, "warm")], lambda both: name_with_digest(service_name, "warm", {"spec": both})),
        "namespace": nim.namespace,
        "labels": labels(service_name),
        "annotations": {REPLACE_FAILED: "true"},
    }
    return {"metadata": metadata, "spec": spec}


def _labels(service_name: str) -> dict[str, str]:
    """Not the server's: the Service must never send a request here."""
    component, managed_by = STANDARD_LABELS
    return {**job_selector(service_name, PREWARM_JOB), component: "prewarm", managed_by: "pulumi", CACHE_LABEL: service_name}


def _pod(nim: NIM, prewarm: PrewarmArgs, service_name: str, references: References) -> "k8s.core.v1.PodSpecArgsDict":
    size = {"cpu": lift(prewarm.cpu, str), "memory": prewarm.mem}
    pod: k8s.core.v1.PodSpecArgsDict = {
        "automount_service_account_token": False,
        "enable_service_links": False,
        "restart_policy": "Never",
        "security_context": pod_context(nim),
        "containers": [
            {
                "name": PREWARM_CONTAINER,
                "image": nim.image,
                "image_pull_policy": nim.image_pull_policy,
                "command": ["download-to-cache"],
                "args": _arguments(nim, prewarm),
                "env": download_environment(nim, references),
                "resources": {"requests": size, "limits": size},
                "security_context": container_context(),
                "termination_message_policy": "FallbackToLogsOnError",
                "volume_mounts": [cache_mount(nim, CACHE_PATH), *network_mounts(nim)],
            }
        ],
        "tolerations": [render_toleration(each) for each in (nim.tolerations if prewarm.tolerations is None else prewarm.tolerations)],
        "volumes": [cache_volume(nim, references), *network_volumes(nim)],
    }
    if first := render_joiner(nim):
        pod["init_containers"] = first
    if references.pull_secret is not None:
        pod["image_pull_secrets"] = [{"name": references.pull_secret}]
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
    """A ReadWriteOnce volume is on one node at a time: while the server has it, the Job must come to that node, or both would wait for the
    other. The rule holds only where there is such a pod; the first Job goes anywhere. Of an existing claim the mode is not known."""
    term = {"label_selector": {"match_labels": {CACHE_LABEL: service_name}}, "topology_key": "kubernetes.io/hostname"}
    if not nim.cache.makes_claim:
        return {"pod_affinity": {"preferred_during_scheduling_ignored_during_execution": [{"weight": 100, "pod_affinity_term": term}]}}
    required = {"pod_affinity": {"required_during_scheduling_ignored_during_execution": [term]}}
    affinity = lift(nim.cache.access_mode, lambda mode: required if mode == "ReadWriteOnce" else {})
    return affinity or None
