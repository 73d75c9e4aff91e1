"""Pods in Kubernetes objects of any kind.

A pod spec is found by its form: a mapping with a list of containers. So the templates of a
PodTemplate, a JobSet, a RayCluster or any custom resource are found without a list of kinds.
Templates of workflow engines, with one container or with steps, are in `loose_pods`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, cast

from copies import KEDA_MAXIMUM, copies_of, copies_of_kind, limit_of_knative, widen_elastic
from fields import UNLIMITED, Props, integer, items, mapping, multiply, namespace_of
from loose_pods import find_loose_pod, read_pod_fields
from pod_patches import FIELD, merge_patches
from workflows import count_runs_of_templates

LISTS = ("initContainers", "containers", "ephemeralContainers")
_OF_PODS = frozenset({"hostNetwork", "hostPID", "hostIPC", "hostUsers", "volumes", "serviceAccountName", "sysctls"})
"""Fields by which a pod spec is found in a patch, which may contain no container."""
_MAX_DEPTH = 30
_ONCE: Mapping[str, float] = {}


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
    places: Mapping[str, str] = dataclass_field(default_factory=dict[str, str])
    """Path of a container below `path` by its list and index, in objects of another form."""
    patches: Sequence[str] = ()
    """Patches in text that are merged into the spec, as far as they are readable."""


def find_pods(kind: str, props: Props) -> Iterator[Pod]:
    """Yield the pods of an object.

    Args:
        kind: End of the type token, such as `Deployment`.
        props: Content of the object.
    """
    for field, value in props.items():
        if field != "status":
            yield from _find(kind, field, (), value, props, copies_of_kind(kind, props), {})


def find_containers(pod: Pod) -> Iterator[tuple[str, Props]]:
    """Yield path and container of all containers, init and ephemeral ones included."""
    for field in LISTS:
        for index, container in enumerate(items(pod.spec.get(field))):
            place = pod.places.get(f"{field}[{index}]", f"{field}[{container.get('name', '?')}]")
            yield f"{pod.path}.{place}", container


def _find(
    kind: str,
    path: str,
    above: tuple[str, ...],
    value: Any,
    owner: Props,
    count: float,
    inherited: Props,
    runs: Mapping[str, float] = _ONCE,
) -> Iterator[Pod]:
    if len(above) > _MAX_DEPTH:
        return
    if isinstance(value, list | tuple):
        for index, item in enumerate(cast("list[Any]", value)):
            name = str(mapping(item).get("name", index))
            yield from _find(kind, f"{path}[{name}]", (*above, ""), item, owner, multiply(count, runs.get(name, 1)), inherited)
        return
    entries = mapping(value)
    loose = find_loose_pod(entries, inherited)
    is_pod = any("name" in each or "image" in each for field in LISTS for each in items(entries.get(field)))
    is_patch = kind.endswith("Patch") and above[-1:] != ("",) and not _OF_PODS.isdisjoint(entries)
    if loose is not None and not items(entries.get("containers")):
        yield Pod(path, loose.spec, mapping(entries.get("metadata")), count, loose.places, loose.patches)
    elif is_pod or is_patch:
        metadata = mapping(owner.get("metadata"))
        around = {**inherited} if above[-1:] == ("containerSet",) else {}
        patches: Sequence[str] = around.pop(FIELD, ())
        spec = merge_patches({**around, **entries}, patches)
        yield Pod(path, spec, metadata, limit_of_knative(kind, metadata, count), patches=patches)
    shared = read_pod_fields(entries, inherited)
    for field, item in entries.items():
        copies = multiply(count, copies_of(entries, field))
        runs = count_runs_of_templates(entries) if field == "templates" and "parallelism" not in entries else _ONCE
        yield from _find(kind, f"{path}.{field}", (*above, field), widen_elastic(entries, field, item), entries, copies, shared, runs)


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
            maximum: float = integer(spec.get("maxReplicaCount"), KEDA_MAXIMUM)
        elif kind.startswith("HorizontalPodAutoscaler"):
            maximum = integer(spec["maxReplicas"], 0) if spec.get("maxReplicas") is not None else UNLIMITED
        else:
            continue
        key = namespace_of(props), str(target.get("kind", "Deployment")), str(target.get("name"))
        maxima[key] = max(maximum, maxima.get(key, 0))
    return maxima
