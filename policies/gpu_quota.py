"""Rule of the policy `gpu-quota`: the GPUs that a stack may use at most."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import NamedTuple

from copies import copies_of_kind
from devices import count_claims, count_devices, find_claims
from fields import UNLIMITED, Props, items, mapping, multiply, namespace_of
from pod_patches import FIELD, may_add_gpus
from workflows import is_repeated
from workloads import Pod, find_maxima, find_pods

_GPU, _SHARE = re.compile(r"/.*gpu|gpu.*/|/mig-"), re.compile(r"gpu-?(mem|core|percent)")
_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:[eE](?P<exponent>[+-]?\d{1,3})|(?P<suffix>[KMGTPE]i|[numkMGTPE]))?", re.ASCII
)
_FACTORS = {suffix: Decimal(10) ** (3 * power) for power, suffix in enumerate(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), -3)} | {
    suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)
}


class Object(NamedTuple):
    """Kubernetes object of a stack."""

    kind: str
    name: str
    """Logical name."""
    props: Props


class Quota(NamedTuple):
    """Configuration of the policy."""

    gpus: int
    """Largest number of GPUs."""
    resources: Sequence[str] = ()
    """Patterns of extended resources that count as GPUs, such as `habana.ai/gaudi`."""
    nodes: int | None = None
    """Number of nodes, for DaemonSets; None if it is unknown."""
    device_classes: Sequence[str] = ()
    """Patterns of device classes that count as GPUs, besides those named after GPUs."""
    claims: Mapping[str, int] = {}
    """GPUs of ResourceClaims and ResourceClaimTemplates outside the stack, by name."""


class Workload(NamedTuple):
    """Object of a stack with its pods."""

    object: Object
    pods: Sequence[Pod]
    """Pods with the number of copies that the object itself sets."""
    claims: Mapping[str, float]
    """GPUs of the ResourceClaimTemplates that the pods can name."""

    @property
    def name(self) -> str:
        """Kind and logical name."""
        return f"{self.object.kind} {self.object.name}"


def check_quota(objects: Iterable[Object], quota: Quota) -> Iterator[str]:
    """Yield a violation if the objects of a stack may use more GPUs than the quota."""
    workloads = _read_workloads(objects, quota)
    for name, (kind, claim) in _find_outside_claims(workloads):
        if claim not in quota.claims:
            yield f"{name} uses {kind} {claim}, which is not in the stack, so its GPUs are unknown. Add it, or set claims of the policy."
    counted = _count_workloads(workloads, quota)
    for each in sorted(workloads, key=lambda each: each.name):
        if counted.get(each.name) == UNLIMITED:
            yield f"{each.name} {_explain_unlimited(each)}"
    total = sum(gpus for gpus in counted.values() if gpus != UNLIMITED)
    if total > quota.gpus:
        listed = sorted((each for each in counted.items() if each[1] != UNLIMITED), key=lambda each: (-each[1], each[0]))
        shares = ", ".join(f"{name} {gpus:.0f}" for name, gpus in listed)
        fix = "Reduce replicas or GPUs, or raise maxGpus of the policy."
        yield f"the stack may use {total:.0f} GPUs, but its quota is {quota.gpus}: {shares}. {fix}"


def _explain_unlimited(each: Workload) -> str:
    """Return why the number of GPUs of an object has no upper bound, and the fix."""
    kind, props = each.object.kind, each.object.props
    if kind == "ResourceClaim" or any(count_claims(pod.spec, each.claims) == UNLIMITED for pod in each.pods):
        return "claims all GPUs of a node, and their number is unknown. Set allocationMode to ExactCount, with a count."
    if any(may_add_gpus(patch) for pod in each.pods for patch in pod.patches):
        return f"has a {FIELD} with expressions, so its GPUs are unknown. Set the resources of the template instead."
    if kind == "DaemonSet":
        return "uses GPUs on every node, and their number is unknown. Set nodes of the policy."
    if copies_of_kind(kind, props) == UNLIMITED:
        fix = "Set concurrencyPolicy to Forbid, or activeDeadlineSeconds of a run."
        return f"has no upper bound of runs at the same time, so it may use any number of GPUs. {fix}"
    if is_repeated(props):
        return "repeats a template without a known number, so it may use any number of GPUs. Set parallelism, or list the items."
    return "has no upper bound of pods, so it may use any number of GPUs. Set the maximum of its autoscaler."


def count_stack(objects: Iterable[Object], quota: Quota) -> dict[str, float]:
    """Return the GPUs of each object, by kind and name, with all autoscalers at their maximum.

    `UNLIMITED` is the number of an object without an upper bound.
    """
    return _count_workloads(_read_workloads(objects, quota), quota)


def _read_workloads(objects: Iterable[Object], quota: Quota) -> list[Workload]:
    listed = list(objects)
    templates = _count_templates(listed, quota)
    return [Workload(each, list(find_pods(each.kind, each.props)), _claims_of(each, templates)) for each in listed]


def _count_workloads(workloads: Sequence[Workload], quota: Quota) -> dict[str, float]:
    maxima = find_maxima([(each.object.kind, each.object.props) for each in workloads])
    counted: dict[str, float] = {}
    for each in workloads:
        kind, props = each.object.kind, each.object.props
        namespace, name = _key(each.object)
        maximum = maxima.get((namespace, kind, name))
        gpus = sum(_count_pod(pod, each.claims, quota) for pod in _scale(each, maximum))
        if kind == "ResourceClaim":
            gpus = count_devices(mapping(props.get("spec")), quota.device_classes)
        if gpus and kind == "DaemonSet":
            gpus = UNLIMITED if quota.nodes is None else multiply(gpus, quota.nodes)
        if gpus:
            counted[each.name] = gpus
    shared = {claim for _, claim in _find_outside_claims(workloads) if claim[0] == "ResourceClaim"}
    return counted | {f"{kind} {name}": quota.claims[name] for kind, name in sorted(shared) if quota.claims.get(name)}


def _count_pod(pod: Pod, claims: Mapping[str, float], quota: Quota) -> float:
    """Return the GPUs of all copies of a pod."""
    gpus = UNLIMITED if any(map(may_add_gpus, pod.patches)) else count_gpus(pod, quota.resources) + count_claims(pod.spec, claims)
    return multiply(pod.count, gpus)


def _count_templates(objects: Iterable[Object], quota: Quota) -> dict[tuple[str, str], float]:
    """Return the GPUs of ResourceClaimTemplates by namespace and name.

    Those outside the stack have no namespace.
    """
    found: dict[tuple[str, str], float] = {("", name): gpus for name, gpus in quota.claims.items()}
    for each in objects:
        if each.kind == "ResourceClaimTemplate":
            found[_key(each)] = count_devices(mapping(mapping(each.props.get("spec")).get("spec")), quota.device_classes)
    return found


def _claims_of(each: Object, templates: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """Return the GPUs of the templates that the pods of an object can name."""
    return {name: gpus for (namespace, name), gpus in templates.items() if namespace in ("", namespace_of(each.props))}


def _key(each: Object) -> tuple[str, str]:
    return namespace_of(each.props), str(mapping(each.props.get("metadata")).get("name"))


def _find_outside_claims(workloads: Sequence[Workload]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each object whose pods use a ResourceClaim outside the stack, and its kind and name."""
    inside = {(each.object.kind, *_key(each.object)) for each in workloads}
    for each in workloads:
        for kind, name in sorted({claim for pod in each.pods for claim in find_claims(pod.spec)}):
            if (kind, namespace_of(each.object.props), name) not in inside:
                yield each.name, (kind, name)


def _scale(each: Workload, maximum: float | None) -> Iterable[Pod]:
    """Return the pods of an object, with the replicas that its autoscaler may set."""
    if maximum is None:
        return each.pods
    if maximum == UNLIMITED:
        return [replace(pod, count=UNLIMITED) for pod in each.pods]
    kind, props = each.object.kind, each.object.props
    spec = mapping(props.get("spec"))
    replicas = max(maximum, float(read_quantity(spec.get("replicas", 0)) or 0))
    return find_pods(kind, {**props, "spec": {**spec, "replicas": replicas}})


def count_gpus(pod: Pod, resources: Sequence[str] = ()) -> int:
    """Return the GPUs of one copy of a pod.

    They are extended resources named after GPUs or MIG slices, and those of `resources`. The memory
    and the cores of a shared GPU, such as `nvidia.com/gpumem`, are not counted.
    """
    running = sum(_gpus_of(container, resources) for container in items(pod.spec.get("containers")))
    sidecars = starting = 0
    for container in items(pod.spec.get("initContainers")):
        gpus = _gpus_of(container, resources)
        # Init containers run one after the other, before the containers. A sidecar stays.
        starting = max(starting, sidecars + gpus)
        if container.get("restartPolicy") == "Always":
            sidecars += gpus
    return max(sidecars + running, starting)


def _gpus_of(container: Props, resources: Sequence[str]) -> int:
    declared = mapping(container.get("resources"))
    limits, requests = mapping(declared.get("limits")), mapping(declared.get("requests"))
    return sum(
        math.ceil(max(read_quantity(limits.get(name)), read_quantity(requests.get(name))))
        for name in {*limits, *requests}
        if (_GPU.search(name) and not _SHARE.search(name)) or any(fnmatchcase(name, pattern) for pattern in resources)
    )


def read_quantity(value: object) -> Decimal:
    """Return the number of a Kubernetes quantity, such as 1, `"1"`, `"1e0"` or `"1000m"`, or 0."""
    match = _QUANTITY.fullmatch(str(value).strip()) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    if match is None:
        return Decimal(0)
    exponent = int(match["exponent"] or 0)
    return Decimal(match["number"]).scaleb(exponent) * _FACTORS[match["suffix"] or ""]
