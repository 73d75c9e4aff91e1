"""ConfigMaps with the lists that the adapters of a Job are compared with when a pod starts.

Their names are fixed, so a changed list does not change the pods. There are two, because a pod may
start at any moment of an update, also of one that fails: `lora-next` is updated before the Job
runs, and `lora-current` after it. The volume contains the adapters of one of the two.
"""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..lora.adapter_list import LISTS, WORKING_DIR, list_specs
from ..names import make_labels

_KEY = "list.json"
_VOLUME = "lora-lists"


def render_list(nim: NIM, service_name: str, suffix: str) -> "dict[str, Any]":
    """Render one of the ConfigMaps `LORA_LISTS`."""
    metadata = {"name": name_list(service_name, suffix), "namespace": nim.namespace, "labels": make_labels(service_name)}
    return {"metadata": metadata, "data": {_KEY: json.dumps({"adapters": list_specs(nim.hf_repo_ids)}, indent=2)}}


def name_list(service_name: str, suffix: str) -> str:
    """Return the name of one of the ConfigMaps `LORA_LISTS`."""
    return f"{service_name}-{suffix}"


def render_lists_volume(config_maps: "Mapping[str, pulumi.Input[str]]") -> "k8s.core.v1.VolumeArgsDict":
    """Render the volume with both lists.

    Each is optional, since the provider deletes a ConfigMap before it creates the changed one. A
    pod that starts in between compares with the other list.

    Args:
        config_maps: Names of the ConfigMaps by suffix.
    """
    sources: list[Any] = [
        {"config_map": {"name": name, "optional": True, "items": [{"key": _KEY, "path": f"{suffix}.json"}]}}
        for suffix, name in config_maps.items()
    ]
    return {"name": _VOLUME, "projected": {"sources": sources}}


def render_lists_mount() -> "k8s.core.v1.VolumeMountArgsDict":
    """Render the mount of both lists in the container `check-loras`."""
    return {"name": _VOLUME, "mount_path": f"{WORKING_DIR}/{LISTS}", "read_only": True}
