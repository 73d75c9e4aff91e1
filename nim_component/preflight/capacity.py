"""Whether there is room: GPUs on nodes, and what quotas leave."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction

from ..cluster.objects import at, items_at, mapping_at, name_of, text_at, texts_at
from ..cluster.scheduling import allocatable, blocking_taints, fits_affinity, fits_selector, gpu_resource_of, quantity, requests_of
from ..names import SELECTOR_LABELS, SERVER, WORKER
from ..text.sanitizing import sanitize
from .facts import Facts
from .requirements import ServiceRequirements, StackRequirements
from .result import CheckResult


def check_gpus(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    """Places every pod of the stack, the largest first, on the nodes that it may go to. Pods of the stack that run already hold theirs."""
    if facts.nodes is None:
        yield CheckResult("warn", "GPUs", "nodes may not be read", "Grant list on nodes to have it checked.")
        return
    held = _held(requirements, facts)
    for service in sorted(requirements.services, key=lambda each: -requests_of(each.pod, gpu_resource_of(each.pod) or "")):
        resource = gpu_resource_of(service.pod)
        if resource is None or not service.replicas:
            continue
        yield _place(service, resource, facts, held)


def _held(requirements: StackRequirements, facts: Facts) -> "Counter[tuple[str, str]]":
    """(node, resource) to how many are held by others: the stack's own pods are replaced by what it asks for now."""
    own = {(service.namespace, service.name) for service in requirements.services}
    resources = {resource for service in requirements.services if (resource := gpu_resource_of(service.pod))}
    held: Counter[tuple[str, str]] = Counter()
    for pod in facts.pods or ():
        labels = texts_at(pod, "metadata", "labels")
        mine = labels.get(SELECTOR_LABELS[0]) in (SERVER, WORKER)
        if not mine or (text_at(pod, "metadata", "namespace"), labels.get(SELECTOR_LABELS[1])) not in own:
            for resource in resources:
                held[text_at(pod, "spec", "nodeName"), resource] += requests_of(pod, resource)
    return held


def _place(service: ServiceRequirements, resource: str, facts: Facts, held: "Counter[tuple[str, str]]") -> CheckResult:
    about, wanted = f"GPUs of {service.name}", requests_of(service.pod, resource)
    selector = texts_at(service.pod, "spec", "nodeSelector")
    having = [node for node in facts.nodes or () if allocatable(node, resource)]
    chosen = [node for node in having if fits_selector(node, service.pod)]
    open_to = [node for node in chosen if fits_affinity(node, service.pod) and not blocking_taints(node, service.pod)]
    total = f"{service.replicas} x {wanted} {resource}"
    if not having:
        return CheckResult(
            "fail", about, f"no node offers {resource}", "Add a GPU node pool, install the device plugin, or correct gpu_resource."
        )
    if not chosen:
        text = f"no node with {resource} has the labels {sanitize(', '.join(f'{key}={value}' for key, value in selector.items()), 150)}"
        return CheckResult("fail", about, text, "Correct node_selector.")
    allowed = [node for node in chosen if fits_affinity(node, service.pod)]
    if not allowed:
        text = f"none of the {len(chosen)} nodes with {resource} meets the pod's node affinity"
        return CheckResult("fail", about, text, "Correct affinity, or label a node as it wants.")
    if not open_to:
        taint = blocking_taints(allowed[0], service.pod)[0]
        named = sanitize(f"{taint.get('key')}={taint.get('value', '')}:{taint.get('effect')}", 120)
        return CheckResult(
            "fail", about, f"every node that would do has a taint that the pod does not bear, such as {named}", "Add it to tolerations."
        )
    largest = max(allocatable(node, resource) for node in open_to)
    if wanted > largest:
        return CheckResult(
            "fail",
            about,
            f"{wanted} {resource} on one node, and the largest has {largest}",
            f"Set gpu to at most {largest}, or add a larger node.",
        )
    free = {name_of(node): allocatable(node, resource) - held[name_of(node), resource] for node in open_to}
    placed = 0
    for _ in range(service.replicas):
        # The fullest node that still does: large holes stay for large pods.
        fits = sorted((number, name) for name, number in free.items() if number >= wanted)
        if not fits:
            break
        name = fits[0][1]
        free[name] -= wanted
        held[name, resource] += wanted
        placed += 1
    if facts.pods is None:
        return CheckResult("warn", about, f"{total}: which are free may not be read", "Grant list on pods, cluster-wide.")
    if placed < service.replicas:
        left = ", ".join(f"{sanitize(name, 60)} {max(number, 0)}" for name, number in sorted(free.items())[:4])
        fix = "Free GPUs, add nodes, or lower gpu or replicas; with a node autoscaler this may be no fault."
        return CheckResult("fail", about, f"{total} wanted, room for {placed} of {service.replicas} pods (free: {left})", fix)
    return CheckResult("ok", about, f"{total}: there is room")


def check_quotas(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    for namespace in sorted({service.namespace for service in requirements.services}):
        for quota in facts.quotas.get(namespace) or ():
            hard, used = mapping_at(quota, "status", "hard"), mapping_at(quota, "status", "used")
            asked = _asked(requirements, namespace, facts)
            over = [name for name in hard if name in asked and quantity(used.get(name, "0")) + asked[name] > quantity(hard[name])]
            about = f"Quota {namespace}/{name_of(quota)}"
            if over:
                which = ", ".join(
                    f"{sanitize(name, 60)}: {sanitize(str(used.get(name, '0')), 20)} of {sanitize(str(hard[name]), 20)} used"
                    for name in over
                )
                yield CheckResult("fail", about, f"leaves too little: {which}", "Raise the quota, or ask for less.")
            else:
                yield CheckResult("ok", about, "leaves enough")


def _asked(requirements: StackRequirements, namespace: str, facts: Facts) -> "dict[str, Fraction]":
    """What the services that are not deployed yet would add to a namespace's use."""
    asked: defaultdict[str, Fraction] = defaultdict(Fraction)
    for service in requirements.services:
        if service.namespace != namespace or service.workload in facts.ours:
            continue
        asked["pods"] += service.replicas
        asked["persistentvolumeclaims"] += len(service.claims)
        for each in items_at(service.pod, "spec", "containers"):
            for resource, amount in mapping_at(each, "resources", "requests").items():
                number = quantity(amount) * service.replicas
                asked[resource] += number  # as a quota may call requests.cpu
                asked[f"requests.{resource}"] += number
                asked[f"limits.{resource}"] += number
        for claim in service.claims:
            asked["requests.storage"] += quantity(at(claim, "spec", "resources", "requests", "storage"))
    return asked
