"""Accessors for Kubernetes objects as plain dicts.

Objects come from a cluster, so no field is assumed to exist or to have the right type.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from ..names import WORKER_INDEX

Object = dict[str, Any]
"""A Kubernetes object as decoded JSON."""
_COMBINED = "(combined from similar events): "


@dataclass(frozen=True)
class Ended:
    """A terminated state of a container."""

    reason: str
    code: int
    message: str


@dataclass(frozen=True)
class Container:
    """A container of a pod: its spec and its status."""

    name: str
    init: bool
    spec: Object
    waiting: str
    """Reason of the waiting state, such as `ImagePullBackOff`; empty in another state."""
    message: str
    """Message of the waiting state."""
    running_since: datetime | None
    ended: Ended | None
    """The current terminated state, else the last one."""
    restarts: int
    ready: bool


def at(object_: Any, *path: str) -> Any:
    """Return the value at a path of mappings, or None if a mapping on the path is missing."""
    for key in path:
        if not isinstance(object_, dict):
            return None
        object_ = cast("dict[str, Any]", object_).get(key)
    return object_


def text_at(object_: Any, *path: str) -> str:
    """Return the string at a path, or an empty one."""
    value = at(object_, *path)
    return value if isinstance(value, str) else ""


def mapping_at(object_: Any, *path: str) -> Object:
    """Return the mapping at a path, or an empty one."""
    value = at(object_, *path)
    return cast(Object, value) if isinstance(value, dict) else {}


def items_at(object_: Any, *path: str) -> list[Object]:
    """Return the mappings in the list at a path."""
    value = at(object_, *path)
    return [cast(Object, each) for each in cast("list[Any]", value) if isinstance(each, dict)] if isinstance(value, list) else []


def texts_at(object_: Any, *path: str) -> dict[str, str]:
    """Return the string values of the mapping at a path."""
    return {key: each for key, each in mapping_at(object_, *path).items() if isinstance(each, str)}


def number_at(object_: Any, *path: str) -> int:
    """Return the integer at a path, or 0."""
    value = at(object_, *path)
    return int(value) if isinstance(value, int | float) else 0


def name_of(object_: Object) -> str:
    """Return `metadata.name`."""
    return text_at(object_, "metadata", "name")


def phase_of(pod: Object) -> str:
    """Return `status.phase`."""
    return text_at(pod, "status", "phase")


def is_terminating(object_: Object) -> bool:
    """Return True if the object is being deleted."""
    return at(object_, "metadata", "deletionTimestamp") is not None


def condition(object_: Object, kind: str) -> Object:
    """Return the status condition of a type, or an empty mapping."""
    return next((each for each in items_at(object_, "status", "conditions") if each.get("type") == kind), Object())


def is_ready(pod: Object) -> bool:
    """Return True if a pod is ready to receive requests."""
    return condition(pod, "Ready").get("status") == "True"


def is_leader(pod: Object) -> bool:
    """Return True unless a pod is a worker of a LeaderWorkerSet."""
    return texts_at(pod, "metadata", "labels").get(WORKER_INDEX, "0") == "0"


def is_finished(job: Object) -> bool:
    """Return True if a Job is complete or has failed for good."""
    return any(condition(job, kind).get("status") == "True" for kind in ("Complete", "Failed"))


def time_at(object_: Any, *path: str) -> datetime | None:
    """Return the time at a path, or None if it is missing or malformed."""
    try:
        found = datetime.fromisoformat(text_at(object_, *path).replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def event_time(event: Object) -> datetime:
    """Return the time at which an event occurred last."""
    times = (time_at(event, *path) for path in (("lastTimestamp",), ("series", "lastObservedTime"), ("eventTime",), ("firstTimestamp",)))
    return next((time for time in times if time), time_at(event, "metadata", "creationTimestamp") or datetime.min.replace(tzinfo=UTC))


def is_about(event: Object, object_: Object) -> bool:
    """Return True if an event involves an object: by uid if both have one, else by name."""
    uids = text_at(event, "involvedObject", "uid"), text_at(object_, "metadata", "uid")
    if all(uids):
        return uids[0] == uids[1]
    return text_at(event, "involvedObject", "name") == name_of(object_)


def message_of(event: Object) -> str:
    """Return the message of an event, without the prefix of events that were combined.

    The event recorder of Kubernetes combines events that differ only in their messages.
    """
    return text_at(event, "message").removeprefix(_COMBINED)


def containers_of(pod: Object) -> list[Container]:
    """Return the init containers of a pod, then its containers."""
    found: list[Container] = []
    for init, specs, statuses in ((True, "initContainers", "initContainerStatuses"), (False, "containers", "containerStatuses")):
        by_name = {text_at(status, "name"): status for status in items_at(pod, "status", statuses)}
        found += [_container(spec, by_name.get(text_at(spec, "name"), {}), init) for spec in items_at(pod, "spec", specs)]
    return found


def _container(spec: Object, status: Object, init: bool) -> Container:
    state = status.get("state")
    return Container(
        name=text_at(spec, "name"),
        init=init,
        spec=spec,
        waiting=text_at(state, "waiting", "reason"),
        message=text_at(state, "waiting", "message"),
        running_since=time_at(state, "running", "startedAt"),
        ended=_ended(at(state, "terminated")) or _ended(at(status, "lastState", "terminated")),
        restarts=number_at(status, "restartCount"),
        ready=status.get("ready") is True,
    )


def _ended(terminated: Any) -> Ended | None:
    if not isinstance(terminated, dict):
        return None
    return Ended(text_at(terminated, "reason"), number_at(terminated, "exitCode"), text_at(terminated, "message"))


def container(pod: Object, name: str) -> Container | None:
    """Return the container of a name, or None."""
    return next((each for each in containers_of(pod) if each.name == name), None)
