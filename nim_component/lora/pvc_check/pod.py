"""How far the Job's pod is, and what stands in its way: pure functions over the cluster's objects.

The verdict comes as the container's termination message: it is part of the pod, which has to be looked at anyway. The log would take one
right more (`pods/log`) and a way from the API server to the node, which closed networks often have not.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ...cluster.objects import Object, condition, container, event_time, message_of, phase_of, text_at
from ...diagnose.diagnosis import Diagnosis
from ...diagnose.rules.patterns import MessagePattern, any_of, match_patterns
from ...lora_loader.compare import MAX_LINE, Comparison
from ...names import CHECKER_CONTAINER
from ...text.sanitizing import sanitize
from .job import LIMITS, REQUESTS

_ASKED = f"it asks for {REQUESTS['cpu']} cpu and {REQUESTS['memory']} memory, at most {LIMITS['cpu']} and {LIMITS['memory']}"
_REFUSED = (
    MessagePattern(
        "pod-security",
        r'violates PodSecurity "(?P<level>[^"]+)"(?::\s*(?P<what>.{0,200}))?',
        "Pod Security {level} refuses the pod: {what}",
        "As it is made it passes `restricted`: see which webhook of the cluster changes it.",
    ),
    MessagePattern(
        "quota",
        r"(?:exceeded|failed) quota: (?P<quota>[^,:]+)",
        "the namespace's quota {quota} refuses the pod",
        f"Free some of it, or raise it: {_ASKED}.",
    ),
    MessagePattern(
        "limit-range",
        r"(?:maximum|minimum) (?P<what>\S+ usage per (?:Container|Pod) is [^,.]+)",
        "the namespace's LimitRange refuses the pod: {what}",
        f"Change the LimitRange: {_ASKED}.",
    ),
    MessagePattern(
        "webhook",
        r'admission webhook "(?P<webhook>[^"]+)" denied the request|failed calling webhook "(?P<broken>[^"]+)"',
        "a policy of the cluster refuses the pod",
        "Its words say why: meet it with --image, or ask its owner for an exemption.",
    ),
    MessagePattern("refused", r".", "the API server refuses the pod", "Its words say why."),
)
_UNPLACED = (
    MessagePattern(
        "claim-missing",
        r"persistentvolumeclaim \S+ (?:not found|is being deleted)",
        "the claim is not there any more",
        "Name another --claim.",
    ),
    MessagePattern(
        "claim-one-pod", r"ReadWriteOncePod", "the claim allows one pod only, and another one has it", "Check again when that pod is gone."
    ),
    MessagePattern(
        "volume-elsewhere",
        r"volume node affinity conflict",
        "the volume lies in a zone or on a node that cannot take the pod now",
        "See whether that node is up; while a pod of the service runs there, the check follows it.",
    ),
    MessagePattern(
        "node-affinity",
        r"didn't match Pod's node affinity",
        "the node of the pods that use the claim cannot take another pod, and its volume is for one node",
        f"Make room there ({_ASKED}), uncordon it, or check when the service is scaled to 0.",
    ),
    MessagePattern(
        "taint",
        r"untolerated taint",
        "the nodes have taints that the pod does not bear",
        "Check while a pod of the service runs: it then bears what that pod bears.",
    ),
    MessagePattern("no-room", r"Insufficient (?P<what>[\w./-]*\w)", "no node has {what} free", f"Make room: {_ASKED}."),
    MessagePattern("no-node", r".", "no node takes the pod", "The scheduler's words say why."),
)
_UNMOUNTED = (
    MessagePattern(
        "volume-attached",
        r"Multi-Attach|already (?:attached|exclusively)",
        "the volume is attached to another node",
        "Wait until the pod there has ended, or check when the service is scaled to 0.",
    ),
    MessagePattern("volume-mount", r".", "the volume cannot be mounted", "The node's words say why: look at the storage behind the claim."),
)
_IMAGE = (
    MessagePattern(
        "image-refused",
        any_of(r"unauthori[sz]ed", r"authentication required", r"\b40[13]\b", r"forbidden", r"denied", r"insufficient_scope"),
        "the registry refuses to hand out {image}",
        "Name another with --image, or secrets.ngc_image_secret in the stack.",
    ),
    MessagePattern("image-missing", r"not found|unknown|does not exist|\b404\b", "there is no image {image}", "Name another with --image."),
    MessagePattern(
        "image",
        r".",
        "the image {image} cannot be pulled",
        "Name one that the nodes can reach with --image (Python 3.10 or newer), as lora_image in the stack.",
    ),
)
_PULLING = ("ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable")
_STARTING = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError")
_SURE_TO_STAY = ("claim-missing",)


@dataclass(frozen=True)
class Waiting:
    """It has not ended."""

    text: str
    """What is being waited for."""
    diagnosis: Diagnosis | None = None
    """What stands in the way."""
    hopeless: bool = False
    """Whether no patience helps."""


RUNNING = Waiting("comparing")


@dataclass(frozen=True)
class JobEnd:
    """It has ended."""

    message: str
    """Its termination message."""
    reason: str
    """What the node says: `Completed`, `OOMKilled` and the like, with the exit code."""


def look(job: Object, pod: Object | None, events: Sequence[Object]) -> Waiting | JobEnd:
    """Where the Job stands, by what could be read; `events` are those of Job and pod."""
    if pod is None:
        said = _newest(events, "FailedCreate")
        if said:
            return _blocked("waiting for its pod", _REFUSED, said, hopeless="serviceaccount" not in said.replace(" ", "").lower())
        failed = condition(job, "Failed")
        return JobEnd("", sanitize(text_at(failed, "message"))) if failed.get("status") == "True" else Waiting("waiting for its pod")
    found = container(pod, CHECKER_CONTAINER)
    if found is not None and found.ended is not None:
        reason = sanitize(f"{found.ended.reason or 'ended'}, exit code {found.ended.code}", 80)
        return JobEnd(found.ended.message, reason)
    if phase_of(pod) in ("Failed", "Succeeded"):
        return JobEnd("", sanitize(f"{text_at(pod, 'status', 'reason')} {text_at(pod, 'status', 'message')}") or phase_of(pod))
    if not text_at(pod, "spec", "nodeName"):
        said = text_at(condition(pod, "PodScheduled"), "message")
        return _blocked("waiting for a node", _UNPLACED, said, hopeless=False) if said else Waiting("waiting for a node")
    if found is not None and found.waiting in _PULLING:
        image = text_at(found.spec, "image")
        said = _newest([each for each in events if image in message_of(each)], "Failed") or found.message
        return _blocked("pulling its image", _IMAGE, said or "nothing was said", hopeless=True, image=sanitize(image, 200))
    if found is not None and found.waiting in _STARTING:
        fix = "Name an image that has python3 with --image."
        return Waiting("starting", Diagnosis("start", "the container cannot be started", fix, sanitize(found.message)), hopeless=True)
    if found is not None and found.running_since is not None:
        return RUNNING
    said = _newest([each for each in events if "configmap" not in message_of(each)], "FailedMount", "FailedAttachVolume")
    return _blocked("waiting for the volume", _UNMOUNTED, said, hopeless=False) if said else Waiting("starting")


def read_comparison(message: str, adapters: int) -> Comparison | None:
    """What the loader said of as many adapters; nothing when the message is something else. Whatever a volume holds may stand in it."""
    try:
        said: Any = json.loads(message)
        problems = {int(at): sanitize(str(text), MAX_LINE) for at, text in cast("Mapping[str, Any]", said["problems"]).items()}
        unlisted = tuple(sanitize(str(name), MAX_LINE) for name in cast("list[Any]", said["unlisted"]))
        wrong, left_out = int(said["wrong"]), int(said["left_out"])
        if said["adapters"] != adapters or not set(problems) <= set(range(adapters)) or wrong < len(problems):
            return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    texts = {at: text or "differs from its locked record" for at, text in problems.items()}
    if wrong > len(problems):  # they come in their order
        rest = range(max(problems, default=-1) + 1, adapters)
        texts |= dict.fromkeys(rest, "is not known to be as it was locked: there was no room to say so")
    return Comparison(tuple(texts.get(at) for at in range(adapters)), unlisted, left_out)


def _blocked(text: str, table: Sequence[MessagePattern], said: str, hopeless: bool, **more: str) -> Waiting:
    image = more.get("image")
    words = said.replace(image, "the image") if image else said  # a name may hold any of the words
    (finding,) = match_patterns(table, words, "", sanitize(said), **more)
    return Waiting(text, finding, hopeless or finding.cause in _SURE_TO_STAY)


def _newest(events: Sequence[Object], *reasons: str) -> str:
    found = sorted((each for each in events if each.get("reason") in reasons), key=event_time)
    return message_of(found[-1]) if found else ""
