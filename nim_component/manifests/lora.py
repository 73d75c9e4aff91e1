"""LoRA adapters of a pod: init containers, volumes and mounts.

There are three ways to provide adapters:

- Download (`hf_repo_ids`): the init container `download-loras` of each pod downloads the adapters,
  to a volume of the pod or to a shared volume.
- Refresh (`hf_repo_ids` with `lora.refresh_interval`): a Job downloads to the shared volume, and
  `check-loras` of each pod only validates. The lists that it compares with have fixed names (see
  `lora_lists`), so a changed list does not change the pods.
- Existing (`lora.source`): `check-loras` validates adapters that another party provides. If they
  are in an image, `fetch-loras` of that image copies them first.
"""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM, LoRAAdapter
from ..args.lora_options import PEFT_SOURCE
from ..kubernetes.own_programs import LOADER
from ..lora.adapter_list import PROGRAM_PATH, PUBLISHED, WORKING_DIR
from ..names import CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, LORA_EMPTY_DIR_VOLUME, LORA_PVC_VOLUME
from .environment import render_token_variables, render_user_variables
from .inputs import as_name, lift
from .lora_lists import render_lists_mount
from .network import render_network_mounts, render_network_variables
from .references import References
from .security import render_container_context, render_read_only_context
from .timing import Timing
from .variables import Environment

VOLUME_PATH = "/lora"
"""Mount path of the whole volume in the loader.

Published adapters are in `adapters`; its siblings are the staging area and the lock.
"""
SPARE_MEBIBYTES = 64
"""Space on an emptyDir beside the adapters and a tenth of them: manifests, and blocks of files."""
CHECK_MEMORY = "256Mi"
"""Memory of `check-loras`. It reads files in blocks of one megabyte."""


def has_lora_job(nim: NIM) -> bool:
    """Return whether a Job downloads the adapters."""
    return bool(nim.hf_repo_ids) and nim.lora.refresh_interval is not None


def find_unload_seconds(nim: NIM) -> int:
    """Return for how many seconds a re-pinned adapter is absent, so that every server unloads it.

    A server rescans its directory each `lora.refresh_interval`.
    """
    return 2 * (nim.lora.refresh_interval or 0)


def has_lora_pvc(nim: NIM) -> bool:
    """Return whether the component creates a shared PVC for the adapters."""
    return bool(nim.adapter_names) and nim.lora.volume is not None and nim.lora.volume.existing_claim is None


def list_init_containers(nim: NIM) -> list[str]:
    """Return the names of the init containers for adapters, in their order."""
    if not nim.adapter_names:
        return []
    if nim.lora.source is None:
        return [CHECKER_CONTAINER if has_lora_job(nim) else LOADER_CONTAINER]
    return [*([FETCHER_CONTAINER] if nim.lora.source.image is not None else []), CHECKER_CONTAINER]


def render_init_containers(nim: NIM, references: References, timing: Timing) -> "list[k8s.core.v1.ContainerArgsDict]":
    """Render the init containers for adapters.

    None requests a GPU. The token of the hub is only in the environment.
    """
    render = {
        LOADER_CONTAINER: lambda: render_loader(nim, references, timing),
        CHECKER_CONTAINER: lambda: _checker(nim, timing),
        FETCHER_CONTAINER: lambda: _fetcher(nim, references),
    }
    return [render[name]() for name in list_init_containers(nim)]


def render_loader(nim: NIM, references: References, timing: Timing) -> "k8s.core.v1.ContainerArgsDict":
    """Render the container `download-loras` of a pod or of the Job."""
    directory = nim.lora.volume and nim.lora.volume.directory
    source = "/".join(filter(None, (VOLUME_PATH, directory, PUBLISHED)))
    env: Environment = [*_loader_variables(nim, timing, source), *render_token_variables(nim, references), *render_network_variables(nim)]
    if nim.lora.endpoint is not None:
        env.append({"name": "HF_ENDPOINT", "value": nim.lora.endpoint})
    if nim.lora.index_url is not None:
        env.append({"name": "PIP_INDEX_URL", "value": nim.lora.index_url})
    if has_lora_job(nim):
        # A server keeps an adapter under its name until a rescan finds it absent. A re-pinned
        # adapter is therefore absent for this time, so that every server loads the new files.
        env.append({"name": "LORA_UNLOAD_SECONDS", "value": str(find_unload_seconds(nim))})
    mount: k8s.core.v1.VolumeMountArgsDict = {"name": _find_volume(nim), "mount_path": VOLUME_PATH}
    return _container(
        nim, LOADER_CONTAINER, nim.lora_adapter_mem, [*env, *render_user_variables(nim.lora.env)], [mount, *render_network_mounts(nim)]
    )


def render_lora_volumes(nim: NIM, references: References) -> "list[k8s.core.v1.VolumeArgsDict]":
    """Render the volumes for adapters, program and temporary files, of a pod or of the Job."""
    source = nim.lora.source
    volumes: list[k8s.core.v1.VolumeArgsDict] = []
    if source is not None and source.claim is not None:
        volumes.append({"name": LORA_PVC_VOLUME, "persistent_volume_claim": {"claim_name": as_name(source.claim), "read_only": True}})
    elif references.lora_pvc is not None:
        volumes.append({"name": LORA_PVC_VOLUME, "persistent_volume_claim": {"claim_name": references.lora_pvc}})
    elif source is None or source.volume is None:
        limit = find_size_limit(nim)
        volumes.append({"name": LORA_EMPTY_DIR_VOLUME, "empty_dir": {"size_limit": limit} if limit is not None else {}})
    loader_volume: k8s.core.v1.VolumeArgsDict = {"name": "lora-loader", "config_map": {"name": references.lora_config}}
    return [*volumes, loader_volume, {"name": "lora-tmp", "empty_dir": {}}]


def find_size_limit(nim: NIM) -> str | None:
    """Return the size limit of the emptyDir for adapters; None if an adapter is not locked.

    Each byte is on the volume once: a download is published by a rename.
    """
    locked = [adapter.locked if isinstance(adapter, LoRAAdapter) else None for adapter in nim.hf_repo_ids or ()]
    sizes = [sum(file.size for file in each.files.values()) for each in locked if each is not None]
    if not sizes or len(sizes) < len(locked):
        return None
    return f"{-(-sum(sizes) * 11 // 10 >> 20) + SPARE_MEBIBYTES}Mi"


def _find_volume(nim: NIM) -> str:
    """Return the name of the volume that contains the adapters."""
    source = nim.lora.source
    if source is not None and source.volume is not None:
        return source.volume
    is_pvc = nim.lora.volume is not None if source is None else source.claim is not None
    return LORA_PVC_VOLUME if is_pvc else LORA_EMPTY_DIR_VOLUME


def render_server_mount(nim: NIM) -> "k8s.core.v1.VolumeMountArgsDict":
    """Render the server's mount of the adapters.

    It is read-only: a server that was taken over cannot change the adapters of other replicas. Its
    sub-path excludes the staging area from the server's scan.
    """
    mount = _published_mount(nim, (nim.env or {})[PEFT_SOURCE])  # pyright: ignore[reportArgumentType]
    return {**mount, "read_only": True}


def _published_mount(nim: NIM, path: str) -> "k8s.core.v1.VolumeMountArgsDict":
    source, volume = nim.lora.source, nim.lora.volume
    if source is not None and source.image is None:
        mount: k8s.core.v1.VolumeMountArgsDict = {"name": _find_volume(nim), "mount_path": path}
        return {**mount, "sub_path": source.directory} if source.directory is not None else mount
    directory = volume.directory if volume is not None else None
    return {"name": _find_volume(nim), "mount_path": path, "sub_path": f"{directory}/{PUBLISHED}" if directory else PUBLISHED}


def _checker(nim: NIM, timing: Timing) -> "k8s.core.v1.ContainerArgsDict":
    """Render the container `check-loras`. It needs no library, no token and no network."""
    path = f"{VOLUME_PATH}/{PUBLISHED}"
    env = _loader_variables(nim, timing, path)
    if has_lora_job(nim):
        env.append({"name": "LORA_UNLOAD_SECONDS", "value": str(find_unload_seconds(nim))})
    memory = CHECK_MEMORY if nim.lora_adapter_mem is None else nim.lora_adapter_mem
    lists = [render_lists_mount()] if has_lora_job(nim) else []
    return _container(nim, CHECKER_CONTAINER, memory, env, [{**_published_mount(nim, path), "read_only": True}, *lists])


def _fetcher(nim: NIM, references: References) -> "k8s.core.v1.ContainerArgsDict":
    source = nim.lora.source
    assert source is not None and source.image is not None
    size: dict[str, Any] = {"cpu": "1", "memory": nim.lora_adapter_mem}
    path = f"{VOLUME_PATH}/{PUBLISHED}"
    env: Environment = [{"name": PEFT_SOURCE, "value": path}, *render_token_variables(nim, references), *render_network_variables(nim)]
    container: k8s.core.v1.ContainerArgsDict = {
        "name": FETCHER_CONTAINER,
        "image": source.image,
        "image_pull_policy": nim.image_pull_policy,
        "env": [*env, *render_user_variables(nim.lora.env)],
        "resources": {"requests": size, "limits": size},
        "security_context": render_container_context(),
        "termination_message_policy": "FallbackToLogsOnError",
        "volume_mounts": [_published_mount(nim, path), {"name": "lora-tmp", "mount_path": "/tmp"}, *render_network_mounts(nim)],
    }
    if source.command:
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
        "command": [*LOADER, f"{PROGRAM_PATH}/adapters.json"],
        "working_dir": WORKING_DIR,
        "env": env,
        "resources": {"requests": size, "limits": size},
        "security_context": render_read_only_context(),
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
