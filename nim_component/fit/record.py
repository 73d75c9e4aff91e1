"""Arguments of a service, read back from the inputs that the engine recorded."""

from collections.abc import Mapping
from typing import Any

from ..args import NIM, MultiNodeArgs, NIMSecrets

_MODEL = ("image", "model_profile", "served_model_name", "env", "args", "hf_repo_ids")
_FIELDS = (*_MODEL, "gpu", "gpu_resource", "node_selector", "mem", "shm_size")


def read_record(inputs: Mapping[str, Any]) -> NIM:
    """Return the arguments that decide the fit, without validation.

    The recorded arguments were validated, and values unknown at preview are absent.
    """
    node_group = inputs.get("multi_node")
    known = {name: inputs[name] for name in _FIELDS if name in inputs}
    return NIM.model_construct(secrets=NIMSecrets.keyless(), multi_node=node_group and MultiNodeArgs(**node_group), **known)
