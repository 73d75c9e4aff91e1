"""Fields of Kubernetes objects that the rules read.

Missing, unknown, redacted and malformed values are supported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil, floor
from typing import Any, NamedTuple

from ..kubernetes.gpu_resources import is_gpu
from ..local.markers import Unknown
from .accessors import Fields, get, integer, mapping, mappings
from .change import Change, ResourceState, ServiceChange

SERVERS = ("Deployment", "StatefulSet", "LeaderWorkerSet")
"""Kinds of workloads that serve requests."""
PVC = "PersistentVolumeClaim"
JOBS = ("Job", "CronJob")
"""Kinds of workloads that run to their end and serve no requests."""
GRACE = 30
"""Seconds of the grace period of a pod without one."""
WORKLOADS = (*SERVERS, "DaemonSet", "Job")


def templates(state: ResourceState | None) -> list[tuple[str, Any]]:
    """Return the pod templates of a workload with their paths. A LeaderWorkerSet may have two."""
    if state is None or state.kind not in WORKLOADS:
        return []
    if state.kind != "LeaderWorkerSet":
        return [("spec.template", get(state.inputs, "spec", "template"))]
    both = mapping(get(state.inputs, "spec", "leaderWorkerTemplate"))
    return [(f"spec.leaderWorkerTemplate.{key}", both[key]) for key in ("leaderTemplate", "workerTemplate") if key in both]


def pods(state: ResourceState | None) -> Iterator[tuple[str, Fields]]:
    """Yield the pod specs of a workload with their paths."""
    for path, template in templates(state):
        yield f"{path}.spec", mapping(get(template, "spec"))


def containers(state: ResourceState | None, *, init: bool = True) -> Iterator[tuple[str, Fields]]:
    """Yield path and container, such as `spec.template.spec.containers[nim]`."""
    for path, pod in pods(state):
        for field in ("containers", "initContainers") if init else ("containers",):
            for container in mappings(pod.get(field)):
                yield f"{path}.{field}[{container.get('name')}]", container


def variables(container: Fields) -> dict[str, Any]:
    """Return the environment of a container: by name, the value or its `valueFrom`."""
    return {str(each.get("name")): each["value"] if "value" in each else each.get("valueFrom") for each in mappings(container.get("env"))}


def replicas(state: ResourceState | None) -> int | None:
    """Return the number of replicas, 1 by default; None if unknown or without a workload."""
    if state is None or state.kind not in WORKLOADS:
        return None
    value = get(state.inputs, "spec", "replicas")
    if isinstance(value, Unknown):
        return None
    return 1 if value is None else integer(value)


def gpus(state: ResourceState | None) -> dict[str, int]:
    """Return the GPUs of one replica, by resource name.

    A replica of a LeaderWorkerSet is a node group.
    """
    total: dict[str, int] = {}
    for path, container in containers(state, init=False):
        for name, count in gpus_of(container).items():
            total[name] = total.get(name, 0) + count * pods_per_replica(state, path)
    return total


def gpus_of(container: Fields) -> dict[str, int]:
    """Return the GPUs of a container, by resource name."""
    sizes = mapping(get(container, "resources", "limits")) or mapping(get(container, "resources", "requests"))
    return {name: count for name, value in sizes.items() if is_gpu(name) and (count := integer(value))}


def find_server(service: ServiceChange) -> tuple[int | None, int]:
    """Return the number of replicas of a service after the change, and the GPUs of one replica.

    A preview does not contain an unchanged workload. Then the arguments of the component do.
    """
    state = next((change.after for change in service.of(*SERVERS) if change.after is not None), None)
    if state is not None:
        return replicas(state), sum(gpus(state).values())
    component = service.component
    arguments = mapping(None if component is None or component.after is None else component.after.inputs)
    nodes = integer(get(arguments, "multi_node", "nodes")) or 1
    count = integer(arguments.get("replicas")) if arguments.get("autoscaling") is None else None
    return count, nodes * (integer(arguments.get("gpu")) or 0)


def total_gpus(state: ResourceState | None) -> int:
    """Return the GPUs of all replicas; 0 if the number of replicas is unknown."""
    return (replicas(state) or 0) * sum(gpus(state).values())


def claimed_devices(state: ResourceState | None) -> list[str]:
    """Return a text for each ResourceClaim of the pods.

    The number of devices is in the ResourceClaim, not in the pod.
    """
    names = (each.get("name") for _, pod in pods(state) for each in mappings(pod.get("resourceClaims")))
    return list(dict.fromkeys(f"the devices of ResourceClaim {name}" for name in names))


def pods_per_replica(state: ResourceState | None, path: str) -> int:
    """Return how many pods of the template at a path one replica has."""
    if state is None or state.kind != "LeaderWorkerSet":
        return 1
    size = integer(get(state.inputs, "spec", "leaderWorkerTemplate", "size")) or 1
    if ".leaderTemplate" in path:
        return 1
    return size - 1 if any(".leaderTemplate" in each for each, _ in templates(state)) else size


def startup_budget(state: ResourceState | None) -> int | None:
    """Return how many seconds a pod may take to start; None without a startup probe.

    It is the longest startup probe and, before it, the download of LoRA adapters.
    """
    budgets: list[int] = []
    for _, container in containers(state, init=False):
        probe = container.get("startupProbe")
        if isinstance(probe, Mapping):
            delay, period = integer(get(probe, "initialDelaySeconds")) or 0, integer(get(probe, "periodSeconds")) or 10
            budgets.append(delay + period * (integer(get(probe, "failureThreshold")) or 3))
    if not budgets:
        return None
    loading = [integer(variables(container).get("LORA_DEADLINE_SECONDS")) or 0 for path, container in containers(state) if "init" in path]
    return max(budgets) + max(loading, default=0)


def stop_budget(state: ResourceState | None) -> int | None:
    """Return how many seconds a pod may take to stop; None if unknown.

    It is the grace period, which contains the time of `preStop`.
    """
    budgets: list[int] = []
    for _, pod in pods(state):
        given = pod.get("terminationGracePeriodSeconds", GRACE)
        if (seconds := integer(given)) is None:
            return None
        budgets.append(seconds)
    return max(budgets, default=None)


def rolling_update(state: ResourceState, count: int) -> tuple[int, int] | None:
    """Return `maxSurge` and `maxUnavailable` as numbers of pods; None for `Recreate`."""
    spec = get(state.inputs, "spec")
    if state.kind == "StatefulSet":
        return 0, 1
    strategy = get(spec, "rolloutStrategy") if state.kind == "LeaderWorkerSet" else get(spec, "strategy")
    if get(strategy, "type") == "Recreate":
        return None
    settings = get(strategy, "rollingUpdateConfiguration") if state.kind == "LeaderWorkerSet" else get(strategy, "rollingUpdate")
    default: tuple[Any, Any] = (0, 1) if state.kind == "LeaderWorkerSet" else ("25%", "25%")
    surge, unavailable = get(settings, "maxSurge"), get(settings, "maxUnavailable")
    return (
        pod_count(default[0] if surge is None else surge, count, round_up=True),
        pod_count(default[1] if unavailable is None else unavailable, count, round_up=False),
    )


class Pause(NamedTuple):
    """Setting for which a controller leaves old pods running."""

    text: str
    consequence: str
    reaches_new_pods: bool = False
    """True if pods that start later get the new template."""


def find_pause(state: ResourceState) -> Pause | None:
    """Return why a changed pod template replaces no pod by itself; None if it does."""
    spec = get(state.inputs, "spec")
    if state.kind == "Deployment" and get(spec, "paused") is True:
        return Pause("`paused` is true", "No pod gets it until `paused` is false again.")
    if state.kind in ("StatefulSet", "DaemonSet") and get(spec, "updateStrategy", "type") == "OnDelete":
        return Pause("the update strategy is OnDelete", "Running pods keep the old template. Pods that start later get the new one.", True)
    partition = integer(get(spec, "updateStrategy", "rollingUpdate", "partition")) or 0
    if state.kind == "StatefulSet" and partition >= (replicas(state) or partition + 1):
        return Pause(f"the partition is {partition}", "No pod gets it until the partition becomes smaller.")
    return None


def describe_replacement(change: Change) -> str:
    """Return which pods a changed image replaces."""
    state = change.after
    if state is None or state.kind not in (*SERVERS, "DaemonSet") or 0 in (replicas(state), replicas(change.before)):
        return "Pods that start later use it"
    if (pause := find_pause(state)) is not None:
        return "Pods that start later use it" if pause.reaches_new_pods else "No pod uses it at once"
    partition = integer(get(state.inputs, "spec", "updateStrategy", "rollingUpdate", "partition"))
    return f"Pods from number {partition} on are replaced" if partition else "Every pod is replaced"


def pod_count(value: Any, replicas: int, *, round_up: bool) -> int:
    """Return a number of pods that is given as a number or a percentage of the replicas.

    Kubernetes rounds `maxSurge` up and `maxUnavailable` of a rollout down.
    """
    if isinstance(value, str) and value.endswith("%") and (percent := integer(value[:-1])) is not None:
        return (ceil if round_up else floor)(replicas * percent / 100)
    return integer(value) or 0


def scale_target(state: ResourceState | None) -> tuple[str, str]:
    """Return kind and name of the workload that an autoscaler scales."""
    reference = get(state.inputs, "spec", "scaleTargetRef") if state else None
    return str(get(reference, "kind") or "Deployment"), str(get(reference, "name") or "")


def find_changed_templates(change: Change) -> list[str]:
    """Return the paths of the pod templates that a change of a workload changes."""
    old, new = dict(templates(change.before)), dict(templates(change.after))
    return [
        path
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path) or any(is_at_or_below(each.where, path) for each in change.engine_differences)
    ]


def changed_under(change: Change, *prefixes: str) -> list[str]:
    """Return the paths that differ at or below one of the prefixes."""
    return [each.where for each in change.differences if any(is_at_or_below(each.where, prefix) for prefix in prefixes)]


def is_at_or_below(path: str, prefix: str) -> bool:
    """Return true if a path is the prefix or continues it."""
    return path == prefix or path.startswith((f"{prefix}.", f"{prefix}["))
