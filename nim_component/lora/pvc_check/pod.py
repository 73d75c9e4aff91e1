"""State of the Job's pod and the reason why it waits. Pure functions over objects.

The result is the termination message of the container, which is part of the pod. Reading the log
would need one more permission (`pods/log`) and a connection from the API server to the node, which
closed networks often block.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ...cluster.json_values import decode_json
from ...cluster.objects import Object, condition, container, event_time, message_of, phase_of, text_at
from ...diagnose.diagnosis import Diagnosis
from ...diagnose.rules.patterns import MessagePattern, any_of, match_patterns
from ...lora_loader.compare import MAX_LINE, AdapterComparison
from ...names import CHECKER_CONTAINER
from ...text.sanitizing import sanitize
from .job import LIMITS, REQUESTS

_REQUESTED = f"the pod requests {REQUESTS['cpu']} cpu and {REQUESTS['memory']} memory, at most {LIMITS['cpu']} and {LIMITS['memory']}"
_REFUSED = (
    MessagePattern(
        "pod-security",
        r'violates PodSecurity "(?P<level>[^"]+)"(?::\s*(?P<what>.{0,200}))?',
        "Pod Security {level} refuses the pod: {what}",
        "The rendered pod passes `restricted`. Find the webhook of the cluster that changes it.",
    ),
    MessagePattern(
        "quota",
        r"(?:exceeded|failed) quota: (?P<quota>[^,:]+)",
        "the namespace's quota {quota} refuses the pod",
        f"Free some of it, or raise it: {_REQUESTED}.",
    ),
    MessagePattern(
        "limit-range",
        r"(?:maximum|minimum) (?P<what>\S+ usage per (?:Container|Pod) is [^,.]+)",
        "the namespace's LimitRange refuses the pod: {what}",
        f"Change the LimitRange: {_REQUESTED}.",
    ),
    MessagePattern(
        "webhook",
        r'admission webhook "(?P<webhook>[^"]+)" denied the request|failed calling webhook "(?P<broken>[^"]+)"',
        "a policy of the cluster refuses the pod",
        "See the evidence. Comply by choosing another --image, or request an exemption.",
    ),
    MessagePattern("refused", r".", "the API server refuses the pod", "See the evidence."),
)
_UNPLACED = (
    MessagePattern(
        "pvc-missing",
        r"persistentvolumeclaim \S+ (?:not found|is being deleted)",
        "the PVC no longer exists",
        "Name another PVC with --pvc.",
    ),
    MessagePattern(
        "pvc-one-pod", r"ReadWriteOncePod", "the PVC allows one pod only, and another pod uses it", "Repeat when that pod has ended."
    ),
    MessagePattern(
        "volume-elsewhere",
        r"volume node affinity conflict",
        "the volume is in a zone or on a node that cannot run the pod now",
        "Check that the node is up. While a pod of the service runs there, the Job runs on its node.",
    ),
    MessagePattern(
        "node-affinity",
        r"didn't match Pod's node affinity",
        "the node of the pods that use the PVC cannot run another pod, and its volume allows one node",
        f"Free resources there ({_REQUESTED}), uncordon it, or repeat while the service is scaled to 0.",
    ),
    MessagePattern(
        "taint",
        r"untolerated taint",
        "the nodes have taints that the pod does not tolerate",
        "Repeat while a pod of the service runs: the Job then has the tolerations of that pod.",
    ),
    MessagePattern("no-room", r"Insufficient (?P<what>[\w./-]*\w)", "no node has {what} free", f"Free resources: {_REQUESTED}."),
    MessagePattern("no-node", r".", "no node can run the pod", "See the scheduler's message in the evidence."),
)
_UNMOUNTED = (
    MessagePattern(
        "volume-attached",
        r"Multi-Attach|already (?:attached|exclusively)",
        "the volume is attached to another node",
        "Wait until the pod there has ended, or repeat while the service is scaled to 0.",
    ),
    MessagePattern(
        "volume-mount", r".", "the volume cannot be mounted", "See the node's message in the evidence; check the storage of the PVC."
    ),
)
_IMAGE = (
    MessagePattern(
        "image-refused",
        any_of(r"unauthori[sz]ed", r"authentication required", r"\b40[13]\b", r"forbidden", r"denied", r"insufficient_scope"),
        "the registry refuses the pull of {image}",
        "Name another image with --image, or set secrets.ngc_image_secret in the stack.",
    ),
    MessagePattern(
        "image-missing", r"not found|unknown|does not exist|\b404\b", "the image {image} does not exist", "Name another with --image."
    ),
    MessagePattern(
        "image",
        r".",
        "the image {image} cannot be pulled",
        "Name one that the nodes can reach with --image (Python 3.10 or newer), as lora_image in the stack.",
    ),
)
_PULLING = ("ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable")
_STARTING = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError")
_PERMANENT = ("pvc-missing",)


@dataclass(frozen=True)
class Waiting:
    """State of a Job that has not ended."""

    text: str
    """The event that the command waits for."""
    diagnosis: Diagnosis | None = None
    """The reason for the wait, if one is known."""
    hopeless: bool = False
    """The state does not end by waiting."""


RUNNING = Waiting("comparing")


@dataclass(frozen=True)
class JobEnd:
    """State of a Job that has ended."""

    message: str
    """Termination message of the container."""
    reason: str
    """Reason in the container's status, such as `Completed` or `OOMKilled`, with the exit code."""


def look(job: Object, pod: Object | None, events: Sequence[Object]) -> Waiting | JobEnd:
    """Return the state of the Job; `events` are those of Job and pod."""
    if pod is None:
        reported = _newest(events, "FailedCreate")
        if reported:
            return _blocked("waiting for its pod", _REFUSED, reported, hopeless="serviceaccount" not in reported.replace(" ", "").lower())
        failed = condition(job, "Failed")
        return JobEnd("", sanitize(text_at(failed, "message"))) if failed.get("status") == "True" else Waiting("waiting for its pod")
    found = container(pod, CHECKER_CONTAINER)
    if found is not None and found.ended is not None:
        reason = sanitize(f"{found.ended.reason or 'ended'}, exit code {found.ended.code}", 80)
        return JobEnd(found.ended.message, reason)
    if phase_of(pod) in ("Failed", "Succeeded"):
        return JobEnd("", sanitize(f"{text_at(pod, 'status', 'reason')} {text_at(pod, 'status', 'message')}") or phase_of(pod))
    if not text_at(pod, "spec", "nodeName"):
        reported = text_at(condition(pod, "PodScheduled"), "message")
        return _blocked("waiting for a node", _UNPLACED, reported, hopeless=False) if reported else Waiting("waiting for a node")
    if found is not None and found.waiting in _PULLING:
        image = text_at(found.spec, "image")
        reported = _newest([each for each in events if image in message_of(each)], "Failed") or found.message
        return _blocked("pulling its image", _IMAGE, reported or "no message", hopeless=True, image=sanitize(image, 200))
    if found is not None and found.waiting in _STARTING:
        fix = "Name an image that has python3 with --image."
        return Waiting("starting", Diagnosis("start", "the container cannot be started", fix, sanitize(found.message)), hopeless=True)
    if found is not None and found.running_since is not None:
        return RUNNING
    reported = _newest([each for each in events if "configmap" not in message_of(each)], "FailedMount", "FailedAttachVolume")
    return _blocked("waiting for the volume", _UNMOUNTED, reported, hopeless=False) if reported else Waiting("starting")


def read_comparison(message: str, adapters: int) -> AdapterComparison | None:
    """Parse the loader's termination message; None if it is another message.

    The message contains names from the volume, which are untrusted.

    Args:
        message: The termination message.
        adapters: Number of adapters that were compared.
    """
    try:
        reported: Any = decode_json(message)
        problems = {int(at): sanitize(str(text), MAX_LINE) for at, text in cast("Mapping[str, Any]", reported["problems"]).items()}
        unlisted = tuple(sanitize(str(name), MAX_LINE) for name in cast("list[Any]", reported["unlisted"]))
        wrong, left_out = int(reported["wrong"]), int(reported["left_out"])
        if reported["adapters"] != adapters or not set(problems) <= set(range(adapters)) or wrong < len(problems):
            return None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    texts = {at: text or "differs from its locked record" for at, text in problems.items()}
    if wrong > len(problems):  # problems are in the order of the adapters
        rest = range(max(problems, default=-1) + 1, adapters)
        texts |= dict.fromkeys(rest, "was not reported: the message had no space left")
    return AdapterComparison(tuple(texts.get(at) for at in range(adapters)), unlisted, left_out)


def _blocked(text: str, table: Sequence[MessagePattern], message: str, hopeless: bool, **more: str) -> Waiting:
    image = more.get("image")
    # The name of an image may contain any of the patterns.
    neutral = message.replace(image, "the image") if image else message
    (diagnosis,) = match_patterns(table, neutral, "", sanitize(message), **more)
    return Waiting(text, diagnosis, hopeless or diagnosis.cause in _PERMANENT)


def _newest(events: Sequence[Object], *reasons: str) -> str:
    found = sorted((each for each in events if each.get("reason") in reasons), key=event_time)
    return message_of(found[-1]) if found else ""
