"""How far each pod is, in words: pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..cluster.objects import (
    Container,
    Object,
    at,
    condition,
    containers_of,
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
from ..text.sanitizing import sanitize
from .snapshot import Snapshot

READY = 9
_ROLES = {
    SERVER_CONTAINER: "the server",
    LOADER_CONTAINER: "the adapter loader",
    CHECKER_CONTAINER: "the check of the adapters",
    FETCHER_CONTAINER: "what brings the adapters",
    PREWARM_CONTAINER: "the download of the model",
}

TITLES = {PREWARM_JOB: "pre-warm", LORA_JOB: "adapters"}
"""What a service's Jobs are called beside it."""


@dataclass(frozen=True)
class Phase:
    """Where one pod stands."""

    pod: str
    text: str
    """Such as `pulling nvcr.io/nim/meta/llama3-8b-instruct:1.0.0`: without times, so that it changes only when the phase does."""
    order: int
    """How far it is: a later phase has a higher number; `READY` is the last."""


def phases_of(snapshot: Snapshot, adapters: int = 0, arrived: int | None = None) -> Iterator[Phase]:
    """The phase of each pod; of the whole where there is none. `arrived` of `adapters` are known to be downloaded. Of a Job: its own, and
    that of its newest pod."""
    if snapshot.job is not None:
        yield _phase_of_job(snapshot, snapshot.job, adapters, arrived)
        return
    pods = newest_generation(snapshot)
    for pod in pods:
        yield Phase(name_of(pod), *_phase(snapshot, pod, adapters, arrived))
    if not pods:
        workload = snapshot.deployment or snapshot.leader_worker_set
        leaving = [pod for pod in snapshot.all("pods") if is_terminating(pod)]
        if leaving:
            yield Phase("", f"stopping {_count(len(leaving), 'old pod')}", 0)
        elif workload is not None and number_at(workload, "spec", "replicas") == 0:
            yield Phase("", "scaled to 0 replicas", READY)
        else:
            yield Phase("", "waiting for pods", 0)


def newest_generation(snapshot: Snapshot) -> list[Object]:
    """The pods of the newest template, in the order of their names; evicted ones are records, not pods."""
    live = [pod for pod in snapshot.pods if phase_of(pod) != "Failed"]
    hashes = [
        (text_at(each, "metadata", "creationTimestamp"), _template(each))
        for each in snapshot.all("replicasets")
        if number_at(each, "spec", "replicas")
    ]
    newest = max(hashes)[1] if hashes else _template(live[0]) if live else ""
    return sorted((pod for pod in live if _template(pod) == newest), key=name_of)


def _template(object_: Object) -> str:
    labels = ("pod-template-hash", "leaderworkerset.sigs.k8s.io/template-revision-hash")
    return next((found for label in labels if (found := text_at(object_, "metadata", "labels", label))), "")


def _phase_of_job(snapshot: Snapshot, job: Object, adapters: int, arrived: int | None) -> Phase:
    # The Job says so itself only when its pod has gone through the controller's hands.
    if condition(job, "Complete").get("status") == "True" or any(phase_of(pod) == "Succeeded" for pod in snapshot.all("pods")):
        return Phase("", f"done after {_duration_of_job(snapshot, job)}", READY)
    failed = number_at(job, "status", "failed")
    if condition(job, "Failed").get("status") == "True":
        return Phase("", f"failed {_count(max(failed, 1), 'time')}, and not tried again", 0)
    if at(job, "spec", "suspend") is True:
        return Phase("", "suspended", 0)
    live = [pod for pod in snapshot.pods if phase_of(pod) != "Failed"]
    if live:
        return Phase(name_of(live[0]), *_phase(snapshot, live[0], adapters, arrived))
    return Phase("", f"failed {_count(failed, 'time')}, waiting to start again" if failed else "waiting for pods", 0)


def _phase(snapshot: Snapshot, pod: Object, adapters: int, arrived: int | None) -> tuple[str, int]:
    node = sanitize(text_at(pod, "spec", "nodeName"), 80)
    # A Job's pod, which nothing probes, is ready as soon as it runs.
    if is_ready(pod) and snapshot.job is None:
        return f"ready after {_duration(snapshot, pod)}", READY
    if not node:
        return "waiting for a node", 1
    current = _current(pod)
    if current is None:
        return f"scheduled on {node}, waiting for its volumes", 2
    image = sanitize(text_at(current.spec, "image"), 150)
    if current.waiting in ("CrashLoopBackOff",):
        return f"{role_of(current)} failed {_count(current.restarts, 'time')}, waiting to start again", 3
    if current.waiting:
        if current.waiting in ("ContainerCreating", "PodInitializing"):
            pulls = _is_pulling(snapshot, pod, image)
            return (f"pulling {image}", 4) if pulls else (f"scheduled on {node}, preparing {role_of(current)}", 3)
        return f"{role_of(current)} waits: {sanitize(current.waiting, 60)}", 3
    if current.running_since:
        if current.name == LOADER_CONTAINER:
            return _downloading(adapters, arrived), 5
        if current.name == PREWARM_CONTAINER:
            return _filling(snapshot), 5
        if current.name == SERVER_CONTAINER:
            return "loading the model" + (f" (started {_count(current.restarts + 1, 'time')})" if current.restarts else ""), 6
        return f"{role_of(current)} runs", 5
    return f"scheduled on {node}, preparing {role_of(current)}", 3


def _current(pod: Object) -> Container | None:
    """The container that the pod waits for: the first init container that has not succeeded, else the server."""
    each_of = containers_of(pod)
    if not any(each.waiting or each.running_since or each.ended for each in each_of):
        return None
    for each in each_of:
        if each.init and not (each.ended and each.ended.code == 0 and not each.running_since):
            return each
    servers = [each for each in each_of if not each.init and each.name == SERVER_CONTAINER]
    return servers[0] if servers else next((each for each in each_of if not each.init), None)


def role_of(each: Container) -> str:
    """What a container is called in a sentence: `the server`."""
    return _ROLES.get(each.name, f"container {sanitize(each.name, 63)}")


def _is_pulling(snapshot: Snapshot, pod: Object, image: str) -> bool:
    """Kubelet says `Pulling` and, when it is done, `Pulled`: it pulls while the last of both is the first."""
    said = [event for event in snapshot.events(pod, "Pulling", "Pulled") if image in message_of(event)]
    return bool(said) and text_at(said[-1], "reason") == "Pulling"


def _downloading(adapters: int, arrived: int | None) -> str:
    if arrived is not None and adapters:
        return f"downloading adapters {min(arrived + 1, adapters)} of {adapters}"
    return f"downloading {_count(adapters, 'adapter')}" if adapters else "downloading adapters"


def _filling(snapshot: Snapshot) -> str:
    limit = number_at(snapshot.job, "spec", "activeDeadlineSeconds")
    return "downloading the model into the cache" + (f", which may take {duration(limit)}" if limit else "")


def _duration(snapshot: Snapshot, pod: Object) -> str:
    began, ended = time_at(pod, "metadata", "creationTimestamp"), time_at(condition(pod, "Ready"), "lastTransitionTime") or snapshot.now
    return duration((ended - began).total_seconds()) if began else "an unknown time"


def _duration_of_job(snapshot: Snapshot, job: Object) -> str:
    began, ended = time_at(job, "metadata", "creationTimestamp"), time_at(job, "status", "completionTime") or snapshot.now
    return duration((ended - began).total_seconds()) if began else "an unknown time"


def duration(seconds: float) -> str:
    """`6 min 12 s`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
