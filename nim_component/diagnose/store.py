"""Store of the objects that were read, with only the fields that the rules use."""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ..cluster.kinds import EVENTS, JOB, OURS, Kind
from ..cluster.objects import Object, at, items_at, name_of, text_at, texts_at
from ..cluster.secret_facts import SecretFacts
from ..cluster.volume_owners import name_pvc
from ..names import JOBS, SELECTOR_LABELS, SERVER
from .pod_logs import FailedContainer, put_logs
from .snapshot import Snapshot

EVENTS_PER_OBJECT = 20
"""Number of events kept for one object: the newest."""
OBJECTS_WITH_EVENTS = 5_000
"""Number of objects whose events are kept."""
_JOB_NAME_LABELS = ("batch.kubernetes.io/job-name", "job-name")


@dataclass
class Store:
    """Objects of the watched namespaces.

    A kind that could not be read has no entry. The namespace of cluster-wide kinds is empty.
    """

    objects: dict[tuple[str, str], dict[str, dict[str, Object]]] = field(
        default_factory=dict[tuple[str, str], dict[str, dict[str, Object]]]
    )
    """Objects by plural and namespace, then by owner key, then by uid."""
    events: OrderedDict[tuple[str, str], deque[Object]] = field(default_factory=OrderedDict[tuple[str, str], "deque[Object]"])
    """Events by namespace and name of the involved object, the least recently used first."""
    event_namespaces: set[str] = field(default_factory=set[str])
    """Namespaces whose events could be read."""
    cluster_pods: list[Object] | None = None
    secrets: dict[tuple[str, str], SecretFacts | None] = field(default_factory=dict[tuple[str, str], "SecretFacts | None"])
    """Facts of the Secrets that were read, by namespace and name."""
    gateways: dict[tuple[str, str], Object | None] = field(default_factory=dict[tuple[str, str], "Object | None"])
    """Gateways that were read, by namespace and name; None for one that does not exist."""
    logs: dict[FailedContainer, str] = field(default_factory=dict[FailedContainer, str])
    """Logs that were read."""
    changes: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Number of changes by namespace and owner key."""

    def replace(self, kind: Kind, namespace: str, items: Iterable[Object], *, are_slim: bool = False) -> None:
        """Replace all objects of a kind.

        Args:
            kind: The kind.
            namespace: Namespace of the objects.
            items: The objects.
            are_slim: True if the objects have only the fields that are kept.
        """
        slim_items = items if are_slim else map(kind.slim, items)
        if kind is EVENTS:
            self.event_namespaces.add(namespace)
            for each in slim_items:
                self._add_event(namespace, each)
            return
        self.objects[kind.plural, namespace] = {}
        for each in slim_items:
            self._put(kind, namespace, "ADDED", each)

    def apply(self, kind: Kind, namespace: str, change: str, object_: Object) -> None:
        """Apply one change of a watch."""
        self._put(kind, namespace, change, kind.slim(object_))

    def _put(self, kind: Kind, namespace: str, change: str, object_: Object) -> None:
        if kind is EVENTS:
            if change != "DELETED":
                self._add_event(namespace, object_)
            return
        owner = find_owner(kind, object_)
        stored = self.objects.setdefault((kind.plural, namespace), {}).setdefault(owner, {})
        if change == "DELETED":
            stored.pop(_uid(object_), None)
        else:
            stored[_uid(object_)] = object_
        if owner:
            self.changes[namespace, owner] += 1

    def _add_event(self, namespace: str, event: Object) -> None:
        key, uid = (namespace, event["involvedObject"]["name"]), _uid(event)
        stored = self.events.setdefault(key, deque(maxlen=EVENTS_PER_OBJECT))
        for old in [each for each in stored if _uid(each) == uid]:
            stored.remove(old)
        stored.append(event)
        self.events.move_to_end(key)
        if len(self.events) > OBJECTS_WITH_EVENTS:
            self.events.popitem(last=False)

    def snapshot(self, name: str, namespace: str, now: datetime, workload: str = SERVER, job: str = "") -> Snapshot:
        """Return the state of a service, or of one of its Jobs.

        Args:
            name: Name of the service.
            namespace: Namespace of the service.
            now: Time of the snapshot.
            workload: `SERVER` or one of `JOBS`.
            job: Name of the Job; by default the newest one of the workload.
        """
        kinds: dict[str, list[Object]] = {}
        for (plural, stored_namespace), stored in self.objects.items():
            if stored_namespace in ("", namespace):
                kinds[plural] = [*stored.get("", {}).values(), *stored.get(owner_key(name, workload), {}).values()]
        if workload in JOBS:
            _select_job(kinds, job)
        if "pods" in kinds and self.logs:
            kinds["pods"] = put_logs(kinds["pods"], {each: log for each, log in self.logs.items() if each.namespace == namespace})
        mounted = {name_pvc(pod, volume) for pod in kinds.get("pods", ()) for volume in items_at(pod, "spec", "volumes")}
        if "persistentvolumeclaims" in kinds:
            kinds["persistentvolumeclaims"] = [each for each in kinds["persistentvolumeclaims"] if name_of(each) in mounted]
        if namespace in self.event_namespaces:
            involved = {name_of(each) for plural, items in kinds.items() if plural not in ("nodes", "storageclasses") for each in items}
            involved.update(self._list_workloads(namespace, kinds))
            kinds["events"] = [event for each in involved for event in self.events.get((namespace, each), ())]
        secrets = {secret: facts for (stored_namespace, secret), facts in self.secrets.items() if stored_namespace == namespace}
        return Snapshot(name, namespace, now, kinds, self.cluster_pods, secrets, self.gateways)

    def _list_workloads(self, namespace: str, kinds: dict[str, list[Object]]) -> Iterable[str]:
        """Return the names of Kueue's Workloads of the pods and Jobs that a queue holds."""
        held = [f"pod-{name_of(pod)}-" for pod in kinds.get("pods", ()) if items_at(pod, "spec", "schedulingGates")]
        held += [f"job-{name_of(job)}-" for job in kinds.get("jobs", ()) if at(job, "spec", "suspend") is True]
        return [name for stored, name in self.events if stored == namespace and name.startswith(tuple(held))] if held else []

    def services(self, namespace: str) -> list[str]:
        """Return the names of the component's services in a namespace."""
        return sorted({name for name, _ in self.workloads(namespace)})

    def workloads(self, namespace: str) -> set[tuple[str, str]]:
        """Return the existing workloads as pairs of service name and `SERVER` or one of `JOBS`."""
        stored = [self.objects.get((kind, namespace), {}) for kind in ("deployments", "leaderworkersets", "jobs")]
        owners = {owner for each in stored for owner, objects in each.items() if owner and objects}
        return {(name, workload or SERVER) for workload, _, name in (each.rpartition("/") for each in owners)}


def _uid(object_: Object) -> str:
    return text_at(object_, "metadata", "uid") or name_of(object_)


def owner_key(name: str, workload: str) -> str:
    """Return the key of the objects of a service's workload: `SERVER` or one of `JOBS`."""
    return name if workload == SERVER else f"{workload}/{name}"


def find_owner(kind: Kind, object_: Object) -> str:
    """Return the owner key of an object, or an empty text for kinds that no service owns.

    A Job's own labels are the service's. The labels of its pods identify the workload.
    """
    if kind.query is not OURS:
        return ""
    labels = texts_at(object_, *(("spec", "template") if kind is JOB else ()), "metadata", "labels")
    name, workload = labels.get(SELECTOR_LABELS[1], ""), labels.get(SELECTOR_LABELS[0], "")
    return owner_key(name, workload if workload in JOBS else SERVER) if name else ""


def _select_job(kinds: dict[str, list[Object]], name: str) -> None:
    """Keep one Job and its pods. The preceding Job of the workload may still exist beside it."""
    jobs = sorted(kinds.get("jobs", ()), key=lambda each: text_at(each, "metadata", "creationTimestamp"))
    if "jobs" in kinds:
        kinds["jobs"] = [each for each in jobs if name_of(each) == name] if name else jobs[-1:]
    selected = name or (name_of(jobs[-1]) if jobs else "")
    if selected and "pods" in kinds:
        kinds["pods"] = [
            pod for pod in kinds["pods"] if selected in (text_at(pod, "metadata", "labels", each) for each in _JOB_NAME_LABELS)
        ]
