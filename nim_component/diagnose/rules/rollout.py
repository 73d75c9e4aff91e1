"""Rollouts that stand still for reasons that no single pod shows."""

from collections.abc import Iterator
from datetime import timedelta

from ...cluster.objects import Object, at, condition, is_terminating, name_of, number_at, text_at, time_at
from ...cluster.scheduling import gpu_resource_of, holds_resources, requests_of
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot

LEAVING = timedelta(seconds=60)
"""How long after its grace a pod that was told to end may still be there."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """What the Deployment waits for."""
    deployment = snapshot.deployment
    if deployment is not None:
        subject = f"deployment/{name_of(deployment)}"
        if at(deployment, "spec", "paused") is True:
            fix = f"Go on with: kubectl -n {snapshot.namespace} rollout resume deployment/{name_of(deployment)}."
            yield Diagnosis("rollout-paused", "The Deployment is paused", fix, subject=subject)
        yield from _find_need_of_spare(snapshot, deployment, subject)
        progress = condition(deployment, "Progressing")
        if progress.get("reason") == "ProgressDeadlineExceeded":
            text = "The rollout made no progress for longer than its deadline"
            yield Diagnosis(
                "progress-deadline",
                text,
                "Raise startup_timeout; the deadline follows from it.",
                sanitize(text_at(progress, "message")),
                "possible",
                subject,
            )
        yield from _find_scaled_by_hand(deployment, subject)
    for pod in snapshot.all("pods"):
        yield from _find_stuck_end(snapshot, pod)


def _find_need_of_spare(snapshot: Snapshot, deployment: Object, subject: str) -> Iterator[Diagnosis]:
    """A surge pod waits for a GPU that only the pod it is to replace could free."""
    surge = at(deployment, "spec", "strategy", "rollingUpdate", "maxSurge")
    unavailable = at(deployment, "spec", "strategy", "rollingUpdate", "maxUnavailable")
    if surge in (None, 0, "0", "0%") or unavailable not in (0, "0", "0%"):
        return
    waiting = [
        pod
        for pod in snapshot.pods
        if "Insufficient" in text_at(condition(pod, "PodScheduled"), "message") and not text_at(pod, "spec", "nodeName")
    ]
    for pod in waiting:
        resource = gpu_resource_of(pod)
        template = text_at(pod, "metadata", "labels", "pod-template-hash")
        old = [
            each
            for each in snapshot.pods
            if holds_resources(each)
            and text_at(each, "metadata", "labels", "pod-template-hash") != template
            and resource
            and requests_of(each, resource)
        ]
        if old and resource and f"Insufficient {resource}" in text_at(condition(pod, "PodScheduled"), "message"):
            text = "The rollout is stuck: the new pod waits for a GPU that only the old pod could free"
            fix = "Use rollout: recreate (one replica) or rolling in place of surge, or add a GPU."
            evidence = sanitize(f"{name_of(old[0])} holds {requests_of(old[0], resource)} {resource}")
            yield Diagnosis("rollout-needs-spare-gpu", text, fix, evidence, subject=subject)
            return


def _find_scaled_by_hand(deployment: Object, subject: str) -> Iterator[Diagnosis]:
    if at(deployment, "spec", "replicas") == 0 and number_at(deployment, "status", "replicas") == 0:
        fix = "Raise replicas; with an autoscaler, its minimum."
        yield Diagnosis("no-replicas", "The Deployment is scaled to 0 replicas", fix, subject=subject, confidence="possible")


def _find_stuck_end(snapshot: Snapshot, pod: Object) -> Iterator[Diagnosis]:
    deadline = time_at(pod, "metadata", "deletionTimestamp")
    if not is_terminating(pod) or deadline is None or snapshot.now - deadline < LEAVING:
        return
    held = str(at(pod, "metadata", "finalizers") or "")
    why = f"finalizers hold it: {sanitize(held, 120)}" if held else "its node does not confirm its end"
    late, node = int((snapshot.now - deadline).total_seconds()), sanitize(text_at(pod, "spec", "nodeName"), 60)
    text = f"The old pod {name_of(pod)} should have ended {late} s ago and still holds its GPUs: {why}"
    fix = f"Look after the node {node}; if it is lost: kubectl -n {snapshot.namespace} delete pod {name_of(pod)} --force."
    yield Diagnosis("old-pod-stuck", text, fix, subject=f"pod/{name_of(pod)}", confidence="likely")
