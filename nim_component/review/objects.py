"""What rules ask of Kubernetes objects. Every answer copes with fields that are missing, unknown, hidden or of a wrong type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import ceil, floor
from typing import Any, cast

from ..local.markers import Unknown
from .change import Change, ResourceState

WORKLOADS = ("Deployment", "StatefulSet", "LeaderWorkerSet", "DaemonSet", "Job")
GPU = re.compile(r"nvidia\.com/.+|[^/]+/gpu|gpu\.[^/]+/.+")

Map = Mapping[str, Any]


def get(value: Any, *steps: str) -> Any:
    """What stands at a path of keys, None where there is nothing."""
    for step in steps:
        value = cast("Map", value).get(step) if isinstance(value, Mapping) else None
    return value


def entries(value: Any) -> Map:
    """A mapping, an empty one in the place of anything else."""
    return cast("Map", value) if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Map]:
    """A list's mappings."""
    return [cast("Map", item) for item in cast("list[Any]", value) if isinstance(item, Mapping)] if isinstance(value, list) else []


def strings(value: Any) -> list[str]:
    """A list's texts."""
    return [item for item in cast("list[Any]", value) if isinstance(item, str)] if isinstance(value, list) else []


def number(value: Any) -> int | None:
    """A whole number; None for what is none, or not known."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return None


def templates(resource: ResourceState | None) -> list[tuple[str, Any]]:
    """The pod templates of a workload, each with its path. A LeaderWorkerSet has one for the leader and one for the workers."""
    if resource is None or resource.kind not in WORKLOADS:
        return []
    if resource.kind != "LeaderWorkerSet":
        return [("spec.template", get(resource.inputs, "spec", "template"))]
    both = entries(get(resource.inputs, "spec", "leaderWorkerTemplate"))
    return [(f"spec.leaderWorkerTemplate.{key}", both[key]) for key in ("leaderTemplate", "workerTemplate") if key in both]


def pods(resource: ResourceState | None) -> Iterator[tuple[str, Map]]:
    """The pod specs of a workload, each with its path."""
    for path, template in templates(resource):
        yield f"{path}.spec", entries(get(template, "spec"))


def containers(resource: ResourceState | None, *, init: bool = True) -> Iterator[tuple[str, Map]]:
    """Every container of a workload with its path: `spec.template.spec.containers[nim]`."""
    for path, pod in pods(resource):
        for field in ("containers", "initContainers") if init else ("containers",):
            for container in items(pod.get(field)):
                yield f"{path}.{field}[{container.get('name')}]", container


def variables(container: Map) -> dict[str, Any]:
    """A container's environment, by name: the value, or where it comes from."""
    return {str(each.get("name")): each["value"] if "value" in each else each.get("valueFrom") for each in items(container.get("env"))}


def replicas(resource: ResourceState | None) -> int | None:
    """How many replicas; one when nothing is said. None when that is not known, or the workload is gone."""
    if resource is None or resource.kind not in WORKLOADS:
        return None
    value = get(resource.inputs, "spec", "replicas")
    if isinstance(value, Unknown):
        return None
    return 1 if value is None else number(value)


def gpus(resource: ResourceState | None) -> dict[str, int]:
    """GPUs of one replica, by resource name. A LeaderWorkerSet's replica is a group: one leader and its workers."""
    total: dict[str, int] = {}
    for path, container in containers(resource, init=False):
        size = entries(get(container, "resources", "limits")) or entries(get(container, "resources", "requests"))
        for name, value in size.items():
            if GPU.fullmatch(name) and (count := number(value)):
                total[name] = total.get(name, 0) + count * pods_per_replica(resource, path)
    return total


def claims(resource: ResourceState | None) -> list[str]:
    """Devices that a pod has by Dynamic ResourceState Allocation: `the devices of claim gpus`. How many is in the claim."""
    return list(
        dict.fromkeys(f"the devices of claim {each.get('name')}" for _, pod in pods(resource) for each in items(pod.get("resourceClaims")))
    )


def pods_per_replica(resource: ResourceState | None, path: str) -> int:
    """How many pods of one template a replica has."""
    if resource is None or resource.kind != "LeaderWorkerSet":
        return 1
    size = number(get(resource.inputs, "spec", "leaderWorkerTemplate", "size")) or 1
    if ".leaderTemplate" in path:
        return 1
    return size - 1 if any(".leaderTemplate" in each for each, _ in templates(resource)) else size


def startup_budget(resource: ResourceState | None) -> int | None:
    """Seconds a pod may take to start: the longest startup probe's budget, and the adapters' download before it. None without a probe."""
    budgets: list[int] = []
    for _, container in containers(resource, init=False):
        probe = get(container, "startupProbe")
        if isinstance(probe, Mapping):
            delay, period = number(get(probe, "initialDelaySeconds")) or 0, number(get(probe, "periodSeconds")) or 10
            budgets.append(delay + period * (number(get(probe, "failureThreshold")) or 3))
    if not budgets:
        return None
    loading = [number(variables(container).get("LORA_DEADLINE_SECONDS")) or 0 for path, container in containers(resource) if "init" in path]
    return max(budgets) + max(loading, default=0)


def rolling(resource: ResourceState, count: int) -> tuple[int, int] | None:
    """How many pods a rolling update may add, and take away, at once. None when every pod is stopped first."""
    spec = get(resource.inputs, "spec")
    if resource.kind == "StatefulSet":
        return 0, 1
    strategy = get(spec, "rolloutStrategy") if resource.kind == "LeaderWorkerSet" else get(spec, "strategy")
    if get(strategy, "type") == "Recreate":
        return None
    settings = get(strategy, "rollingUpdateConfiguration") if resource.kind == "LeaderWorkerSet" else get(strategy, "rollingUpdate")
    default: tuple[Any, Any] = (0, 1) if resource.kind == "LeaderWorkerSet" else ("25%", "25%")
    surge, unavailable = get(settings, "maxSurge"), get(settings, "maxUnavailable")
    return (
        share(default[0] if surge is None else surge, count, up=True),
        share(default[1] if unavailable is None else unavailable, count, up=False),
    )


def share(value: Any, count: int, *, up: bool) -> int:
    """A number, or a percentage of the replicas: of a surge rounded up, of what may be missing rounded down."""
    if isinstance(value, str) and value.endswith("%") and (percent := number(value[:-1])) is not None:
        return (ceil if up else floor)(count * percent / 100)
    return number(value) or 0


def targets(resource: ResourceState | None) -> tuple[str, str]:
    """The kind and name an autoscaler scales."""
    reference = get(resource.inputs, "spec", "scaleTargetRef") if resource else None
    return str(get(reference, "kind") or "Deployment"), str(get(reference, "name") or "")


def changed_under(change: Change, *prefixes: str) -> list[str]:
    """The paths that differ at or below one of these."""
    return [
        difference.where
        for difference in change.differences
        if any(difference.where == prefix or difference.where.startswith((f"{prefix}.", f"{prefix}[")) for prefix in prefixes)
    ]


def duration(seconds: float) -> str:
    """`30 minutes`, `1 hour 10 minutes`, `90 seconds`."""
    whole = int(seconds)
    if whole < 120 or (whole < 600 and whole % 60):
        return f"{whole} seconds"
    hours, minutes = divmod(-(-whole // 60), 60)
    parts = [count_of(hours, "hour")] if hours else []
    return " ".join([*parts, *([count_of(minutes, "minute")] if minutes or not hours else [])])


def count_of(count: int, noun: str, plural: str = "") -> str:
    """`1 replica`, `3 replicas`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
