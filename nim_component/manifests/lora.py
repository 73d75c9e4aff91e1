"""The init container that downloads LoRA adapters, and the ConfigMap that brings it its program and its list."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..lora import loader
from ..names import labels, name_with_digest
from .environment import token_variables
from .inputs import lift
from .network import network_mounts, network_variables
from .references import References
from .security import read_only_context
from .timing import Timing

WORKING_DIR = "/opt/lora-loader"
PROGRAM_PATH = f"{WORKING_DIR}/lora_loader"
"""Where the loader is mounted: a package, run by its name from the folder above it."""
VOLUME_PATH = "/lora"
"""Where the loader sees the volume as a whole: what it publishes is below `adapters`, its staging area and library are siblings."""


def render_lora_config(nim: NIM, service_name: str) -> "dict[str, Any]":
    """The ConfigMap. Its name carries a digest of its data: a changed adapter makes a new one, and the new name rolls the pods."""
    data = _config_data(nim)
    return {
        "metadata": {
            "name": lift(data, lambda data: name_with_digest(service_name, "lora", data)),
            "namespace": nim.namespace,
            "labels": labels(service_name),
        },
        "immutable": True,
        "data": data,
    }


def render_loader(nim: NIM, references: References, timing: Timing) -> "k8s.core.v1.ContainerArgsDict":
    """The init container `download-loras`. It gets no GPU, and the token only as an environment variable."""
    size: dict[str, Any] = {"cpu": "1", "memory": nim.lora_adapter_mem}
    return {
        "name": "download-loras",
        "image": nim.lora_image,
        "image_pull_policy": nim.image_pull_policy,
        "command": ["python3", "-m", "lora_loader", f"{PROGRAM_PATH}/adapters.json"],
        "working_dir": WORKING_DIR,
        "env": [
            {"name": "NIM_PEFT_SOURCE", "value": f"{VOLUME_PATH}/adapters"},
            {"name": "LORA_DEADLINE_SECONDS", "value": str(timing.loader_deadline)},
            *token_variables(nim, references),
            *network_variables(nim),
        ],
        "resources": {"requests": size, "limits": size},
        "security_context": read_only_context(),
        "termination_message_policy": "FallbackToLogsOnError",
        "volume_mounts": [
            {"name": "lora", "mount_path": VOLUME_PATH},
            {"name": "lora-loader", "mount_path": PROGRAM_PATH, "read_only": True},
            {"name": "lora-tmp", "mount_path": "/tmp"},
            *network_mounts(nim),
        ],
    }


def _config_data(nim: NIM) -> "pulumi.Input[dict[str, str]]":
    adapters = [
        {"name": adapter.served_name, "repo_id": adapter.repo_id, "revision": adapter.revision, "files": adapter.files}
        for adapter in nim.hf_repo_ids or ()
        if not isinstance(adapter, str)
    ]
    wishes = json.dumps({"adapters": adapters}, indent=2)
    return {"adapters.json": wishes, **_program()}


@cache
def _program() -> dict[str, str]:
    shipped = (file for file in files(loader).iterdir() if file.name.endswith((".py", ".txt")))
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(shipped, key=lambda file: file.name)}
