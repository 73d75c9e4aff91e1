"""What a cluster shows of one service at one moment: Kubernetes' own objects as plain dicts, and what is asked of them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

Object = dict[str, Any]
"""A Kubernetes object as JSON has it. It comes from a cluster: nothing in it is taken for granted."""


@dataclass(frozen=True)
class Ended:
    """A container that ended."""

    reason: str
    code: int
    message: str


@dataclass(frozen=True)
class Container:
    """A container of a pod, by its spec and its status."""

    name: str
    init: bool
    spec: Object
    waiting: str
    """Reason why it waits, such as `ImagePullBackOff`; empty when it does not."""
    message: str
    """What is said of the waiting."""
    running_since: datetime | None
    ended: Ended | None
    """How it ended, now or the last time."""
    restarts: int
    ready: bool


def at(object_: Any, *path: str) -> Any:
    """What stands at a path of mappings; nothing where something on the way is none."""
    for part in path:
        if not isinstance(object_, dict):
            return None
        object_ = cast("dict[str, Any]", object_).get(part)
    return object_


def text_at(object_: Any, *path: str) -> str:
    """The text at a path; empty when there is none."""
    value = at(object_, *path)
    return value if isinstance(value, str) else ""


def mapping_at(object_: Any, *path: str) -> Object:
    """The mapping at a path; empty when there is none."""
    value = at(object_, *path)
    return cast(Object, value) if isinstance(value, dict) else {}


def items_at(object_: Any, *path: str) -> list[Object]:
    """The mappings in the list at a path."""
    value = at(object_, *path)
    return [cast(Object, each) for each in cast("list[Any]", value) if isinstance(each, dict)] if isinstance(value, list) else []


def texts_at(object_: Any, *path: str) -> dict[str, str]:
    """The texts of the mapping at a path."""
    return {key: each for key, each in mapping_at(object_, *path).items() if isinstance(each, str)}


def number_at(object_: Any, *path: str) -> int:
    """The whole number at a path; 0 when there is none."""
    value = at(object_, *path)
    return int(value) if isinstance(value, int | float) else 0


def name_of(object_: Object) -> str:
    """`metadata.name`."""
    return text_at(object_, "metadata", "name")


def phase_of(pod: Object) -> str:
    """`status.phase`."""
    return text_at(pod, "status", "phase")


def is_leaving(object_: Object) -> bool:
    """Whether its deletion has begun."""
    return at(object_, "metadata", "deletionTimestamp") is not None


def condition(object_: Object, kind: str) -> Object:
    """A condition of the status; empty when it has none of that type."""
    return next((each for each in items_at(object_, "status", "conditions") if each.get("type") == kind), Object())


def is_ready(pod: Object) -> bool:
    """Whether a pod takes requests."""
    return condition(pod, "Ready").get("status") == "True"


def is_over(job: Object) -> bool:
    """Whether a Job has come to its end, good or bad."""
    return any(condition(job, kind).get("status") == "True" for kind in ("Complete", "Failed"))


def time_at(object_: Any, *path: str) -> datetime | None:
    """The time at a path, as Kubernetes writes it."""
    try:
        found = datetime.fromisoformat(text_at(object_, *path).replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def event_time(event: Object) -> datetime:
    """When an event was seen last."""
    times = (time_at(event, *path) for path in (("lastTimestamp",), ("series", "lastObservedTime"), ("eventTime",), ("firstTimestamp",)))
    return next((time for time in times if time), time_at(event, "metadata", "creationTimestamp") or datetime.min.replace(tzinfo=UTC))


def is_about(event: Object, object_: Object) -> bool:
    """Whether an event speaks of an object: of its uid, where both have one."""
    uids = text_at(event, "involvedObject", "uid"), text_at(object_, "metadata", "uid")
    if all(uids):
        return uids[0] == uids[1]
    return text_at(event, "involvedObject", "name") == name_of(object_)


def message_of(event: Object) -> str:
    """What an event says."""
    return text_at(event, "message")


def containers_of(pod: Object) -> list[Container]:
    """Init containers, then containers."""
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
    """A container by its name."""
    return next((each for each in containers_of(pod) if each.name == name), None)
