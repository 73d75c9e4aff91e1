"""Decisions of a node autoscaler about a pod without a node: cluster-autoscaler and Karpenter."""

import re
from collections.abc import Iterator
from datetime import timedelta

from ...cluster.node_autoscalers import KARPENTER_REFUSALS, PROVISION_SECONDS, Decision, find_decision
from ...cluster.objects import Object
from ...cluster.scheduler_message import Reason, lacking_resource, split_reasons, untolerated_taint
from ...cluster.scheduling import requests_of
from ...kubernetes.gpu_resources import is_gpu
from ...text.sanitizing import sanitize
from ..diagnosis import Confidence, Diagnosis
from ..snapshot import Snapshot
from .cloud_messages import CLOUD_PATTERNS
from .patterns import MessagePattern, any_of, match_patterns
from .pod_requests import ARGUMENTS, argument_of, requested

_LATE = timedelta(seconds=PROVISION_SECONDS)
_STATUS = "kubectl -n kube-system get configmap cluster-autoscaler-status -o yaml"
_FULL = re.compile(r"max node group size reached|max limit reached|max cluster .{1,120} limit reached")
_FAILED = ("in backoff after failed scale-up", "not ready for scale-up")
_KNOWN_REFUSAL = re.compile(
    r"Insufficient \S+|Too many pods|cannot allocate all claims"
    r"|node\(s\) (?:had (?:untolerated )?taint|didn't (?:match|satisfy|have|find)|were|did not have|exceed|unavailable)\b.+",
    re.DOTALL,
)
_REFUSAL = re.compile(r"pod didn't trigger scale-up(?: \(it wouldn't fit if a new node is added\))?:?\s*(.*)", re.DOTALL)
_UNBOUND = re.compile(r"pod didn't trigger scale-up(?: \([^)]{1,80}\))?:? *\d* ?pod has unbound immediate PersistentVolumeClaims\.?")
"""Refusal because of a PVC, which other rules diagnose."""
_CLOUD_QUOTA = (
    "The autoscaler cannot add a node: the cloud account's quota is used up",
    "Raise the quota of the account for these machines or GPUs in the region, or free nodes that count against it.",
)
_CLOUD_CAPACITY = (
    "The autoscaler cannot add a node: the cloud has none of these machines free",
    "Wait, or allow more zones, machine types or capacity types (node_selector, affinity, the node pool), or reserve capacity.",
)
_GKE = r"Node scale up in zones [\w., -]{0,300}associated with this pod failed: "
_RISK = r"(?:\. Pod is at risk of not being scheduled)?\.?"
_FAILURES = (
    *CLOUD_PATTERNS,
    MessagePattern(
        "cloud-quota",
        any_of(
            r"failed: .{0,80}\bquota exceeded",
            r"exceeding approved .{1,80} quota",
            r"\b(?:QUOTA_EXCEEDED|VcpuLimitExceeded|MaxSpotInstanceCountExceeded|QuotaExceeded)\b",
        ),
        *_CLOUD_QUOTA,
        sentences=(f"{_GKE}GCE quota exceeded{_RISK}",),
    ),
    MessagePattern(
        "cloud-capacity",
        any_of(
            r"failed: .{0,80}\b(?:out of resources|Reservation capacity exceeded)",
            r"\b(?:(?:ZONE_)?RESOURCE_POOL_EXHAUSTED|InsufficientInstanceCapacity|UnfulfillableCapacity)\b",
            r"\b(?:(?:Zonal)?AllocationFailed|SkuNotAvailable|OverconstrainedAllocationRequest)\b",
            r"\ANodeClaim \S{1,253} event: .{0,400}\binsufficient capacity\b",
        ),
        *_CLOUD_CAPACITY,
        sentences=(f"{_GKE}(?:GCE out of resources|Reservation capacity exceeded(?:: .{{1,200}})?){_RISK}",),
    ),
    MessagePattern(
        "cloud-addresses",
        r"failed: .{0,80}\bIP space exhausted|\bIP_SPACE_EXHAUSTED\b|\bInsufficientFreeAddressesInSubnet\b",
        "The autoscaler cannot add a node: the network has no free IP addresses for it or its pods",
        "Enlarge the address range of the node pool's nodes and pods, or add a node pool in another subnet.",
        sentences=(f"{_GKE}IP space exhausted{_RISK}",),
    ),
    MessagePattern(
        "scale-up-failed",
        r".",
        "The autoscaler tried to add a node and failed",
        f"See the evidence, and the autoscaler's status for the reason: `{_STATUS}`.",
        "likely",
    ),
)
_POOL = r"(?:incompatible with (?:nodepool|provisioner) \"[^\"]{1,253}\", )?(?:daemonset overhead=\{[^}]{0,400}\}, )?"
_LIMITS = r"all available instance types exceed limits for (?:nodepool|provisioner)|node limits have been exhausted for nodepool"
_POOL_LIMITS = re.compile(rf"{_POOL}(?:{_LIMITS})\b.*", re.DOTALL)
_PREFIX = r"(?:no instance type satisfied resources \{[^}]{0,600}\} and requirements .{0,4000}\()?no instance type "
_OFFERING = r"has the required offering|which met the scheduling requirements and had enough resources, had a required offering"
_RESERVED = "one or more instance types with compatible reserved offerings are available, but could not be reserved"
_POOL_OFFERING = re.compile(rf"{_POOL}(?:{_PREFIX}(?:{_OFFERING})\b.*|{_RESERVED})", re.DOTALL)
_POOL_UNFIT = re.compile(
    _POOL + r"(?:no instance type |incompatible requirements, |did not tolerate |incompatible volume requirements, |no nodepools? )"
    r".*|nodepool requirements filtered out all (?:compatible )?available instance types.*",
    re.DOTALL,
)


def is_adding_node(snapshot: Snapshot, pod: Object) -> bool:
    """Return True if an autoscaler is adding a node for a pod."""
    decision = find_decision(snapshot.events(pod))
    return decision is not None and decision.outcome == "adding" and snapshot.now - decision.time < _LATE


def find_autoscaling(snapshot: Snapshot, pod: Object, subject: str) -> Iterator[Diagnosis]:
    """Yield the diagnosis of the last decision of an autoscaler about a pod, if there is one."""
    decision = find_decision(snapshot.events(pod))
    if decision is None:
        return
    evidence = sanitize(decision.message)
    if decision.outcome == "adding":
        yield _diagnose_addition(snapshot, decision, evidence, subject)
    elif decision.outcome == "failed":
        yield from match_patterns(_FAILURES, decision.message, subject, evidence)
    elif decision.is_karpenter:
        yield _diagnose_karpenter(decision, evidence, subject)
    elif not _UNBOUND.fullmatch(decision.message.strip()):
        yield _diagnose_refusal(decision, pod, evidence, subject)


def _diagnose_addition(snapshot: Snapshot, decision: Decision, evidence: str, subject: str) -> Diagnosis:
    elapsed = int((snapshot.now - decision.time).total_seconds())
    if elapsed < PROVISION_SECONDS:
        text = f"The autoscaler is adding a node for the pod, since {elapsed} s"
        rest = max(1, (PROVISION_SECONDS - elapsed) // 60)
        fix = f"Wait up to {rest} min: a GPU node takes some minutes for its start, the driver and the device plugin."
        return Diagnosis("node-scaling-up", text, fix, evidence, subject=subject)
    text = f"The autoscaler began to add a node {elapsed // 60} min ago, and the pod still has none"
    fix = "Check whether the new node exists and is ready (`kubectl get nodes`). If it does not exist, check the autoscaler's log."
    return Diagnosis("node-scale-up-late", text, fix, evidence, "likely", subject)


def _diagnose_refusal(decision: Decision, pod: Object, evidence: str, subject: str) -> Diagnosis:
    whole = _REFUSAL.fullmatch(decision.message.strip())
    reasons = split_reasons(whole[1]) if whole else []
    full = [each for each in reasons if _FULL.fullmatch(each.text)]
    if full:
        text = "The autoscaler adds no node: a node pool is at its maximum size, or a limit of the autoscaler is reached"
        fix = "Raise the maximum of the node pool with the GPUs (or the autoscaler's limit), or free GPUs."
        return Diagnosis("node-pool-full", text, fix, evidence, "certain" if len(full) == len(reasons) else "likely", subject)
    if any(each.text in _FAILED for each in reasons):
        text = "The autoscaler adds no node: it failed to add one to a node pool before, and waits"
        fix = f"See its status for the reason, such as a quota of the cloud or no free machines: `{_STATUS}`."
        confidence: Confidence = "certain" if all(each.text in _FAILED for each in reasons) else "likely"
        return Diagnosis("scale-up-failed", text, fix, evidence, confidence, subject)
    if not reasons:
        text = "The autoscaler adds no node for the pod, and gives no reason"
        fix = "Check that the GPU node pool is registered with the autoscaler, such as by its tags, and may grow."
        return Diagnosis("node-pool-unsuitable", text, fix, evidence, "likely", subject)
    is_known = all(_KNOWN_REFUSAL.fullmatch(each.text) for each in reasons)
    text = "The autoscaler adds no node: none of its node pools fits the pod"
    return Diagnosis("node-pool-unsuitable", text, _fix_refusal(reasons, pod), evidence, "certain" if is_known else "likely", subject)


def _fix_refusal(reasons: list[Reason], pod: Object) -> str:
    """Return the fix of the reasons that exclude the most node pools."""
    most_first = sorted(reasons, key=lambda each: -each.nodes)
    fixes = list(dict.fromkeys(fix for each in most_first if (fix := _fix_reason(each, pod))))
    return " Or: ".join(fixes[:2]) or "Add a node pool that the pod fits."


def _fix_reason(reason: Reason, pod: Object) -> str:
    resource, taint = lacking_resource(reason), untolerated_taint(reason)
    if resource in ARGUMENTS:
        return f"Lower {argument_of(pod, resource)} (now {requested(pod, resource)}), or add a node pool with larger nodes."
    if resource and is_gpu(resource):
        return (
            f"Add a node pool whose nodes have {requests_of(pod, resource)} {resource}. A pool of 0 nodes must declare its GPUs to "
            f"the autoscaler: on AWS by the tag k8s.io/cluster-autoscaler/node-template/resources/{resource}."
        )
    if taint:
        value = f"operator=Equal, value={sanitize(taint.value, 70)}" if taint.value else "operator=Exists"
        return f"If the node pool with the GPUs has this taint, add to tolerations: key={sanitize(taint.key, 80)}, {value}."
    if "node affinity/selector" in reason.text:
        return "Add a node pool with the labels of node_selector and affinity, or correct these."
    return ""


def _diagnose_karpenter(decision: Decision, evidence: str, subject: str) -> Diagnosis:
    start = next((each for each in KARPENTER_REFUSALS if decision.message.startswith(each)), "")
    parts = [part.strip() for part in decision.message.removeprefix(start).split("; ")]
    confidence: Confidence = "certain" if all(_is_known(part) for part in parts) else "likely"
    if any(_POOL_LIMITS.fullmatch(part) for part in parts):
        text = "Karpenter adds no node: a NodePool is at its limits"
        fix = "Raise the limits of the NodePool with the GPUs, or free GPUs."
        return Diagnosis("node-pool-full", text, fix, evidence, confidence if len(parts) == 1 else "likely", subject)
    if any(_POOL_OFFERING.fullmatch(part) for part in parts):
        text = "Karpenter adds no node: suitable machines are not offered in these zones and capacity types, or are sold out"
        return Diagnosis("cloud-capacity", text, _CLOUD_CAPACITY[1], evidence, "likely", subject)
    text = "Karpenter adds no node: none of its NodePools fits the pod"
    fix = (
        "Compare gpu, cpu, mem, node_selector, affinity and tolerations with the requirements, taints and instance types of "
        "the NodePools in the evidence, and change one of them."
    )
    return Diagnosis("node-pool-unsuitable", text, fix, evidence, confidence, subject)


def _is_known(part: str) -> bool:
    return any(pattern.fullmatch(part) for pattern in (_POOL_LIMITS, _POOL_OFFERING, _POOL_UNFIT))
