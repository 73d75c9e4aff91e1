"""Pods that the kubelet rejects after the scheduler has assigned them, because a resource is short.

The pod's reason is `OutOf<resource>`, such as `OutOfcpu`.
[Source](https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/lifecycle/predicate.go)
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from ...cluster.objects import Object, text_at
from ...cluster.scheduling import gpu_resource_of
from ...kubernetes.gpu_resources import is_gpu
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from .eviction_usage import show_bytes
from .pod_requests import ARGUMENTS, argument_of, requested

_REASON = "OutOf"
_AMOUNTS = re.compile(
    r"Node didn't have enough resource: \S{1,320}, requested: (?P<requested>\d{1,20}), used: (?P<used>\d{1,20}), "
    r"capacity: (?P<capacity>\d{1,20})"
)
_UNAVAILABLE = re.compile(
    r"(?:(?:Pod was rejected: |Pod )?Allocate failed due to )?requested number of devices unavailable for "
    r"(?P<resource>\S{1,320}?)\. Requested: (?P<requested>\d{1,20}), "
    r"Available: (?P<free>\d{1,20})(?:, which is unexpected\.?)?"
)
_CORES = re.compile(
    r"(?:(?:Pod was rejected: |Pod )?Allocate failed due to )?not enough cpus available to satisfy request: "
    r"requested=(?P<requested>\d{1,20}), available=(?P<free>\d{1,20})(?:, which is unexpected\.?)?"
)


def find_shortage(pod: Object, reason: str, message: str, subject: str) -> Iterator[Diagnosis]:
    """Yield the diagnosis of a pod for which its node had too little of a resource."""
    if reason.startswith(_REASON) and len(reason) > len(_REASON):
        resource = reason.removeprefix(_REASON)
        amounts = _AMOUNTS.search(message)
        yield _diagnose(pod, resource, _describe(resource, amounts), bool(amounts) and amounts["capacity"] == "0", message, subject)
    elif reason == "UnexpectedAdmissionError" and (found := _UNAVAILABLE.search(message)):
        amounts = f"requested {found['requested']}, free {found['free']}"
        yield _weaken(found, _diagnose(pod, found["resource"], amounts, found["free"] == "0", message, subject))
    elif reason == "UnexpectedAdmissionError" and (found := _CORES.search(message)):
        amounts = f"requested {found['requested']} cores, free {found['free']}"
        yield _weaken(found, _diagnose(pod, "cpu", amounts, False, message, subject))


def _weaken(match: re.Match[str], diagnosis: Diagnosis) -> Diagnosis:
    """Return a diagnosis that is certain only if the match is the whole message."""
    return diagnosis if match[0] == match.string.strip() else replace(diagnosis, confidence="likely")


def _describe(resource: str, amounts: re.Match[str] | None) -> str:
    """Return the amounts of the kubelet's message: millicores of cpu, bytes of memory and disk."""
    if amounts is None:
        return ""
    shown = [_show(resource, int(amounts[name])) for name in ("requested", "used", "capacity")]
    return f"requested {shown[0]}, used {shown[1]} of {shown[2]}"


def _show(resource: str, amount: int) -> str:
    if resource == "cpu":
        return f"{amount / 1000:g}"
    return show_bytes(Fraction(amount)) if resource in ARGUMENTS else str(amount)


def _diagnose(pod: Object, resource: str, amounts: str, offers_none: bool, message: str, subject: str) -> Diagnosis:
    shown = sanitize(resource, 80)
    node = sanitize(text_at(pod, "spec", "nodeName") or "of the pod", 80)
    text = f"The node {node} had too little {shown} for the pod after it was scheduled{f': {amounts}' if amounts else ''}"
    if resource == "pods":
        text = f"The node {node} runs the maximum number of pods{f': {amounts}' if amounts else ''}"
    fix = f"The pod is created again automatically. {_fix(pod, resource, shown, offers_none)}"
    return Diagnosis("node-admission", text, fix, sanitize(message), subject=subject)


def _fix(pod: Object, resource: str, shown: str, offers_none: bool) -> str:
    if resource == "pods":
        return "If the node still rejects it, delete pods there, or raise maxPods of its kubelet."
    if resource in ARGUMENTS:
        return (
            f"Another pod took it first, or pods outside the scheduler use it. If the node still rejects it, lower "
            f"{argument_of(pod, resource)} (now {requested(pod, resource)})."
        )
    if offers_none:
        return f"If the node still rejects it, restart the device plugin of the node: it offers no {shown} now."
    if is_gpu(resource) or resource == gpu_resource_of(pod):
        return "Another pod took the GPU first. If the node still rejects it, restart the device plugin of the node: its count is wrong."
    return f"Another pod took it first. If the node still rejects it, lower {shown} in extra_resources."
