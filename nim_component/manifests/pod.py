"""The pod: containers, volumes and placement."""

from typing import Any, cast

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.pod import PodToleration, Toleration
from ..names import SHM_VOLUME, make_selector
from .devices import render_pod_claims
from .lora import render_init_containers, render_lora_volumes
from .lora_lists import render_lists_volume
from .network import render_authorities_container, render_network_volumes
from .references import References, render_pull_secrets
from .security import render_container_context, render_pod_context
from .server import render_server
from .service_account import render_pod_account
from .timing import Timing


def render_pod(nim: NIM, service_name: str, references: References, timing: Timing) -> "k8s.core.v1.PodSpecArgsDict":
    """Render the pod's spec."""
    pod: k8s.core.v1.PodSpecArgsDict = {
        **render_pod_account(nim, service_name, is_server=True),
        # A Service named "nim" would otherwise set NIM_PORT and similar variables in the server's
        # environment.
        "enable_service_links": False,
        "security_context": render_pod_context(nim),
        "containers": [render_server(nim, references, timing), *(_restricted(container) for container in nim.extra_containers or ())],
        "tolerations": [render_toleration(each) for each in nim.tolerations],
        "volumes": _volumes(nim, references),
        "termination_grace_period_seconds": nim.termination_grace,
    }
    init_containers = [*render_authorities_container(nim), *render_init_containers(nim, references, timing)]
    init_containers.extend(_restricted(container) for container in nim.extra_init_containers or ())
    if init_containers:
        pod["init_containers"] = init_containers
    pod.update(render_pull_secrets(references))
    if nim.node_selector:
        pod["node_selector"] = dict(nim.node_selector)
    if nim.affinity:
        pod["affinity"] = nim.affinity  # pyright: ignore
    if nim.topology_spread:
        pod["topology_spread_constraints"] = [_spread(each, service_name) for each in nim.topology_spread]
    if nim.runtime_class is not None:
        pod["runtime_class_name"] = nim.runtime_class
    if nim.priority_class is not None:
        pod["priority_class_name"] = nim.priority_class
    if nim.scheduler_name is not None:
        pod["scheduler_name"] = nim.scheduler_name
    if nim.resource_claims:
        pod["resource_claims"] = render_pod_claims(nim, references)
    return pod


def _volumes(nim: NIM, references: References) -> "list[k8s.core.v1.VolumeArgsDict]":
    shared_memory: k8s.core.v1.VolumeArgsDict = {"name": SHM_VOLUME, "empty_dir": {"medium": "Memory", "size_limit": nim.shm_size}}
    volumes = [shared_memory, render_cache_volume(nim, references)]
    if references.lora_config is not None:
        volumes.extend(render_lora_volumes(nim, references))
    if references.lora_lists:
        volumes.append(render_lists_volume(references.lora_lists))
    if nim.cache.read_only:
        scratch: k8s.core.v1.VolumeArgsDict = {"name": "cache-scratch", "empty_dir": {}}
        volumes.append(scratch)
    volumes.extend(render_network_volumes(nim))
    volumes.extend(nim.extra_volumes or ())  # pyright: ignore
    return volumes


def render_cache_volume(nim: NIM, references: References) -> "k8s.core.v1.VolumeArgsDict":
    """Render the volume of the model cache."""
    name = nim.cache.volume
    if nim.cache.empty_dir:
        return {"name": name, "empty_dir": {"size_limit": nim.cache.size}}
    if nim.cache.ephemeral:
        return {"name": name, "ephemeral": {"volume_claim_template": _pvc_template(nim)}}
    if nim.cache.host_path is not None:
        return {"name": name, "host_path": {"path": nim.cache.host_path, "type": "DirectoryOrCreate"}}
    return {"name": name, "persistent_volume_claim": {"claim_name": references.cache_pvc or ""}}


def _pvc_template(nim: NIM) -> "k8s.core.v1.PersistentVolumeClaimTemplateArgsDict":
    spec: k8s.core.v1.PersistentVolumeClaimSpecArgsDict = {
        "access_modes": [nim.cache.access_mode],
        "resources": {"requests": {"storage": nim.cache.size}},
    }
    if nim.cache.storage_class is not None:
        spec["storage_class_name"] = nim.cache.storage_class
    if nim.cache.annotations:
        return {"metadata": {"annotations": dict(nim.cache.annotations)}, "spec": spec}
    return {"spec": spec}


def _spread(constraint: Any, service_name: str) -> Any:
    """Render a constraint; without a selector, it counts the pods of this service and rollout.

    A constraint without a selector counts no pods. If it also counted the pods of the previous
    rollout, they would keep new pods away from their nodes.
    """
    if {"labelSelector", "label_selector"} & constraint.keys():
        return constraint
    pods: dict[str, Any] = {"label_selector": {"match_labels": make_selector(service_name)}}
    if not {"matchLabelKeys", "match_label_keys"} & constraint.keys():
        pods["match_label_keys"] = ["pod-template-hash"]
    return {**constraint, **pods}


def render_toleration(toleration: PodToleration) -> "k8s.core.v1.TolerationArgsDict":
    """Render a toleration."""
    return cast(Any, {name: value for name in Toleration.model_fields if (value := getattr(toleration, name)) is not None})


def _restricted(container: Any) -> Any:
    """Render a user's container with a security context that passes Pod Security `restricted`.

    Fields of the container's own `securityContext` take precedence.
    """
    rest = {key: value for key, value in container.items() if key not in ("securityContext", "security_context")}
    own: dict[str, Any] = container.get("securityContext", container.get("security_context")) or {}
    given = {key.replace("_", "").lower() for key in own}
    defaults = {key: value for key, value in render_container_context().items() if key.replace("_", "") not in given}
    return {**rest, "security_context": {**defaults, **own}}
