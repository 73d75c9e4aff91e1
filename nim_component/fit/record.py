"""A service's arguments from what the engine recorded of it."""

from collections.abc import Mapping
from typing import Any

from ..args import NIM, MultiNodeArgs, NIMSecrets

_MODEL = ("image", "model_profile", "served_model_name", "env", "args", "hf_repo_ids")
_FIELDS = (*_MODEL, "gpu", "gpu_resource", "node_selector", "mem", "shm_size")


def read_record(inputs: Mapping[str, Any]) -> NIM:
    """The arguments that decide the fit, unchecked: the record was made of checked ones, and what is not known there is no value."""
    group = inputs.get("multi_node")
    known = {name: inputs[name] for name in _FIELDS if name in inputs}
    return NIM.model_construct(secrets=NIMSecrets.keyless(), multi_node=group and MultiNodeArgs(**group), **known)
