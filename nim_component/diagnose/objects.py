"""What a cluster shows of one service at one moment: Kubernetes' own objects as plain dicts, and what is asked of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

Object = dict[str, Any]
"""A Kubernetes object as JSON has it. It comes from a cluster: nothing in it is taken for granted."""

SERVER, PREWARM = "nim", "prewarm"
LOADER, CHECKER, FETCHER = "download-loras", "check-loras", "fetch-loras"


@dataclass(frozen=True)
class SecretFacts:
    """What may be known of a Secret without its values."""

    type: str
    keys: tuple[str, ...]
    registries: tuple[str, ...] = ()
    """Hosts that a pull Secret logs in to."""


@dataclass(frozen=True)
class Snapshot:
    """One service at one moment. What could not be read is absent, not empty: `known` tells them apart."""

    name: str
    """Name of Deployment and Service."""
    namespace: str
    now: datetime
    """The server's clock."""
    kinds: Mapping[str, Sequence[Object]] = field(default_factory=dict[str, Sequence[Object]])
    """By plural, such as `pods`: those of this service, and of what it refers to. `nodes` are all nodes."""
    others: Sequence[Object] | None = None
    """Every pod that holds a node's resources, of whichever namespace; none when that is not known."""
    secrets: Mapping[str, SecretFacts | None] = field(default_factory=dict[str, "SecretFacts | None"])
    """Secrets that were looked at, by name; None for one that is not there."""
    served: "tuple[Sequence[str], Sequence[str]] | None" = None
    """Models that were asked for, and those that the server lists; none when it was not asked."""

    def known(self, kind: str) -> bool:
        """Whether a kind could be read."""
        return kind in self.kinds

    def all(self, kind: str) -> Sequence[Object]:
        """The objects of a kind."""
        return self.kinds.get(kind, ())

    @property
    def pods(self) -> list[Object]:
        """The service's pods that are to stay and have not ended, newest first."""
        live = [pod for pod in self.all("pods") if not is_leaving(pod) and phase_of(pod) != "Succeeded"]
        return sorted(live, key=lambda pod: text_at(pod, "metadata", "creationTimestamp"), reverse=True)

    @property
    def deployment(self) -> Object | None:
        """The Deployment."""
        return next(iter(self.all("deployments")), None)

    @property
    def group(self) -> Object | None:
        """The LeaderWorkerSet, of a server over several nodes."""
        return next(iter(self.all("leaderworkersets")), None)

    @property
    def job(self) -> Object | None:
        """The Job, where it is a Job's pods that are looked at."""
        return next(iter(self.all("jobs")), None)

    @property
    def nodes(self) -> dict[str, Object]:
        """Nodes by name."""
        return {name_of(node): node for node in self.all("nodes")}

    def events(self, object_: Object | None = None, *reasons: str) -> list[Object]:
        """Events, oldest first: of one object, and of some reasons."""
        found = [
            event
            for event in self.all("events")
            if (not reasons or event.get("reason") in reasons) and (object_ is None or is_about(event, object_))
        ]
        return sorted(found, key=event_time)

    def claims_of(self, pod: Object) -> Iterator[tuple[str, Object | None]]:
        """Names of the claims that a pod mounts, each with the claim if it is there."""
        there = {name_of(claim): claim for claim in self.all("persistentvolumeclaims")}
        for volume in items_at(pod, "spec", "volumes"):
            name = text_at(volume, "persistentVolumeClaim", "claimName")
            if name:
                yield name, there.get(name)


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
