"""Models that cannot run on their GPUs, and those that probably cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .arithmetic import BYTES, Fit, Verdict
from .catalogue import largest_gpu
from .service_fit import fit_service, gpu_of, model_of, parallel_of, precision_of

if TYPE_CHECKING:
    from ..args import NIM

COMMON_GPU = "NVIDIA-H100-80GB-HBM3"
"""GPU that is assumed where the arguments name none."""
COMMON_RESOURCE = "nvidia.com/gpu"
SELECTABLE = ("fp8",)
"""Precisions below 16 bits that a server without a profile may select for itself."""
RESERVE = 0.1
"""Least share of the memory that a published profile leaves for the KV cache."""
_SETTINGS = re.compile(r"quantiz|offload|gpu[-_]memory[-_]util|load[-_]format|dtype|kvcache[-_]percent|cpu[-_]swap", re.IGNORECASE)
"""Settings that change the memory of a model, and that the arithmetic does not read."""


WARNED = (Verdict.NO, Verdict.MISMATCH)
"""Verdicts that a preview warns about."""


@dataclass(frozen=True)
class Misfit:
    """Model that does not fit."""

    reason: str
    """One sentence with numbers, without the full stop."""
    assumption: str = ""
    """Assumption of the arithmetic; empty if the server certainly cannot start."""

    @property
    def is_certain(self) -> bool:
        """True if no assumption is necessary."""
        return not self.assumption


def find_misfit(nim: NIM) -> Misfit | None:
    """Return why a model does not fit on its GPUs; None if it fits, or if nothing is known."""
    fit = fit_service(nim)
    if fit.verdict is Verdict.MISMATCH:
        # A server on fewer GPUs than it has runs, and one on more does not.
        return Misfit(fit.reason) if (parallel_of(nim) or 0) > _count(nim) else None
    if fit.verdict is Verdict.NO:
        return Misfit(fit.reason, next(_assumptions(nim), ""))
    if fit.verdict is Verdict.SHORT:
        return Misfit(fit.reason, "unless the server reduces the length of sequences")
    if fit.verdict is Verdict.UNDETERMINED and gpu_of(nim) is None and nim.gpu_resource == COMMON_RESOURCE:
        assumed = fit_service(nim, COMMON_GPU)
        if assumed.verdict is Verdict.NO:
            return Misfit(assumed.reason, "if the GPUs, which no node selector names, have 80 GB")
    return None


def describe_warning(fit: Fit) -> str:
    """Return the text of the warning in a preview."""
    return f"gpu: {fit.verdict.value}: {fit.reason}. `nim-component fit` shows the calculation."


def is_warning(text: str) -> bool:
    """Return true for a text of `describe_warning`."""
    return text.startswith(tuple(f"gpu: {verdict.value}: " for verdict in WARNED))


def _count(nim: NIM) -> int:
    return nim.gpu if isinstance(nim.gpu, int) else 0


def _assumptions(nim: NIM) -> Iterator[str]:
    """Yield the assumptions without which a model may fit."""
    texts = [*(nim.env or {}), *(each for each in nim.args or () if isinstance(each, str))]
    found = next((text.partition("=")[0] for text in texts if _SETTINGS.search(text)), None)
    if found is not None:
        yield f"unless {found} reduces the memory of the model"
    if gpu_of(nim) is None:
        yield f"unless the GPUs have more memory than {largest_gpu().name}"
    if precision_of(nim) is not None:
        return
    model = model_of(nim)
    published = BYTES[model.precision or "bf16"] if model is not None and model.precision in (None, *BYTES) else 0
    is_profile_unknown = nim.model_profile is not None
    for precision in BYTES if is_profile_unknown else SELECTABLE:
        other = fit_service(nim, precision=precision)
        if BYTES[precision] < published and other.budget * (1 - RESERVE) > other.weights + other.adapters:
            yield f"unless the profile has less than 16 bits, such as {precision}"
