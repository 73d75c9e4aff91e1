"""Tables of wrong arguments, each with the line that its error contains.

The arguments are mappings, so fixes are written as Python dictionaries.
"""

from typing import Any

from . import adapters, autoscaling, cache, exposure, metrics, multi_node, network, placement, pod, secrets, server, sizes
from .common import REFERENCE

FIELDS: list[tuple[dict[str, Any], str]] = [
    *adapters.CASES,
    *autoscaling.CASES,
    *cache.CASES,
    *exposure.CASES,
    *metrics.CASES,
    *multi_node.CASES,
    *network.CASES,
    *placement.CASES,
    *pod.CASES,
    *server.CASES,
    *sizes.CASES,
]
SECRETS = secrets.CASES

__all__ = ["FIELDS", "REFERENCE", "SECRETS"]
