"""Fit of a model on its GPUs: arithmetic over a small catalogue."""

from .arithmetic import Fit as Fit
from .arithmetic import Verdict as Verdict
from .arithmetic import check_fit as check_fit
from .cache_size import find_small_default as find_small_default
from .misfit import WARNED as WARNED
from .misfit import Misfit as Misfit
from .misfit import describe_warning as describe_warning
from .misfit import find_misfit as find_misfit
from .misfit import is_warning as is_warning
from .service_fit import fit_service as fit_service
