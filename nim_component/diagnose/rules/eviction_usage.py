"""Memory and disk in the kubelet's message about an evicted pod: what was used, and what to change.

The kubelet lists the containers that used more than they requested, and no others.
[Source](https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/eviction/helpers.go)
"""

import re
from fractions import Fraction
from typing import NamedTuple

from ...cluster.objects import Object, items_at, text_at
from ...cluster.scheduling import quantity
from ...names import CACHE_EMPTY_DIR_VOLUME, SHM_VOLUME
from ...text.sanitizing import sanitize
from .pod_requests import field_of

_NUMBER = r"\d[\d.]{0,30}(?:[KMGTPE]i|[numkMGTPE])?"
_USAGE = re.compile(
    rf"Container (?P<name>[a-z0-9-]{{1,63}}) was using (?P<usage>{_NUMBER}), "
    rf"(?:request is|which exceeds its request of) (?P<request>{_NUMBER})(?:, has larger consumption of [\w-]{{1,40}})?\."
)
_CONTAINER_LIMIT = re.compile(
    rf'Evicted: Container (?P<name>[a-z0-9-]{{1,63}}) exceeded its local ephemeral storage limit "(?P<limit>{_NUMBER})"'
)
_POD_LIMIT = re.compile(rf"Evicted: Pod ephemeral local storage usage exceeds the total limit of containers (?P<limit>{_NUMBER})\. ?")
_VOLUME_LIMIT = re.compile(rf'Evicted: Usage of EmptyDir volume "(?P<name>[a-z0-9-]{{1,63}})" exceeds the limit "(?P<limit>{_NUMBER})"')
_PRESSURE = re.compile(r"Evicted: The node had condition: ")
_UNITS = ("Ei", 60), ("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)


class Eviction(NamedTuple):
    """Problem of an evicted pod, as the end of a sentence, and its fix."""

    problem: str
    fix: str


def describe_memory_eviction(message: str) -> Eviction:
    """Return the problem and the fix of a pod that was evicted because of memory."""
    if _PRESSURE.match(message):
        return Eviction("its node is short of memory and starts no pod", _RESERVE)
    usage = _find_largest_usage(message)
    if usage is None:
        return Eviction(
            "its node ran out of memory", f"The kubelet names no container of the pod that used more than its request. {_RESERVE}"
        )
    name, used, requested = usage
    problem = f"its node ran out of memory, and its container {name} used {used}, of which it had requested {requested}"
    return Eviction(problem, f"Raise {field_of(name, 'memory')} above {used} (now {requested}).")


_RESERVE = "Other pods or the system of the node use the memory. Reserve nodes for the model with a taint, or set priority_class."


def describe_disk_eviction(pod: Object, message: str) -> Eviction:
    """Return the problem and the fix of a pod that was evicted because of disk usage."""
    if limit := _CONTAINER_LIMIT.match(message):
        field = field_of(limit["name"], "ephemeral-storage")
        return Eviction(
            f"its container {limit['name']} exceeded its ephemeral storage of {limit['limit']}", f"Raise {field} (now {limit['limit']})."
        )
    if limit := _POD_LIMIT.match(message):
        return Eviction(f"it exceeded the ephemeral storage of its containers, {limit['limit']}", _fix_pod_limit(pod, limit["limit"]))
    if limit := _VOLUME_LIMIT.match(message):
        field = _name_size(limit["name"])
        return Eviction(f"its volume {limit['name']} exceeded its size of {limit['limit']}", f"Raise {field} (now {limit['limit']}).")
    if "low on resource: inodes" in message:
        return Eviction(
            "the disk of its node has no inodes left", "Free the node's disk of small files, or give the GPU nodes a larger one."
        )
    usage = _find_largest_usage(message)
    if usage is not None:
        name, used, requested = usage
        problem = f"the disk of its node is full, and its container {name} used {used}, of which it had requested {requested}"
        return Eviction(
            problem,
            f"Raise {field_of(name, 'ephemeral-storage')} above {used} (now {requested}): the pod then needs a node with that much.",
        )
    in_pvc = ", or keep the model in a PVC (remove cache.empty_dir)" if _has_empty_dir_cache(pod) else ""
    problem = "the disk of its node is full" + (", and it starts no pod" if _PRESSURE.match(message) else "")
    return Eviction(problem, f"Free the node's disk (images, logs and volumes of other pods), or give the GPU nodes a larger one{in_pvc}.")


def _find_largest_usage(message: str) -> tuple[str, str, str] | None:
    """Return the container that is most above its request, its usage and its request."""
    found = [(each["name"], quantity(each["usage"]), each["request"]) for each in _USAGE.finditer(message)]
    name, used, requested = max(found, key=lambda each: each[1] - quantity(each[2]), default=("", Fraction(0), ""))
    return (name, show_bytes(used), requested) if name else None


def show_bytes(number: Fraction) -> str:
    """Return a number of bytes with one decimal, rounded up: `61.3Gi`."""
    for unit, exponent in _UNITS:
        if number >= 2**exponent:
            tenths = -(-number * 10 // 2**exponent)
            return f"{tenths // 10}.{tenths % 10}{unit}".replace(".0", "")
    return str(-(-number // 1))


def _fix_pod_limit(pod: Object, limit: str) -> str:
    if _has_empty_dir_cache(pod):
        return f"Raise ephemeral_storage (now {limit}) above cache.size: the cache of cache.empty_dir counts against it."
    return f"Raise ephemeral_storage (now {limit}): logs and the files that containers write count against it."


def _has_empty_dir_cache(pod: Object) -> bool:
    return any(text_at(each, "name") == CACHE_EMPTY_DIR_VOLUME for each in items_at(pod, "spec", "volumes"))


def _name_size(volume: str) -> str:
    sizes = {CACHE_EMPTY_DIR_VOLUME: "cache.size", SHM_VOLUME: "shm_size"}
    return sizes.get(volume, f"the sizeLimit of the volume {sanitize(volume, 63)} in extra_volumes")
