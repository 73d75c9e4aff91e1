"""How far a rollout is, in words: pure. What has changed since the last time is told, once."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .findings import harmless
from .objects import (
    LOADER,
    SERVER,
    Container,
    Object,
    Snapshot,
    condition,
    container,
    containers_of,
    is_leaving,
    is_ready,
    message_of,
    name_of,
    number_at,
    phase_of,
    text_at,
    time_at,
)


@dataclass(frozen=True)
class Phase:
    """Where one pod stands."""

    pod: str
    text: str
    """Such as `pulling nvcr.io/nim/meta/llama3-8b-instruct:1.0.0`: without times, so that it changes only when the phase does."""
    order: int
    """How far it is: a later phase has a higher number."""


@dataclass
class Story:
    """What has been told of one service. `tell` gives the new lines."""

    told: dict[str, str] = field(default_factory=dict[str, str])
    """Pod to the last phase that was told of it."""

    def tell(self, snapshot: Snapshot, adapters: int = 0, arrived: int | None = None) -> list[str]:
        """A line for each pod whose phase has changed since; `arrived` of `adapters` are known to be downloaded."""
        lines: list[str] = []
        phases = list(phases_of(snapshot, adapters, arrived))
        several = len(phases) > 1
        for phase in phases:
            if self.told.get(phase.pod) != phase.text:
                self.told[phase.pod] = phase.text
                lines.append(f"{phase.pod}: {phase.text}" if several and phase.pod else phase.text)
        return lines


READY = 9


def phases_of(snapshot: Snapshot, adapters: int = 0, arrived: int | None = None) -> Iterator[Phase]:
    """The phase of each pod; of the service as a whole where there is none."""
    pods = newest_generation(snapshot)
    for pod in pods:
        yield Phase(name_of(pod), *_phase(snapshot, pod, adapters, arrived))
    if not pods:
        leaving = [pod for pod in snapshot.all("pods") if is_leaving(pod)]
        if leaving:
            yield Phase("", f"stopping {_count(len(leaving), 'old pod')}", 0)
        elif snapshot.deployment is not None and number_at(snapshot.deployment, "spec", "replicas") == 0:
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
    return text_at(object_, "metadata", "labels", "pod-template-hash")


def _phase(snapshot: Snapshot, pod: Object, adapters: int, arrived: int | None) -> tuple[str, int]:
    node = harmless(text_at(pod, "spec", "nodeName"), 80)
    if is_ready(pod):
        return f"ready after {_duration(snapshot, pod)}", READY
    if not node:
        return "waiting for a node", 1
    loader, server = container(pod, LOADER), container(pod, SERVER)
    current = _current(pod)
    if current is None:
        return f"scheduled on {node}, waiting for its volumes", 2
    image = harmless(text_at(current.spec, "image"), 150)
    if current.waiting in ("CrashLoopBackOff",):
        return f"{_role(current)} failed {_count(current.restarts, 'time')}, waiting to start again", 3
    if current.waiting:
        if current.waiting in ("ContainerCreating", "PodInitializing"):
            return (f"pulling {image}", 4) if _is_pulling(snapshot, pod, image) else (f"scheduled on {node}, preparing {_role(current)}", 3)
        return f"{_role(current)} waits: {harmless(current.waiting, 60)}", 3
    if loader is not None and current.name == LOADER and current.running_since:
        return _downloading(adapters, arrived), 5
    if server is not None and current.name == SERVER and current.running_since:
        return "loading the model" + (f" (started {_count(server.restarts + 1, 'time')})" if server.restarts else ""), 6
    return f"scheduled on {node}, preparing {_role(current)}", 3


def _current(pod: Object) -> Container | None:
    """The container that the pod waits for: the first init container that has not succeeded, else the server."""
    each_of = containers_of(pod)
    if not any(each.waiting or each.running_since or each.ended for each in each_of):
        return None
    for each in each_of:
        if each.init and not (each.ended and each.ended.code == 0 and not each.running_since):
            return each
    servers = [each for each in each_of if not each.init and each.name == SERVER]
    return servers[0] if servers else next((each for each in each_of if not each.init), None)


def _role(each: Container) -> str:
    roles = {SERVER: "the server", LOADER: "the adapter loader"}
    return roles.get(each.name, f"container {harmless(each.name, 63)}")


def _is_pulling(snapshot: Snapshot, pod: Object, image: str) -> bool:
    """Kubelet says `Pulling` and, when it is done, `Pulled`: it pulls while the last of both is the first."""
    said = [event for event in snapshot.events(pod, "Pulling", "Pulled") if image in message_of(event)]
    return bool(said) and text_at(said[-1], "reason") == "Pulling"


def _downloading(adapters: int, arrived: int | None) -> str:
    if arrived is not None and adapters:
        return f"downloading adapters {min(arrived + 1, adapters)} of {adapters}"
    return f"downloading {_count(adapters, 'adapter')}" if adapters else "downloading adapters"


def _duration(snapshot: Snapshot, pod: Object) -> str:
    began, ended = time_at(pod, "metadata", "creationTimestamp"), time_at(condition(pod, "Ready"), "lastTransitionTime") or snapshot.now
    return duration((ended - began).total_seconds()) if began else "an unknown time"


def duration(seconds: float) -> str:
    """`6 min 12 s`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
