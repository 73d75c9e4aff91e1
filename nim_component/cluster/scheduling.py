"""What a pod asks of a node, and what a node has: GPUs, taints."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from ..args.quantities import parse_quantity
from .objects import Object, at, condition, items_at, mapping_at, phase_of, text_at, texts_at


def quantity(value: Any) -> Decimal:
    """The number of a Kubernetes quantity; 0 when it is none."""
    try:
        return parse_quantity(str(value))
    except (ValueError, ArithmeticError):
        return Decimal(0)


def requests_of(pod: Object, resource: str) -> int:
    """How many of an extended resource a pod holds: the sum of its containers, or an init container's, whichever is more."""

    def wanted(where: str) -> list[int]:
        return [int(quantity(at(each, "resources", "limits", resource) or 0)) for each in items_at(pod, "spec", where)]

    return max(sum(wanted("containers")), max(wanted("initContainers"), default=0))


def gpu_resource_of(pod: Object) -> str | None:
    """The GPU resource that a pod asks for, such as `nvidia.com/gpu`."""
    for each in items_at(pod, "spec", "containers"):
        for resource in texts_at(each, "resources", "limits"):
            if "/" in resource and not resource.startswith("hugepages"):
                return resource
    return None


def allocatable(node: Object, resource: str) -> int:
    """How many of an extended resource a node has."""
    return int(quantity(at(node, "status", "allocatable", resource) or 0))


def is_node_ready(node: Object) -> bool:
    """Whether a node's kubelet reports itself ready."""
    return condition(node, "Ready").get("status") == "True"


def fits_selector(node: Object, pod: Object) -> bool:
    """Whether a node has every label of a pod's node selector."""
    return texts_at(pod, "spec", "nodeSelector").items() <= texts_at(node, "metadata", "labels").items()


def fits_affinity(node: Object, pod: Object) -> bool:
    """Whether a node meets what a pod's node affinity requires: one of the terms, all of its expressions."""
    required = mapping_at(pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    terms = items_at(required, "nodeSelectorTerms")
    labels = {**texts_at(node, "metadata", "labels"), "metadata.name": text_at(node, "metadata", "name")}
    each_of = [[*items_at(term, "matchExpressions"), *items_at(term, "matchFields")] for term in terms]
    return not terms or any(expressions and all(_holds(each, labels) for each in expressions) for expressions in each_of)


def _holds(expression: Object, labels: dict[str, str]) -> bool:
    value, values = labels.get(text_at(expression, "key")), expression.get("values")
    wanted = cast("list[Any]", values) if isinstance(values, list) else []
    match expression.get("operator"):
        case "In":
            return value in wanted
        case "NotIn":
            return value not in wanted
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" as operator if value is not None and value.isdecimal() and wanted and str(wanted[0]).isdecimal():
            return (int(value) > int(wanted[0])) == (operator == "Gt") and int(value) != int(wanted[0])
        case _:
            return False


def tolerates(tolerations: Iterable[Object], taint: Object) -> bool:
    """Kubernetes' own rule of which toleration bears which taint."""
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
    """The taints of a node that keep a pod away."""
    tolerations = items_at(pod, "spec", "tolerations")
    taints = [each for each in items_at(node, "spec", "taints") if each.get("effect") in ("NoSchedule", "NoExecute")]
    return [taint for taint in taints if not tolerates(tolerations, taint)]


def holds_resources(pod: Object) -> bool:
    """Whether a pod is on a node and has not ended."""
    return bool(text_at(pod, "spec", "nodeName")) and phase_of(pod) not in ("Succeeded", "Failed")
