"""What is known of the cluster: objects by kind and namespace, slimmed to what the rules read."""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ..cluster.kinds import EVENTS, JOB, OURS, Kind, slim_event
from ..cluster.objects import Object, items_at, name_of, text_at, texts_at
from ..cluster.secret_facts import SecretFacts
from ..names import JOBS, SELECTOR_LABELS, SERVER
from .snapshot import Snapshot

EVENTS_OF_ONE = 20
"""Events kept of one object: the newest."""
OBJECTS_WITH_EVENTS = 5_000
_JOB_NAMES = ("batch.kubernetes.io/job-name", "job-name")


@dataclass
class Store:
    """Objects by kind and namespace (empty for kinds without one), then by service. A kind that could not be read is not in it."""

    objects: dict[tuple[str, str], dict[str, dict[str, Object]]] = field(
        default_factory=dict[tuple[str, str], dict[str, dict[str, Object]]]
    )
    """Whose it is (`owner_of`) to uid to object."""
    events: OrderedDict[tuple[str, str], deque[Object]] = field(default_factory=OrderedDict[tuple[str, str], "deque[Object]"])
    """By namespace and name of what they are about."""
    event_spaces: set[str] = field(default_factory=set[str])
    others: list[Object] | None = None
    secrets: dict[tuple[str, str], SecretFacts | None] = field(default_factory=dict[tuple[str, str], "SecretFacts | None"])
    changes: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By namespace and whose they are: how often an object has changed."""

    def replace(self, kind: Kind, namespace: str, items: Iterable[Object]) -> None:
        """Everything of a kind, anew."""
        if kind is EVENTS:
            self.event_spaces.add(namespace)
            for each in items:
                self._add_event(namespace, each)
            return
        self.objects[kind.plural, namespace] = {}
        for each in items:
            self.apply(kind, namespace, "ADDED", each)

    def apply(self, kind: Kind, namespace: str, change: str, object_: Object) -> None:
        """One change."""
        if kind is EVENTS:
            if change != "DELETED":
                self._add_event(namespace, object_)
            return
        owner = owner_of(kind, object_)
        held = self.objects.setdefault((kind.plural, namespace), {}).setdefault(owner, {})
        if change == "DELETED":
            held.pop(_key(object_), None)
        else:
            held[_key(object_)] = kind.slim(object_)
        if owner:
            self.changes[namespace, owner] += 1

    def _add_event(self, namespace: str, event: Object) -> None:
        slim = slim_event(event)
        about = namespace, slim["involvedObject"]["name"]
        held = self.events.setdefault(about, deque(maxlen=EVENTS_OF_ONE))
        for old in [each for each in held if _key(each) == _key(slim)]:
            held.remove(old)
        held.append(slim)
        self.events.move_to_end(about)
        if len(self.events) > OBJECTS_WITH_EVENTS:
            self.events.popitem(last=False)

    def snapshot(self, name: str, namespace: str, now: datetime, part: str = SERVER, job: str = "") -> Snapshot:
        """What is known of one service, or of its Job: of the one of that name, else of the newest."""
        kinds: dict[str, list[Object]] = {}
        for (plural, space), held in self.objects.items():
            if space in ("", namespace):
                kinds[plural] = [*held.get("", {}).values(), *held.get(owner(name, part), {}).values()]
        if part in JOBS:
            _choose_job(kinds, job)
        mounted = {
            text_at(volume, "persistentVolumeClaim", "claimName")
            for pod in kinds.get("pods", ())
            for volume in items_at(pod, "spec", "volumes")
        }
        if "persistentvolumeclaims" in kinds:
            kinds["persistentvolumeclaims"] = [each for each in kinds["persistentvolumeclaims"] if name_of(each) in mounted]
        if namespace in self.event_spaces:
            about = {name_of(each) for plural, held in kinds.items() if plural not in ("nodes", "storageclasses") for each in held}
            kinds["events"] = [event for each in about for event in self.events.get((namespace, each), ())]
        secrets = {secret: facts for (space, secret), facts in self.secrets.items() if space == namespace}
        return Snapshot(name, namespace, now, kinds, self.others, secrets)

    def services(self, namespace: str) -> list[str]:
        """Names of the component's services that are there."""
        return sorted({name for name, _ in self.parts(namespace)})

    def parts(self, namespace: str) -> set[tuple[str, str]]:
        """The component's services that are there, and of each the parts that are: the server, and Jobs."""
        held = [self.objects.get((kind, namespace), {}) for kind in ("deployments", "leaderworkersets", "jobs")]
        owners = {owner for each in held for owner, objects in each.items() if owner and objects}
        return {(name, part or SERVER) for part, _, name in (each.rpartition("/") for each in owners)}


def _key(object_: Object) -> str:
    return text_at(object_, "metadata", "uid") or name_of(object_)


def owner(name: str, part: str) -> str:
    """Under what the objects of a service, or of a Job of it, are kept."""
    return name if part == SERVER else f"{part}/{name}"


def owner_of(kind: Kind, object_: Object) -> str:
    """Whose an object is; empty for kinds that no service owns. A Job is what its pods are: its own labels are the service's."""
    if kind.query is not OURS:
        return ""
    labels = texts_at(object_, *(("spec", "template") if kind is JOB else ()), "metadata", "labels")
    name, part = labels.get(SELECTOR_LABELS[1], ""), labels.get(SELECTOR_LABELS[0], "")
    return owner(name, part if part in JOBS else SERVER) if name else ""


def _choose_job(kinds: dict[str, list[Object]], name: str) -> None:
    """Leaves one Job, and its pods: its forerunner stands beside it for a while."""
    jobs = sorted(kinds.get("jobs", ()), key=lambda each: text_at(each, "metadata", "creationTimestamp"))
    if "jobs" in kinds:
        kinds["jobs"] = [each for each in jobs if name_of(each) == name] if name else jobs[-1:]
    chosen = name or (name_of(jobs[-1]) if jobs else "")
    if chosen and "pods" in kinds:
        kinds["pods"] = [pod for pod in kinds["pods"] if chosen in (text_at(pod, "metadata", "labels", each) for each in _JOB_NAMES)]
