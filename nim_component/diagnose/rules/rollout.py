"""Rollouts that are stuck for reasons that no single pod shows."""

from collections.abc import Iterator
from datetime import timedelta

from ...cluster.objects import Object, at, condition, is_terminating, name_of, number_at, text_at, time_at
from ...cluster.scheduler_message import lacking_resource, split_reasons
from ...cluster.scheduling import gpu_resource_of, holds_resources, requests_of
from ...kubernetes.kubectl import delete_pod
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .autoscalers import is_adding_node

TERMINATION_DELAY = timedelta(seconds=60)
"""Time after the grace period in which a pod normally terminates."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of the Deployment and of its old pods."""
    deployment = snapshot.deployment
    if deployment is not None:
        subject = f"deployment/{name_of(deployment)}"
        if at(deployment, "spec", "paused") is True:
            fix = f"Resume it: `kubectl -n {snapshot.namespace} rollout resume deployment/{name_of(deployment)}`."
            yield Diagnosis("rollout-paused", "The Deployment is paused", fix, subject=subject)
        yield from _check_spare_gpu(snapshot, deployment, subject)
        progress = condition(deployment, "Progressing")
        if progress.get("reason") == "ProgressDeadlineExceeded":
            text = "The rollout exceeded its progress deadline"
            fix = "Raise startup_timeout: the deadline is derived from it."
            yield Diagnosis("progress-deadline", text, fix, sanitize(text_at(progress, "message")), "possible", subject)
        yield from _check_replicas(deployment, subject)
    for pod in snapshot.all("pods"):
        yield from _check_termination(snapshot, pod)


def _check_spare_gpu(snapshot: Snapshot, deployment: Object, subject: str) -> Iterator[Diagnosis]:
    """Check for a surge pod that waits for a GPU of the pod that it replaces."""
    surge = at(deployment, "spec", "strategy", "rollingUpdate", "maxSurge")
    unavailable = at(deployment, "spec", "strategy", "rollingUpdate", "maxUnavailable")
    if surge in (None, 0, "0", "0%") or unavailable not in (0, "0", "0%"):
        return
    waiting = [pod for pod in snapshot.pods if not text_at(pod, "spec", "nodeName") and not is_adding_node(snapshot, pod)]
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
        reasons = split_reasons(text_at(condition(pod, "PodScheduled"), "message"))
        if old and resource and resource in map(lacking_resource, reasons):
            text = "The rollout is stuck: the new pod waits for a GPU that only the old pod can free"
            fix = "Set rollout to recreate (one replica) or rolling instead of surge, or add a GPU."
            evidence = sanitize(f"{name_of(old[0])} holds {requests_of(old[0], resource)} {resource}")
            yield Diagnosis("rollout-needs-spare-gpu", text, fix, evidence, subject=subject)
            return


def _check_replicas(deployment: Object, subject: str) -> Iterator[Diagnosis]:
    if at(deployment, "spec", "replicas") == 0 and number_at(deployment, "status", "replicas") == 0:
        text, fix = "The Deployment is scaled to 0 replicas", "Raise replicas, or the minimum of the autoscaler."
        yield Diagnosis("no-replicas", text, fix, subject=subject, confidence="possible")


def _check_termination(snapshot: Snapshot, pod: Object) -> Iterator[Diagnosis]:
    deadline = time_at(pod, "metadata", "deletionTimestamp")
    if not is_terminating(pod) or deadline is None or snapshot.now - deadline < TERMINATION_DELAY:
        return
    finalizers = str(at(pod, "metadata", "finalizers") or "")
    reason = f"its finalizers are not removed: {sanitize(finalizers, 120)}" if finalizers else "its node does not confirm the termination"
    late, node = int((snapshot.now - deadline).total_seconds()), sanitize(text_at(pod, "spec", "nodeName"), 60)
    text = f"The old pod {name_of(pod)} should have terminated {late} s ago and still holds its GPUs: {reason}"
    fix = f"Check the node {node}. If it is lost: `{delete_pod(snapshot.namespace, name_of(pod))}`."
    yield Diagnosis("old-pod-stuck", text, fix, subject=f"pod/{name_of(pod)}", confidence="likely")
