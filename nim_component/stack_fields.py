"""A service's fields as a stack file has them. Without the program and the SDK: it imports in a third of the time."""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, cast

from .args import NIM
from .args.error import describe_owner

SERVICES = "services"
DEFAULTS = "defaults"
_OF_ADAPTERS = ("hf_repo_ids", "namespace", "lora_image", "image_pull_policy", "run_as_user", "run_as_group", "fs_group")


def merge(defaults: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` over `defaults`: mappings merge by key, everything else replaces. An explicit null takes a default away."""
    merged: dict[str, Any] = deepcopy(dict(defaults))
    for key, value in fields.items():
        below = merged.get(key)
        if isinstance(value, Mapping):
            merged[key] = merge(cast("Mapping[str, Any]", below) if isinstance(below, Mapping) else {}, cast("Mapping[str, Any]", value))
        elif value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged


def read_adapters(project: str, config: Mapping[str, str]) -> dict[str, NIM]:
    """The services of a stack file as far as adapters go: which there are, and as whom a pod may look at them. Without the program, its
    secrets and its lock file."""
    texts = {key: _mapping(json.loads(config.get(f"{project}:{key}") or "{}")) for key in (DEFAULTS, SERVICES)}
    read: dict[str, NIM] = {}
    for name, fields in texts[SERVICES].items():
        merged = merge(texts[DEFAULTS], _mapping(fields))
        kept = {key: merged[key] for key in _OF_ADAPTERS if key in merged}
        if "hf_repo_ids" in kept:
            kept |= {"lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/adapters"}}
            kept |= {"lora": {"volume": volume}} if (volume := _mapping(merged.get("lora")).get("volume")) is not None else {}
        pull = _mapping(merged.get("secrets")).get("ngc_image_secret")
        secrets = {"without_key": True, **({"ngc_image_secret": pull} if isinstance(pull, str) else {})}
        read[name] = NIM.read({"secrets": secrets, **kept}, describe_owner(name))
    return read


def _mapping(value: Any) -> Mapping[str, Any]:
    """A mapping, or none where something else stands: the program says what is wrong with it."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
