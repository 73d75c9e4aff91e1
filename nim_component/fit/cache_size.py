"""Size of the model cache compared with the weights of the model."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from ..kubernetes.quantities import parse_quantity
from .arithmetic import BYTES
from .service_fit import model_of, precision_of

if TYPE_CHECKING:
    from ..args import NIM

_GIBIBYTE = 1024**3
_RESERVE = 1.1
"""Factor on the weights for tokenizer, configuration and compiled engines, in the suggestion."""


@dataclass(frozen=True)
class SmallCache:
    """A cache that is smaller than the weights of the model."""

    precision: str
    weights: float
    """Bytes."""

    @property
    def suggestion(self) -> str:
        """Size with a reserve, as a multiple of 10Gi."""
        return f"{ceil(self.weights * _RESERVE / _GIBIBYTE / 10) * 10}Gi"

    def __str__(self) -> str:
        return f"{self.weights / _GIBIBYTE:.0f} GiB of weights in {self.precision}"


def find_small_default(nim: NIM) -> SmallCache | None:
    """Return the model if it is known to be larger than the default size of the cache.

    A size that the user set is the user's choice. The size of an existing volume is unknown.
    """
    cache = nim.cache
    is_default = "size" not in cache.model_fields_set
    if not is_default or cache.existing_claim is not None or cache.host_path is not None or cache.volume_name is not None:
        return None
    model, size = model_of(nim), cache.size
    if model is None or not isinstance(size, str):
        return None
    precision = precision_of(nim) or model.precision or "bf16"
    found = SmallCache(precision, model.parameters * 1e9 * BYTES[precision])
    return found if found.weights > parse_quantity(size) else None
