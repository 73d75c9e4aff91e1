"""Fit of a model on its GPUs: arithmetic over a small catalogue."""

from .arithmetic import Fit as Fit
from .arithmetic import Verdict as Verdict
from .arithmetic import check_fit as check_fit
from .cache_size import find_small_default as find_small_default
from .service_fit import fit_service as fit_service
