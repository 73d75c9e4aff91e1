"""Scheduling rules: the resources that pods request and nodes offer, node affinity, taints."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from ..kubernetes.gpu_resources import is_gpu, is_gpu_share
from ..kubernetes.quantities import read_quantity
from .objects import Object, at, condition, items_at, mapping_at, phase_of, text_at, texts_at
from .selectors import matches_expression


def quantity(value: Any) -> Fraction:
    """Return the number of a Kubernetes quantity, or 0 if the value is not a quantity."""
    return read_quantity(value) or Fraction(0)


def requests_of(pod: Object, resource: str) -> int:
    """Return the number of an extended resource that a pod requests.

    It is the sum over its containers or the largest number of an init container, whichever is
    larger.
    """

    def limits(list_: str) -> list[int]:
        return [int(quantity(at(each, "resources", "limits", resource) or 0)) for each in items_at(pod, "spec", list_)]

    return max(sum(limits("containers")), max(limits("initContainers"), default=0))


def gpu_resource_of(pod: Object) -> str | None:
    """Return the GPU resource that a pod requests, such as `nvidia.com/gpu`, or None.

    A pod may request other extended resources too, such as RDMA devices or the memory of a GPU.
    """
    limits = [name for each in items_at(pod, "spec", "containers") for name in texts_at(each, "resources", "limits")]
    found = [name for name in limits if "/" in name and not name.startswith("hugepages")]
    return min(found, key=_rank_resource, default=None)


def _rank_resource(name: str) -> int:
    """Return 0 for GPUs and MIG slices, 1 for shares of a GPU, 2 for other resources."""
    return 0 if is_gpu(name) else 1 if is_gpu_share(name) else 2


def allocatable(node: Object, resource: str) -> int:
    """Return the number of an extended resource that a node offers."""
    return int(quantity(at(node, "status", "allocatable", resource) or 0))


def capacity(node: Object, resource: str) -> int:
    """Return the number of an extended resource that a node has, including unhealthy devices."""
    return max(int(quantity(at(node, "status", "capacity", resource) or 0)), allocatable(node, resource))


def is_node_ready(node: Object) -> bool:
    """Return True if the node's condition Ready is true."""
    return condition(node, "Ready").get("status") == "True"


def fits_selector(node: Object, pod: Object) -> bool:
    """Return True if a node has every label of a pod's node selector."""
    return texts_at(pod, "spec", "nodeSelector").items() <= texts_at(node, "metadata", "labels").items()


def fits_affinity(node: Object, pod: Object) -> bool:
    """Return True if a node satisfies a pod's required node affinity.

    At least one term must match, with all of its expressions.
    """
    required = mapping_at(pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    terms = items_at(required, "nodeSelectorTerms")
    labels = {**texts_at(node, "metadata", "labels"), "metadata.name": text_at(node, "metadata", "name")}
    expressions_of = [[*items_at(term, "matchExpressions"), *items_at(term, "matchFields")] for term in terms]
    return not terms or any(expressions and all(matches_expression(each, labels) for each in expressions) for expressions in expressions_of)


def fits_labels(node: Object, pod: Object) -> bool:
    """Return True if a pod's node selector and required node affinity allow a node."""
    return fits_selector(node, pod) and fits_affinity(node, pod)


def can_run(node: Object, pod: Object) -> bool:
    """Return True if a pod may be scheduled on a node that has its resources free."""
    return fits_labels(node, pod) and not blocking_taints(node, pod)


def tolerates(tolerations: Iterable[Object], taint: Object) -> bool:
    """Return True if a toleration matches a taint, by the rules of Kubernetes."""
    for each in tolerations:
        if each.get("effect") not in (None, "", taint.get("effect")):
            continue
        key, operator = each.get("key"), each.get("operator") or "Equal"
        if operator == "Exists" and key in (None, "", taint.get("key")):
            return True
        if operator == "Equal" and key == taint.get("key") and (each.get("value") or "") == (taint.get("value") or ""):
            return True
    return False


def blocking_taints(node: Object, pod: Object) -> list[Object]:
    """Return the taints of a node that a pod does not tolerate."""
    tolerations = items_at(pod, "spec", "tolerations")
    taints = [each for each in items_at(node, "spec", "taints") if each.get("effect") in ("NoSchedule", "NoExecute")]
    return [taint for taint in taints if not tolerates(tolerations, taint)]


def holds_resources(pod: Object) -> bool:
    """Return True if a pod is scheduled and has not terminated."""
    return bool(text_at(pod, "spec", "nodeName")) and phase_of(pod) not in ("Succeeded", "Failed")
