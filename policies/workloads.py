"""Pods in Kubernetes objects of any kind.

A pod spec is found by its form: a mapping with a list of containers. So the templates of a
PodTemplate, a JobSet, a RayCluster or any custom resource are found without a list of kinds.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

Props = Mapping[str, Any]
UNLIMITED = math.inf
"""Number of pods of an object that an autoscaler may multiply without an upper bound."""
LISTS = ("initContainers", "containers", "ephemeralContainers")
_OF_PODS = frozenset({"hostNetwork", "hostPID", "hostIPC", "hostUsers", "volumes", "serviceAccountName", "sysctls"})
"""Fields by which a pod spec is found in a patch, which may contain no container."""
_MAX_DEPTH = 30
_KEDA_MAXIMUM = 100
"""Maximum of a ScaledObject or a ScaledJob without `maxReplicaCount`."""
_KNATIVE_MAXIMA = ("autoscaling.knative.dev/max-scale", "autoscaling.knative.dev/maxScale")
_KNATIVE_KINDS = ("Configuration", "Revision", "Service")


@dataclass(frozen=True)
class Pod:
    """Pod spec of an object."""

    path: str
    spec: Props
    metadata: Props
    """Metadata of the pods."""
    count: float
    """Number of pods with this spec; `UNLIMITED` without an upper bound. Of a DaemonSet, the number
    on each node."""


def find_pods(kind: str, props: Props) -> Iterator[Pod]:
    """Yield the pods of an object.

    Args:
        kind: End of the type token, such as `Deployment`.
        props: Content of the object.
    """
    for field, value in props.items():
        if field != "status":
            yield from _find(kind, field, (), value, props, _copies_of_kind(kind, props))


def find_containers(pod: Pod) -> Iterator[tuple[str, Props]]:
    """Yield path and container of all containers, init and ephemeral ones included."""
    for field in LISTS:
        for container in items(pod.spec.get(field)):
            yield f"{pod.path}.{field}[{container.get('name', '?')}]", container


def _find(kind: str, path: str, above: tuple[str, ...], value: Any, owner: Props, count: float) -> Iterator[Pod]:
    if len(above) > _MAX_DEPTH:
        return
    if isinstance(value, list | tuple):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _find(kind, f"{path}[{mapping(item).get('name', index)}]", (*above, ""), item, owner, count)
        return
    entries = mapping(value)
    is_pod = any("name" in each or "image" in each for field in LISTS for each in items(entries.get(field)))
    if is_pod or (kind.endswith("Patch") and above[-1:] != ("",) and not _OF_PODS.isdisjoint(entries)):
        metadata = mapping(owner.get("metadata"))
        yield Pod(path, entries, metadata, _limit_of_knative(kind, metadata, count))
    for field, item in entries.items():
        yield from _find(kind, f"{path}.{field}", (*above, field), item, entries, count and count * _copies(entries, field))


def _copies(entries: Props, field: str) -> float:
    """Return the number of copies that a mapping makes of the template in one of its fields."""
    copies = float(integer(entries.get("replicas"), 1))
    if "maxReplicas" in entries:  # workers of a RayCluster, or a custom resource with an autoscaler
        copies = max(copies, integer(entries["maxReplicas"], 0))
    elif field == "workerGroupSpecs" and entries.get("enableInTreeAutoscaling"):
        copies = 1 if all("maxReplicas" in each for each in items(entries[field])) else UNLIMITED
    copies *= integer(entries.get("numOfHosts"), 1)
    if "parallelism" in entries or "completions" in entries:
        parallel = integer(entries.get("parallelism"), 1)
        copies *= min(parallel, integer(entries.get("completions"), parallel))
    if field == "workerTemplate":  # of a LeaderWorkerSet: without a template of its own, the leader is a worker
        copies *= integer(entries.get("size"), 1) - bool(mapping(entries.get("leaderTemplate")))
    return copies


def _copies_of_kind(kind: str, props: Props) -> float:
    if kind == "PodTemplate":
        return 0  # it runs no pods
    return integer(mapping(props.get("spec")).get("maxReplicaCount"), _KEDA_MAXIMUM) if kind == "ScaledJob" else 1


def _limit_of_knative(kind: str, metadata: Props, count: float) -> float:
    """Return the number of pods; Knative scales without an upper bound unless one is annotated."""
    if kind not in _KNATIVE_KINDS:
        return count
    annotations = mapping(metadata.get("annotations"))
    return next((integer(annotations[each], 0) for each in _KNATIVE_MAXIMA if each in annotations), 0) or UNLIMITED


def find_maxima(objects: "list[tuple[str, Props]]") -> dict[tuple[str, str, str], float]:
    """Return the upper bounds of all autoscalers, by namespace, kind and name of the workload.

    Args:
        objects: Kind and content of each object of the stack.
    """
    maxima: dict[tuple[str, str, str], float] = {}
    for kind, props in objects:
        spec = mapping(props.get("spec"))
        target = mapping(spec.get("scaleTargetRef"))
        if not target:
            continue
        if kind == "ScaledObject":
            maximum: float = integer(spec.get("maxReplicaCount"), _KEDA_MAXIMUM)
        elif kind.startswith("HorizontalPodAutoscaler"):
            maximum = integer(spec["maxReplicas"], 0) if spec.get("maxReplicas") is not None else UNLIMITED
        else:
            continue
        key = namespace_of(props), str(target.get("kind", "Deployment")), str(target.get("name"))
        maxima[key] = max(maximum, maxima.get(key, 0))
    return maxima


def namespace_of(props: Props) -> str:
    """Return the namespace of an object."""
    return str(mapping(props.get("metadata")).get("namespace") or "default")


def mapping(value: Any) -> Props:
    """Return a mapping unchanged, and an empty one for other values, such as unknown ones."""
    return cast(Props, value) if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Props]:
    """Return the mappings in a list, and an empty list for other values."""
    return [cast(Props, each) for each in cast("list[Any]", value) if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []


def integer(value: Any, default: int) -> int:
    """Return a number, or a text that is one, as an integer; the default for other values."""
    try:
        return default if value is None or isinstance(value, bool) else int(float(str(value)))
    except (OverflowError, ValueError):
        return default
