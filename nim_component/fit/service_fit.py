"""Fit of a service: model, GPUs and engine settings from its arguments.

Arguments that are Outputs or absent count as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..kubernetes.quantities import parse_quantity
from ..names import model_of_image
from .arithmetic import BYTES, Fit, check_fit
from .catalogue import Gpu, Model, find_gpu, find_model, largest_gpu

if TYPE_CHECKING:
    from ..args import NIM

GPU_LABELS = (
    "nvidia.com/gpu.product",
    "cloud.google.com/gke-accelerator",
    "karpenter.k8s.aws/instance-gpu-name",
    "k8s.amazonaws.com/accelerator",
)
"""Node labels that name the GPU."""
_SIZES = {
    "tensor": ("NIM_TENSOR_PARALLEL_SIZE", "--tensor-parallel-size", "tp"),
    "pipeline": ("NIM_PIPELINE_PARALLEL_SIZE", "--pipeline-parallel-size", "pp"),
}
_CONTEXT = ("NIM_MAX_MODEL_LEN", "--max-model-len")


def fit_service(nim: NIM, gpu: str | None = None, *, precision: str | None = None) -> Fit:
    """Return the fit of a service.

    Args:
        nim: Arguments of the service.
        gpu: Name of the GPU if the arguments contain none.
        precision: Precision of the weights; default: that of the arguments, else of the model.
    """
    # The number is unknown for an Output, and for GPUs from another source than `gpu`.
    count = nim.gpu if isinstance(nim.gpu, int) else 0
    nodes = 1 if nim.multi_node is None else nim.multi_node.nodes
    fit = check_fit(
        model_of(nim),
        find_gpu(gpu) if gpu else gpu_of(nim),
        count * nodes,
        precision=precision or precision_of(nim),
        context=_setting(nim, *_CONTEXT),
        adapters=len(nim.hf_repo_ids or ()),
        parallel=parallel_of(nim),
        at_most=None if gpu else largest_gpu(),
    )
    return replace(fit, host=host_memory(nim))


def host_memory(nim: NIM) -> float:
    """Return the memory of the container without `/dev/shm`, in bytes; 0 if it is unknown.

    `/dev/shm` counts against the container's memory. The rest is for the server process, which
    also loads the weights through it.
    """
    mem, shm_size = nim.mem, nim.shm_size
    return float(parse_quantity(mem) - parse_quantity(shm_size)) if isinstance(mem, str) and isinstance(shm_size, str) else 0


def model_of(nim: NIM) -> Model | None:
    """Find the model by the image, else by the name or path of the model."""
    env = nim.env or {}
    for name in (
        nim.image if isinstance(nim.image, str) else None,
        env.get("NIM_MODEL_PATH"),
        env.get("NIM_MODEL_NAME"),
        nim.served_model_name,
    ):
        if isinstance(name, str) and (found := find_model(model_of_image(name))):
            return found
    return None


def gpu_of(nim: NIM) -> Gpu | None:
    """Find the GPU by the MIG resource name, else by a node label."""
    names: list[Any] = [nim.gpu_resource, *((nim.node_selector or {}).get(label) for label in GPU_LABELS)]
    return next((found for name in names if isinstance(name, str) and (found := find_gpu(name))), None)


def precision_of(nim: NIM) -> str | None:
    """Return the precision in a profile name such as `vllm-fp8-tp2-pp1`; a profile id has none."""
    return next((part for part in _profile_parts(nim) if part in BYTES), None)


def parallel_of(nim: NIM) -> int | None:
    """Return the tensor × pipeline parallel size, or None if neither is configured.

    Sources are the environment, the arguments and the profile name. With `multi_node` the sizes
    were validated before.
    """
    if nim.multi_node is not None:
        return None
    sizes: dict[str, int | None] = {}
    for kind, (variable, flag, short) in _SIZES.items():
        named = (re.fullmatch(rf"{short}(\d+)", part) for part in _profile_parts(nim))
        sizes[kind] = _setting(nim, variable, flag) or next((int(found[1]) for found in named if found), None)
    if sizes["tensor"] is None and sizes["pipeline"] is None:
        return None
    return (sizes["tensor"] or 1) * (sizes["pipeline"] or 1)


def _profile_parts(nim: NIM) -> list[str]:
    return nim.model_profile.lower().split("-") if isinstance(nim.model_profile, str) else []


def _setting(nim: NIM, variable: str, flag: str) -> int | None:
    """Return an int from the arguments, which take precedence, else from the environment."""
    return next(_numbers(nim, variable, flag), None)


def _numbers(nim: NIM, variable: str, flag: str) -> Iterator[int]:
    args = [each if isinstance(each, str) else "" for each in nim.args or ()]
    values = [following for each, following in pairwise(args) if each == flag]
    values += [each.partition("=")[2] for each in args if each.startswith(f"{flag}=")]
    for value in (*values, (nim.env or {}).get(variable)):
        if isinstance(value, str) and value.isdecimal():
            yield int(value)
