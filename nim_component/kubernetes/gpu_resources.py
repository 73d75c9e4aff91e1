"""Names of extended resources that are GPUs."""

import re

_SHARE = re.compile(r"gpu-?(mem|core|percent)")
_GPU = re.compile(r"nvidia\.com/.+|[^/]+/v?gpu(-number|\.shared)?|gpu\.[^/]+/.+")


def is_gpu(resource: str) -> bool:
    """Return whether an extended resource counts GPUs or slices of GPUs.

    The memory and the cores of a shared GPU, such as `nvidia.com/gpumem` of HAMi, do not.
    """
    return _GPU.fullmatch(resource) is not None and not is_gpu_share(resource)


def is_gpu_share(resource: str) -> bool:
    """Return whether an extended resource is the memory or the cores of a shared GPU."""
    return _SHARE.search(resource) is not None
