"""What brings LoRA adapters to a pod: the loader's ConfigMaps, its init containers, the volume, and the Job that refreshes it.

download   `hf_repo_ids`: the init container `download-loras` of each pod, on a volume of the pod's own or on a shared one
refresh    `hf_repo_ids` with `lora.refresh_interval`: a Job downloads to the shared volume, and `check-loras` of each pod only looks. The
           list is in the Job's ConfigMap alone, so that a change of it is no change of the pods
given      `lora.source`: `check-loras` looks at what somebody else provides, after `fetch-loras` where an image of the user's brings it
"""

import json
from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM, LoRAAdapter
from ..args.generation import Generation
from ..args.lora_options import PEFT_SOURCE
from ..lora.adapter_list import PROGRAM_PATH, PUBLISHED, WORKING_DIR, read_program, wish_of
from ..names import CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, labels, name_with_digest
from .environment import token_variables, user_variables
from .generation import server_generation
from .inputs import lift, lift_all
from .models import base_model
from .network import network_mounts, network_variables
from .references import References
from .security import container_context, read_only_context
from .timing import Timing
from .variables import Environment

VOLUME_PATH = "/lora"
"""Where the loader sees the volume as a whole: what it publishes is below `adapters`, its staging area and library are siblings."""
CHECK_MEMORY = "256Mi"
"""Memory of a container that only looks: it reads files a megabyte at a time."""


def uses_job(nim: NIM) -> bool:
    """Whether a Job brings the adapters, and the pods only look."""
    return bool(nim.hf_repo_ids) and nim.lora.refresh_interval is not None


def unload_seconds(nim: NIM) -> int:
    """How long a re-pinned adapter is gone before it comes, so that every server has looked meanwhile."""
    return 2 * (nim.lora.refresh_interval or 0)


def makes_lora_pvc(nim: NIM) -> bool:
    """Whether the adapters have a shared claim of the component's own."""
    return bool(nim.adapter_names) and nim.lora.volume is not None and nim.lora.volume.existing_claim is None


def render_lora_config(nim: NIM, service_name: str) -> "dict[str, Any]":
    """The pods' ConfigMap. Its name carries a digest of its data: a changed list makes a new one, and the new name rolls the pods."""
    if uses_job(nim):
        return _config(nim, service_name, "lora", {"published": True})
    return render_list_config(nim, service_name, "lora")


def render_list_config(nim: NIM, service_name: str, part: str) -> "dict[str, Any]":
    """A ConfigMap with the loader and the whole list."""
    if nim.lora.source is not None:
        return _config(nim, service_name, part, {"given": nim.lora.source.names})
    adapters = [wish_of(adapter) for adapter in nim.hf_repo_ids or () if isinstance(adapter, LoRAAdapter)]
    return _config(nim, service_name, part, {"adapters": adapters})


def render_init_containers(nim: NIM, references: References, timing: Timing) -> "list[k8s.core.v1.ContainerArgsDict]":
    """What runs before the server. None gets a GPU; the token is an environment variable and nothing else."""
    if not nim.adapter_names:
        return []
    if nim.lora.source is None:
        return [_check(nim, references, timing) if uses_job(nim) else render_loader(nim, references, timing)]
    fetch = [_fetch(nim, references)] if nim.lora.source.image is not None else []
    return [*fetch, _check(nim, references, timing)]


def render_loader(nim: NIM, references: References, timing: Timing) -> "k8s.core.v1.ContainerArgsDict":
    """The container `download-loras`, of a pod or of the Job."""
    directory = nim.lora.volume and nim.lora.volume.directory
    source = "/".join(filter(None, (VOLUME_PATH, directory, PUBLISHED)))
    env: Environment = [*_loader_variables(nim, timing, source), *token_variables(nim, references), *network_variables(nim)]
    if nim.lora.endpoint is not None:
        env.append({"name": "HF_ENDPOINT", "value": nim.lora.endpoint})
    if nim.lora.index_url is not None:
        env.append({"name": "PIP_INDEX_URL", "value": nim.lora.index_url})
    if uses_job(nim):
        # A server that looks every so often sees a re-pinned adapter go before it sees it come: it may keep what it has under a name.
        env.append({"name": "LORA_UNLOAD_SECONDS", "value": str(unload_seconds(nim))})
    mount: k8s.core.v1.VolumeMountArgsDict = {"name": "lora", "mount_path": VOLUME_PATH}
    return _container(nim, LOADER_CONTAINER, nim.lora_adapter_mem, [*env, *user_variables(nim.lora.env)], [mount, *network_mounts(nim)])


def lora_volumes(nim: NIM, references: References) -> "list[k8s.core.v1.VolumeArgsDict]":
    """The volumes of a pod with adapters, or of the Job: `lora` itself, the program, and room for what Python writes."""
    source = nim.lora.source
    volumes: list[k8s.core.v1.VolumeArgsDict] = []
    if source is not None and source.claim is not None:
        volumes.append({"name": "lora", "persistent_volume_claim": {"claim_name": source.claim, "read_only": True}})
    elif references.lora_pvc is not None:
        volumes.append({"name": "lora", "persistent_volume_claim": {"claim_name": references.lora_pvc}})
    elif source is None or source.volume is None:
        volumes.append({"name": "lora", "empty_dir": {}})
    loader_volume: k8s.core.v1.VolumeArgsDict = {"name": "lora-loader", "config_map": {"name": references.lora_config}}
    return [*volumes, loader_volume, {"name": "lora-tmp", "empty_dir": {}}]


def server_mount(nim: NIM) -> "k8s.core.v1.VolumeMountArgsDict":
    """Where the server finds them. A sub-path: NIM scans only what is published, not the staging area beside it."""
    mount = _published(nim, (nim.env or {})[PEFT_SOURCE])  # pyright: ignore[reportArgumentType]
    return {**mount, "read_only": True} if nim.lora.source is not None and nim.lora.source.image is None else mount


def _published(nim: NIM, path: str) -> "k8s.core.v1.VolumeMountArgsDict":
    source, volume = nim.lora.source, nim.lora.volume
    if source is not None and source.image is None:
        mount: k8s.core.v1.VolumeMountArgsDict = {"name": source.volume or "lora", "mount_path": path}
        return {**mount, "sub_path": source.directory} if source.directory is not None else mount
    directory = volume.directory if volume is not None else None
    return {"name": "lora", "mount_path": path, "sub_path": f"{directory}/{PUBLISHED}" if directory else PUBLISHED}


def _check(nim: NIM, references: References, timing: Timing) -> "k8s.core.v1.ContainerArgsDict":
    """It needs no library, no token and no network."""
    del references
    path = f"{VOLUME_PATH}/{PUBLISHED}"
    env = _loader_variables(nim, timing, path)
    if uses_job(nim):
        env.append({"name": "LORA_UNLOAD_SECONDS", "value": str(unload_seconds(nim))})
    memory = CHECK_MEMORY if nim.lora_adapter_mem is None else nim.lora_adapter_mem
    return _container(nim, CHECKER_CONTAINER, memory, env, [{**_published(nim, path), "read_only": True}])


def _fetch(nim: NIM, references: References) -> "k8s.core.v1.ContainerArgsDict":
    source = nim.lora.source
    assert source is not None and source.image is not None
    size: dict[str, Any] = {"cpu": "1", "memory": nim.lora_adapter_mem}
    path = f"{VOLUME_PATH}/{PUBLISHED}"
    env: Environment = [{"name": PEFT_SOURCE, "value": path}, *token_variables(nim, references), *network_variables(nim)]
    container: k8s.core.v1.ContainerArgsDict = {
        "name": FETCHER_CONTAINER,
        "image": source.image,
        "image_pull_policy": nim.image_pull_policy,
        "env": [*env, *user_variables(nim.lora.env)],
        "resources": {"requests": size, "limits": size},
        "security_context": container_context(),
        "termination_message_policy": "FallbackToLogsOnError",
        "volume_mounts": [_published(nim, path), {"name": "lora-tmp", "mount_path": "/tmp"}, *network_mounts(nim)],
    }
    if source.command is not None:
        container["command"] = list(source.command)
    return container


def _container(
    nim: NIM, name: str, memory: Any, env: Environment, mounts: "list[k8s.core.v1.VolumeMountArgsDict]"
) -> "k8s.core.v1.ContainerArgsDict":
    size: dict[str, Any] = {"cpu": "1", "memory": memory}
    return {
        "name": name,
        "image": nim.lora_image,
        "image_pull_policy": nim.image_pull_policy,
        "command": ["python3", "-m", "lora_loader", f"{PROGRAM_PATH}/adapters.json"],
        "working_dir": WORKING_DIR,
        "env": env,
        "resources": {"requests": size, "limits": size},
        "security_context": read_only_context(),
        "termination_message_policy": "FallbackToLogsOnError",
        "volume_mounts": [
            *mounts[:1],
            {"name": "lora-loader", "mount_path": PROGRAM_PATH, "read_only": True},
            {"name": "lora-tmp", "mount_path": "/tmp"},
            *mounts[1:],
        ],
    }


def _loader_variables(nim: NIM, timing: Timing, source: str) -> Environment:
    env: Environment = [{"name": PEFT_SOURCE, "value": source}, {"name": "LORA_DEADLINE_SECONDS", "value": str(timing.loader_deadline)}]
    if nim.lora.max_rank is not None:
        env.append({"name": "NIM_MAX_LORA_RANK", "value": lift(nim.lora.max_rank, str)})
    return env


def _config(nim: NIM, service_name: str, part: str, wanted: dict[str, Any]) -> "dict[str, Any]":
    def write(served_model: str, generation: Generation) -> dict[str, str]:
        rank = {"default_rank": generation.lora.default_rank} if generation.lora is not None else {}
        return {"adapters.json": json.dumps({"served_model": served_model, **rank, **wanted}, indent=2), **read_program()}

    data = lift_all(write, base_model(nim), server_generation(nim))
    name = lift(data, lambda data: name_with_digest(service_name, part, data))
    metadata = {"name": name, "namespace": nim.namespace, "labels": labels(service_name)}
    return {"metadata": metadata, "immutable": True, "data": data}
