"""The arithmetic: weights, KV cache and adapters against the memory of the GPUs."""

from dataclasses import dataclass, replace
from enum import StrEnum

from .catalogue import Gpu, Model

BYTES = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "nvfp4": 0.5625, "mxfp4": 0.53125, "int4": 0.5625, "fp4": 0.5625}
"""Bytes of one weight. At four bits with the scales: one of 8 bits for 16 (nvfp4) or 32 (mxfp4) weights."""

USABLE = 0.9
"""Share of a GPU's memory that the engine takes: vLLM's own default (`gpu_memory_utilization`)."""
OVERHEAD = 1.02
"""Factor on the weights for buffers and alignment, KAITO's."""
PER_GPU = 2 * 1024**3
"""Bytes on each GPU for activations, CUDA graphs and the runtime: what vLLM's profiling run leaves out of the cache on small models."""
ADAPTER = 0.01
"""Share of the weights that a LoRA adapter takes: one of rank 32 on every linear layer of an 8B model is 84 million weights, 1 %."""
_GIBIBYTE = 1024**3


class Verdict(StrEnum):
    """What the arithmetic says."""

    FITS = "fits"
    SHORT = "short context"
    """The weights fit, and one sequence of the wanted length does not: the engine refuses to start, or takes shorter ones only."""
    NO = "does not fit"
    MISMATCH = "wrong number of GPUs"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Fit:
    """Bytes, over all GPUs of one server."""

    verdict: Verdict
    reason: str
    """One sentence, with numbers."""
    weights: float = 0
    kv_sequence: float = 0
    """One sequence of the wanted length."""
    adapters: float = 0
    budget: float = 0
    """What the engine has for all of it; 0 when the GPU is not known."""
    sequences: int = 0
    """Sequences of that length at a time."""
    host: float = 0
    """Memory of one pod that `/dev/shm` leaves to the server: `mem` less `shm_size`. 0 when either is not known."""


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
    """Judges one server. `count`: GPUs in all; `parallel`: tensor × pipeline parallel size, when it is said; `adapters`: LoRA adapters.

    Where the GPU is not known, `at_most` stands for it, and only a `NO` says anything: what does not fit on the largest fits on none.
    """
    if count == 0:
        return Fit(Verdict.UNKNOWN, "the number of GPUs is not known")
    if parallel is not None and parallel != count:
        return Fit(Verdict.MISMATCH, f"tensor x pipeline parallel size is {parallel}, and the server has {count} GPU{'s' * (count != 1)}")
    if model is None:
        return Fit(Verdict.UNKNOWN, "the model is not in the catalogue")
    judged = gpu or at_most
    size = BYTES.get(precision or model.precision or "bf16")
    if judged is None or size is None:
        return Fit(
            Verdict.UNKNOWN,
            "the GPU is not known: name it by a node label or --gpu" if judged is None else f"the precision {precision} is not known",
        )
    weights = model.parameters * 1e9 * size * OVERHEAD
    # The cache is kept at 16 bits unless somebody says otherwise.
    wanted = context or model.context
    sequence = float(model.layers * model.kv_per_layer * 2 * wanted)
    lora = adapters * weights * ADAPTER
    budget = count * (judged.memory * USABLE - PER_GPU)
    left = budget - weights - lora
    sizes = f"{_gib(weights + lora)} of weights, {_gib(budget)} on {count} x {judged.name}"
    numbers = Fit(Verdict.UNKNOWN, "", weights, sequence, lora, budget)
    if gpu is None:
        # What another GPU holds is no number of this service's.
        numbers = replace(numbers, budget=0)
        if left < 0:
            return replace(numbers, verdict=Verdict.NO, reason=f"{sizes}, and no GPU of the catalogue holds more")
        return replace(numbers, reason="the GPU is not known: name it by a node label or --gpu")
    if left < 0:
        return replace(numbers, verdict=Verdict.NO, reason=sizes)
    if left < sequence:
        reason = f"{sizes}: {_gib(left)} are left for the KV cache, and one sequence of {wanted} tokens takes {_gib(sequence)}"
        return replace(numbers, verdict=Verdict.SHORT, reason=reason)
    return replace(numbers, verdict=Verdict.FITS, reason=sizes, sequences=int(left // sequence))


def _gib(size: float) -> str:
    return f"{size / _GIBIBYTE:.1f} GiB"
