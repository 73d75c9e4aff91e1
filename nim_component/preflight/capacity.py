"""Checks of capacity: free GPUs on nodes, and ResourceQuotas."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction

from ..cluster.gpu_health import count_unhealthy, describe_health, describe_missing_plugin
from ..cluster.objects import Object, at, items_at, mapping_at, name_of, text_at, texts_at
from ..cluster.scheduling import (
    allocatable,
    blocking_taints,
    can_run,
    capacity,
    fits_affinity,
    fits_selector,
    gpu_resource_of,
    quantity,
    requests_of,
)
from ..names import SELECTOR_LABELS, SERVER, WORKER
from ..text.sanitizing import sanitize
from .facts import Facts
from .requirements import ServiceRequirements, StackRequirements
from .result import CheckResult

_Used = Counter[tuple[str, str]]
"""(node, resource) to the number in use."""


def check_gpus(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    """Place every pod of the stack, the largest first, on the nodes that it may be scheduled on.

    The GPUs of the stack's running pods count as free.
    """
    if facts.nodes is None:
        yield CheckResult("warn", "GPUs", "nodes may not be read", "Grant list on nodes to check them.")
        return
    used = _count_used(requirements, facts)
    for service in sorted(requirements.services, key=lambda each: -requests_of(each.pod, gpu_resource_of(each.pod) or "")):
        resource = gpu_resource_of(service.pod)
        if resource is None or not service.replicas:
            continue
        yield _check_nodes(service, resource, facts.nodes) or _place(service, resource, facts, used)


def _count_used(requirements: StackRequirements, facts: Facts) -> _Used:
    """Count the resources that other pods use.

    The stack's own pods are replaced by its new requests.
    """
    own_services = {(service.namespace, service.name) for service in requirements.services}
    resources = {resource for service in requirements.services if (resource := gpu_resource_of(service.pod))}
    used: _Used = Counter()
    for pod in facts.pods or ():
        labels = texts_at(pod, "metadata", "labels")
        is_server = labels.get(SELECTOR_LABELS[0]) in (SERVER, WORKER)
        if not is_server or (text_at(pod, "metadata", "namespace"), labels.get(SELECTOR_LABELS[1])) not in own_services:
            for resource in resources:
                used[text_at(pod, "spec", "nodeName"), resource] += requests_of(pod, resource)
    return used


def _check_nodes(service: ServiceRequirements, resource: str, nodes: tuple[Object, ...]) -> CheckResult | None:
    """Return a failure if no node can run the pod, even without other pods."""
    about, requested = f"GPUs of {service.name}", requests_of(service.pod, resource)
    selector = texts_at(service.pod, "spec", "nodeSelector")
    offering = [node for node in nodes if allocatable(node, resource)]
    if not offering:
        if unready := next((node for node in nodes if capacity(node, resource)), None):
            state, fix = describe_missing_plugin(unready, resource)
            return CheckResult("fail", about, f"no node offers {resource}; {state}", fix)
        fix = "Add a GPU node pool, install the device plugin, or correct gpu_resource."
        return CheckResult("fail", about, f"no node offers {resource}", fix)
    selected = [node for node in offering if fits_selector(node, service.pod)]
    if not selected:
        labels = sanitize(", ".join(f"{key}={value}" for key, value in selector.items()), 150)
        return CheckResult("fail", about, f"no node with {resource} has the labels {labels}", "Correct node_selector.")
    allowed = [node for node in selected if fits_affinity(node, service.pod)]
    if not allowed:
        text = f"none of the {len(selected)} nodes with {resource} satisfies the pod's node affinity"
        return CheckResult("fail", about, text, "Correct affinity, or add the labels that it requires to a node.")
    tolerated = [node for node in allowed if not blocking_taints(node, service.pod)]
    if not tolerated:
        taint = blocking_taints(allowed[0], service.pod)[0]
        shown = sanitize(f"{taint.get('key')}={taint.get('value', '')}:{taint.get('effect')}", 120)
        text = f"every suitable node has a taint that the pod does not tolerate, such as {shown}"
        return CheckResult("fail", about, text, "Add a toleration for it to tolerations.")
    largest = max(allocatable(node, resource) for node in tolerated)
    if requested > largest:
        if repairable := next((node for node in nodes if capacity(node, resource) >= requested and can_run(node, service.pod)), None):
            describe = describe_health if allocatable(repairable, resource) else describe_missing_plugin
            state, fix = describe(repairable, resource)
            return CheckResult("fail", about, f"requires {requested} {resource} on one node; {state}", fix)
        text = f"requires {requested} {resource} on one node; the largest node has {largest}"
        return CheckResult("fail", about, text, f"Set gpu to at most {largest}, or add a larger node.")
    return None


def _place(service: ServiceRequirements, resource: str, facts: Facts, used: _Used) -> CheckResult:
    """Place the pods on the nodes' free GPUs, and count these as used."""
    about, requested = f"GPUs of {service.name}", requests_of(service.pod, resource)
    total = f"{service.replicas} x {requested} {resource}"
    if facts.pods is None:
        text = f"requires {total}; free GPUs are unknown, because pods may not be read"
        return CheckResult("warn", about, text, "Grant list on pods in all namespaces to check them.")
    nodes = [node for node in facts.nodes or () if allocatable(node, resource) and can_run(node, service.pod)]
    free = {name_of(node): allocatable(node, resource) - used[name_of(node), resource] for node in nodes}
    placed = 0
    for _ in range(service.replicas):
        # The node with the fewest sufficient GPUs: nodes with more stay free for larger pods.
        sufficient = sorted((number, name) for name, number in free.items() if number >= requested)
        if not sufficient:
            break
        name = sufficient[0][1]
        free[name] -= requested
        used[name, resource] += requested
        placed += 1
    if placed < service.replicas:
        left = ", ".join(f"{sanitize(name, 60)} {max(number, 0)}" for name, number in sorted(free.items())[:4])
        fix = "Free GPUs, add nodes, or lower gpu or replicas. With a node autoscaler, no action may be necessary."
        if unhealthy := next((node for node in nodes if _is_blocked(node, resource, free[name_of(node)], requested)), None):
            state, repair = describe_health(unhealthy, resource)
            fix = f"{state[0].upper()}{state[1:]}. {repair} {fix}"
        return CheckResult("fail", about, f"requires {total}; {placed} of {service.replicas} pods fit (free: {left})", fix)
    return CheckResult("ok", about, f"enough are free for {total}")


def _is_blocked(node: Object, resource: str, free: int, requested: int) -> bool:
    """Return True if one more pod would fit if all devices of a node were healthy."""
    unhealthy = count_unhealthy(node, resource)
    return unhealthy > 0 and max(free, 0) + unhealthy >= requested


def check_quotas(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    """Check that the ResourceQuotas have room for the services that are not deployed yet."""
    for namespace in sorted({service.namespace for service in requirements.services}):
        for quota in facts.quotas.get(namespace) or ():
            hard, used = mapping_at(quota, "status", "hard"), mapping_at(quota, "status", "used")
            added = _count_added(requirements, namespace, facts)
            exceeded = [name for name in hard if name in added and quantity(used.get(name, "0")) + added[name] > quantity(hard[name])]
            about = f"Quota {namespace}/{name_of(quota)}"
            if exceeded:
                usage = ", ".join(
                    f"{sanitize(name, 60)}: {sanitize(str(used.get(name, '0')), 20)} of {sanitize(str(hard[name]), 20)} used"
                    for name in exceeded
                )
                yield CheckResult("fail", about, f"too little is left: {usage}", "Raise the quota, or lower the requests.")
            else:
                yield CheckResult("ok", about, "enough is left")


def _count_added(requirements: StackRequirements, namespace: str, facts: Facts) -> "dict[str, Fraction]":
    """Return the resources, by their names in a quota, that an update adds to a namespace."""
    added: defaultdict[str, Fraction] = defaultdict(Fraction)
    for service in requirements.services:
        if service.namespace != namespace or service.workload in facts.own_objects:
            continue
        added["pods"] += service.replicas
        added["persistentvolumeclaims"] += len(service.pvcs)
        for each in items_at(service.pod, "spec", "containers"):
            for resource, amount in mapping_at(each, "resources", "requests").items():
                number = quantity(amount) * service.replicas
                added[resource] += number  # a quota may use `cpu` for `requests.cpu`
                added[f"requests.{resource}"] += number
                added[f"limits.{resource}"] += number
        for pvc in service.pvcs:
            added["requests.storage"] += quantity(at(pvc, "spec", "resources", "requests", "storage"))
    return added
