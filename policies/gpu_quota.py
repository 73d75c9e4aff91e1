"""Rule of the policy `gpu-quota`: the GPUs that a stack may use at most."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import NamedTuple

from copies import copies_of_kind
from devices import count_claims, count_devices, find_claims
from fields import UNLIMITED, Props, items, mapping, multiply, namespace_of
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


def check_quota(objects: Iterable[Object], quota: Quota) -> Iterator[str]:
    """Yield a violation if the objects of a stack may use more GPUs than the quota."""
    objects = list(objects)
    for name, (kind, claim) in _find_outside_claims(objects):
        if claim not in quota.claims:
            yield f"{name} uses {kind} {claim}, which is not in the stack, so its GPUs are unknown. Add it, or set claims of the policy."
    counted = count_stack(objects, quota)
    unlimited = {f"{each.kind} {each.name}": each for each in objects if counted.get(f"{each.kind} {each.name}") == UNLIMITED}
    templates = _count_templates(objects, quota)
    for name in sorted(unlimited):
        yield f"{name} {_explain_unlimited(unlimited[name], templates)}"
    total = sum(gpus for gpus in counted.values() if gpus != UNLIMITED)
    if total > quota.gpus:
        listed = sorted((each for each in counted.items() if each[1] != UNLIMITED), key=lambda each: (-each[1], each[0]))
        shares = ", ".join(f"{name} {gpus:.0f}" for name, gpus in listed)
        fix = "Reduce replicas or GPUs, or raise maxGpus of the policy."
        yield f"the stack may use {total:.0f} GPUs, but its quota is {quota.gpus}: {shares}. {fix}"


def _explain_unlimited(each: Object, templates: Mapping[tuple[str, str], float]) -> str:
    """Return why the number of GPUs of an object has no upper bound, and the fix."""
    claims = _claims_of(each, templates)
    if each.kind == "ResourceClaim" or any(count_claims(pod.spec, claims) == UNLIMITED for pod in find_pods(each.kind, each.props)):
        return "claims all GPUs of a node, and their number is unknown. Set allocationMode to ExactCount, with a count."
    if each.kind == "DaemonSet":
        return "uses GPUs on every node, and their number is unknown. Set nodes of the policy."
    if copies_of_kind(each.kind, each.props) == UNLIMITED:
        fix = "Set concurrencyPolicy to Forbid, or activeDeadlineSeconds of a run."
        return f"has no upper bound of runs at the same time, so it may use any number of GPUs. {fix}"
    return "has no upper bound of pods, so it may use any number of GPUs. Set the maximum of its autoscaler."


def count_stack(objects: Iterable[Object], quota: Quota) -> dict[str, float]:
    """Return the GPUs of each object, by kind and name, with all autoscalers at their maximum.

    `UNLIMITED` is the number of an object without an upper bound.
    """
    listed = list(objects)
    maxima = find_maxima([(each.kind, each.props) for each in listed])
    templates = _count_templates(listed, quota)
    counted: dict[str, float] = {}
    for each in listed:
        name = str(mapping(each.props.get("metadata")).get("name"))
        maximum = maxima.get((namespace_of(each.props), each.kind, name))
        claims = _claims_of(each, templates)
        gpus = sum(multiply(pod.count, count_gpus(pod, quota.resources) + count_claims(pod.spec, claims)) for pod in _scale(each, maximum))
        if each.kind == "ResourceClaim":
            gpus = count_devices(mapping(each.props.get("spec")), quota.device_classes)
        if gpus and each.kind == "DaemonSet":
            gpus = UNLIMITED if quota.nodes is None else gpus * quota.nodes
        if gpus:
            counted[f"{each.kind} {each.name}"] = gpus
    shared = {claim for _, claim in _find_outside_claims(listed) if claim[0] == "ResourceClaim"}
    return counted | {f"{kind} {name}": quota.claims[name] for kind, name in sorted(shared) if quota.claims.get(name)}


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


def _find_outside_claims(objects: Sequence[Object]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each object whose pods use a ResourceClaim outside the stack, and its kind and name."""
    inside = {(each.kind, *_key(each)) for each in objects}
    for each in objects:
        named = {claim for pod in find_pods(each.kind, each.props) for claim in find_claims(pod.spec)}
        for kind, name in sorted(named):
            if (kind, namespace_of(each.props), name) not in inside:
                yield f"{each.kind} {each.name}", (kind, name)


def _scale(each: Object, maximum: float | None) -> Iterator[Pod]:
    """Yield the pods of an object, with the replicas that its autoscaler may set."""
    spec = mapping(each.props.get("spec"))
    if maximum is None:
        yield from find_pods(each.kind, each.props)
    elif maximum == UNLIMITED:
        for pod in find_pods(each.kind, each.props):
            yield Pod(pod.path, pod.spec, pod.metadata, UNLIMITED)
    else:
        replicas = max(maximum, float(read_quantity(spec.get("replicas", 0)) or 0))
        yield from find_pods(each.kind, {**each.props, "spec": {**spec, "replicas": replicas}})


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
