"""Phases of pods and Jobs, from the scheduling of a pod to its readiness."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..cluster.objects import (
    Container,
    Object,
    at,
    condition,
    containers_of,
    is_leader,
    is_ready,
    is_terminating,
    message_of,
    name_of,
    number_at,
    phase_of,
    text_at,
    time_at,
)
from ..names import CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, LORA_JOB, PREWARM_CONTAINER, PREWARM_JOB, SERVER_CONTAINER
from ..text.amounts import count_of, format_duration
from ..text.sanitizing import sanitize
from .snapshot import Snapshot

READY = 9
"""Order of the last phase."""
_ROLES = {
    SERVER_CONTAINER: "the server",
    LOADER_CONTAINER: "the adapter loader",
    CHECKER_CONTAINER: "the adapter check",
    FETCHER_CONTAINER: "the adapter fetcher",
    PREWARM_CONTAINER: "the model download",
}

JOB_TITLES = {PREWARM_JOB: "prewarm Job", LORA_JOB: "LoRA Job"}
"""Titles of a service's Jobs in output."""


@dataclass(frozen=True)
class Phase:
    """Phase of one pod or Job."""

    pod: str
    """Name of the pod; empty for a phase without a pod."""
    text: str
    """Description, such as `pulling nvcr.io/nim/meta/llama3-8b-instruct:1.0.0`.

    It contains no time while the phase lasts, so that the text changes only with the phase.
    """
    order: int
    """Position of the phase: later phases have higher numbers, up to `READY`."""

    def describe(self, *, names_pod: bool) -> str:
        """Return the description, with the name of the pod if `names_pod`."""
        return f"{self.pod}: {self.text}" if names_pod and self.pod else self.text


def describe_phases(snapshot: Snapshot, adapters: int = 0, downloaded: int | None = None) -> Iterator[Phase]:
    """Yield the phase of each pod, or one phase of the service if it has no pods.

    Workers without a leader have a phase of the service before their own.

    In a snapshot of a Job, yield one phase: that of the Job, or of its newest pod.

    Args:
        snapshot: State of the service or Job.
        adapters: Number of LoRA adapters of the service.
        downloaded: Number of adapters that are known to be downloaded.
    """
    if snapshot.job is not None:
        yield _describe_job(snapshot, snapshot.job, adapters, downloaded)
        return
    pods = _newest_generation(snapshot)
    if pods and not any(map(is_leader, pods)):
        yield Phase("", "waiting for the pod of a leader", 0)
    for pod in pods:
        yield Phase(name_of(pod), *_describe_pod(snapshot, pod, adapters, downloaded))
    if not pods:
        workload = snapshot.deployment or snapshot.leader_worker_set
        terminating = [pod for pod in snapshot.all("pods") if is_terminating(pod)]
        if terminating:
            yield Phase("", f"stopping {count_of(len(terminating), 'old pod')}", 0)
        elif workload is not None and number_at(workload, "spec", "replicas") == 0:
            yield Phase("", "scaled to 0 replicas", READY)
        else:
            yield Phase("", "waiting for pods", 0)


def _newest_generation(snapshot: Snapshot) -> list[Object]:
    """Return the pods of the newest template, by name, without failed ones such as evicted pods."""
    live = [pod for pod in snapshot.pods if phase_of(pod) != "Failed"]
    hashes = [
        (text_at(each, "metadata", "creationTimestamp"), _template_hash(each))
        for each in snapshot.all("replicasets")
        if number_at(each, "spec", "replicas")
    ]
    newest = max(hashes)[1] if hashes else _template_hash(live[0]) if live else ""
    return sorted((pod for pod in live if _template_hash(pod) == newest), key=name_of)


def _template_hash(object_: Object) -> str:
    labels = ("pod-template-hash", "leaderworkerset.sigs.k8s.io/template-revision-hash")
    return next((found for label in labels if (found := text_at(object_, "metadata", "labels", label))), "")


def _describe_job(snapshot: Snapshot, job: Object, adapters: int, downloaded: int | None) -> Phase:
    # The Job's own condition follows only after its controller has processed the pod.
    if condition(job, "Complete").get("status") == "True" or any(phase_of(pod) == "Succeeded" for pod in snapshot.all("pods")):
        return Phase("", f"done after {_job_duration(snapshot, job)}", READY)
    failed = number_at(job, "status", "failed")
    if condition(job, "Failed").get("status") == "True":
        return Phase("", f"failed {count_of(max(failed, 1), 'time')}, not retried", 0)
    if at(job, "spec", "suspend") is True:
        return Phase("", "suspended", 0)
    live = [pod for pod in snapshot.pods if phase_of(pod) != "Failed"]
    if live:
        return Phase(name_of(live[0]), *_describe_pod(snapshot, live[0], adapters, downloaded))
    return Phase("", f"failed {count_of(failed, 'time')}, waiting to start again" if failed else "waiting for pods", 0)


def _describe_pod(snapshot: Snapshot, pod: Object, adapters: int, downloaded: int | None) -> tuple[str, int]:
    node = sanitize(text_at(pod, "spec", "nodeName"), 80)
    # A Job's pod has no probes, so it is ready as soon as it runs.
    if is_ready(pod) and snapshot.job is None:
        return f"ready after {_pod_duration(snapshot, pod)}", READY
    if not node:
        return "waiting for a node", 1
    current = _current_container(pod)
    if current is None:
        return f"scheduled on {node}, waiting for its volumes", 2
    image = sanitize(text_at(current.spec, "image"), 150)
    role = _describe_role(current)
    if current.waiting == "CrashLoopBackOff":
        return f"{role} failed {count_of(current.restarts, 'time')}, waiting to start again", 3
    if current.waiting:
        if current.waiting in ("ContainerCreating", "PodInitializing"):
            is_pulling = _is_pulling(snapshot, pod, image)
            return (f"pulling {image}", 4) if is_pulling else (f"scheduled on {node}, preparing {role}", 3)
        return f"{role} waits: {sanitize(current.waiting, 60)}", 3
    if current.running_since:
        if current.name == LOADER_CONTAINER:
            return _describe_adapter_download(adapters, downloaded), 5
        if current.name == PREWARM_CONTAINER:
            return _describe_model_download(snapshot), 5
        if current.name == SERVER_CONTAINER:
            return "loading the model" + (f" (started {count_of(current.restarts + 1, 'time')})" if current.restarts else ""), 6
        return f"{role} runs", 5
    return f"scheduled on {node}, preparing {role}", 3


def _current_container(pod: Object) -> Container | None:
    """Return the container that the pod waits for: an init container, else the server."""
    containers = containers_of(pod)
    if not any(each.waiting or each.running_since or each.ended for each in containers):
        return None
    for each in containers:
        if each.init and not (each.ended and each.ended.code == 0 and not each.running_since):
            return each
    servers = [each for each in containers if not each.init and each.name == SERVER_CONTAINER]
    return servers[0] if servers else next((each for each in containers if not each.init), None)


def _describe_role(each: Container) -> str:
    return _ROLES.get(each.name, f"container {sanitize(each.name, 63)}")


def _is_pulling(snapshot: Snapshot, pod: Object, image: str) -> bool:
    """Return True if the kubelet's last event about the image is `Pulling` and not `Pulled`."""
    events = [event for event in snapshot.events(pod, "Pulling", "Pulled") if image in message_of(event)]
    return bool(events) and text_at(events[-1], "reason") == "Pulling"


def _describe_adapter_download(adapters: int, downloaded: int | None) -> str:
    if downloaded is not None and adapters:
        return f"downloading adapter {min(downloaded + 1, adapters)} of {adapters}"
    return f"downloading {count_of(adapters, 'adapter')}" if adapters else "downloading adapters"


def _describe_model_download(snapshot: Snapshot) -> str:
    deadline = number_at(snapshot.job, "spec", "activeDeadlineSeconds")
    return "downloading the model into the cache" + (f" (time limit {format_duration(deadline)})" if deadline else "")


def _pod_duration(snapshot: Snapshot, pod: Object) -> str:
    started, ended = time_at(pod, "metadata", "creationTimestamp"), time_at(condition(pod, "Ready"), "lastTransitionTime") or snapshot.now
    return format_duration((ended - started).total_seconds()) if started else "an unknown time"


def _job_duration(snapshot: Snapshot, job: Object) -> str:
    started, ended = time_at(job, "metadata", "creationTimestamp"), time_at(job, "status", "completionTime") or snapshot.now
    return format_duration((ended - started).total_seconds()) if started else "an unknown time"
