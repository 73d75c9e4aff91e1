"""GPUs of ResourceClaims, which dynamic resource allocation gives to pods."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from fields import UNLIMITED, Props, integer, items, mapping

_GPU_CLASS = re.compile(r"gpu|(?<![a-z])mig(?![a-z])", re.IGNORECASE)
"""Device classes of GPUs and MIG slices, such as `gpu.nvidia.com`."""


def count_devices(spec: Props, classes: Sequence[str]) -> float:
    """Return the GPUs of a ResourceClaim; `UNLIMITED` for all devices of a node.

    Of alternatives, the largest counts. Access for administrators allocates nothing.

    Args:
        spec: `spec` of a ResourceClaim, in any version of its API.
        classes: Patterns of device classes that count as GPUs.
    """
    requests = items(mapping(spec.get("devices")).get("requests"))
    alternatives = [items(each.get("firstAvailable")) or [mapping(each.get("exactly")) or each] for each in requests]
    return sum(max((_count(each, classes) for each in listed), default=0) for listed in alternatives)


def _count(request: Props, classes: Sequence[str]) -> float:
    name = str(request.get("deviceClassName", ""))
    if request.get("adminAccess") is True or not (_GPU_CLASS.search(name) or any(fnmatchcase(name, each) for each in classes)):
        return 0
    return UNLIMITED if request.get("allocationMode") == "All" else integer(request.get("count"), 1)


def find_claims(pod: Props) -> list[tuple[str, str]]:
    """Return kind and name of each ResourceClaim and ResourceClaimTemplate of a pod spec."""
    found: list[tuple[str, str]] = []
    for each in items(pod.get("resourceClaims")):
        source = {**mapping(each.get("source")), **each}  # `source` in old versions
        for kind, field in (("ResourceClaimTemplate", "resourceClaimTemplateName"), ("ResourceClaim", "resourceClaimName")):
            if isinstance(source.get(field), str):
                found.append((kind, source[field]))
    return found


def count_claims(pod: Props, templates: Mapping[str, float]) -> float:
    """Return the GPUs of each ResourceClaim that Kubernetes makes for a copy of a pod.

    A shared ResourceClaim is counted once by itself.
    """
    return sum(templates.get(name, 0) for kind, name in find_claims(pod) if kind == "ResourceClaimTemplate")
