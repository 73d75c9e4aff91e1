"""Arithmetic: weights, KV cache and adapters compared with the memory of the GPUs."""

from dataclasses import dataclass, replace
from enum import StrEnum

from .catalogue import Gpu, Model

BYTES = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "nvfp4": 0.5625, "mxfp4": 0.53125, "int4": 0.5625, "fp4": 0.5625}
"""Bytes of one weight. 4-bit formats include scales: 8 bits for 16 (nvfp4) or 32 (mxfp4)."""

USABLE = 0.9
"""Share of a GPU's memory that the engine uses: vLLM's default of `gpu_memory_utilization`."""
OVERHEAD = 1.02
"""Factor on the weights for buffers and alignment; the value that KAITO uses."""
PER_GPU = 2 * 1024**3
"""Bytes on each GPU for activations, CUDA graphs and the runtime.

vLLM's profiling run excludes about this amount from the cache on small models.
"""
ADAPTER = 0.01
"""Size of a LoRA adapter as a share of the weights.

Rank 32 on every linear layer of an 8B model has 84 million weights, which is 1 %.
"""
_GIBIBYTE = 1024**3


class Verdict(StrEnum):
    """Result of the arithmetic."""

    FITS = "fits"
    SHORT = "short context"
    """The weights fit, and one sequence of the requested length does not.

    The engine then refuses to start, or accepts shorter sequences only.
    """
    NO = "does not fit"
    MISMATCH = "wrong number of GPUs"
    UNDETERMINED = "unknown"
    """A figure that the arithmetic requires is missing."""


@dataclass(frozen=True)
class Fit:
    """Result and its figures in bytes, over all GPUs of one server."""

    verdict: Verdict
    reason: str
    """One sentence, with numbers."""
    weights: float = 0
    kv_sequence: float = 0
    """KV cache of one sequence of the requested length."""
    adapters: float = 0
    budget: float = 0
    """Memory that the engine can use in total; 0 if the GPU is unknown."""
    sequences: int = 0
    """Number of sequences of that length that fit at a time."""
    host: float = 0
    """Memory of one pod without `/dev/shm`: `mem` minus `shm_size`; 0 if either is unknown."""


def check_fit(
    model: Model | None,
    gpu: Gpu | None,
    count: int,
    *,
    precision: str | None = None,
    context: int | None = None,
    adapters: int = 0,
    parallel: int | None = None,
    at_most: Gpu | None = None,
) -> Fit:
    """Compare the memory that one server needs with the memory of its GPUs.

    Args:
        model: The model; None if it is not in the catalogue.
        gpu: The GPU; None if it is unknown.
        count: Number of GPUs of the server; 0 if it is unknown.
        precision: Precision of the weights, such as `fp8`; default: that of the model.
        context: Tokens of the longest sequence; default: that of the model.
        adapters: Number of LoRA adapters.
        parallel: Tensor × pipeline parallel size, if it is configured.
        at_most: Largest known GPU, used while `gpu` is unknown. Only the result `NO` holds then:
            a model that does not fit on the largest GPU fits on none.
    """
    if count == 0:
        return Fit(Verdict.UNDETERMINED, "the number of GPUs is unknown")
    if parallel is not None and parallel != count:
        return Fit(Verdict.MISMATCH, f"tensor x pipeline parallel size is {parallel}, and the server has {count} GPU{'s' * (count != 1)}")
    if model is None:
        return Fit(Verdict.UNDETERMINED, "the model is not in the catalogue")
    assumed = gpu or at_most
    size = BYTES.get(precision or model.precision or "bf16")
    if assumed is None or size is None:
        return Fit(
            Verdict.UNDETERMINED,
            "the GPU is unknown: name it with a node label or --gpu" if assumed is None else f"the precision {precision} is unknown",
        )
    weights = model.parameters * 1e9 * size * OVERHEAD
    # The KV cache has 16 bits per value by default.
    length = context or model.context
    sequence = float(model.layers * model.kv_per_layer * 2 * length)
    lora = adapters * weights * ADAPTER
    budget = count * (assumed.memory * USABLE - PER_GPU)
    left = budget - weights - lora
    sizes = f"{_gib(weights + lora)} of weights, {_gib(budget)} on {count} x {assumed.name}"
    numbers = Fit(Verdict.UNDETERMINED, "", weights, sequence, lora, budget)
    if gpu is None:
        # The budget of another GPU is not a figure of this service.
        numbers = replace(numbers, budget=0)
        if left < 0:
            return replace(numbers, verdict=Verdict.NO, reason=f"{sizes}, and no GPU of the catalogue holds more")
        return replace(numbers, reason="the GPU is unknown: name it with a node label or --gpu")
    if left < 0:
        return replace(numbers, verdict=Verdict.NO, reason=sizes)
    if left < sequence:
        reason = f"{sizes}: {_gib(left)} are left for the KV cache, and one sequence of {length} tokens takes {_gib(sequence)}"
        return replace(numbers, verdict=Verdict.SHORT, reason=reason)
    return replace(numbers, verdict=Verdict.FITS, reason=sizes, sequences=int(left // sequence))


def _gib(size: float) -> str:
    return f"{size / _GIBIBYTE:.1f} GiB"
