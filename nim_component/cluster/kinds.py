"""Kinds that are listed and watched, each with the parts of an object that are kept in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..names import JOBS, SELECTOR_LABELS, SERVER, WORKER
from .objects import Object, at, items_at, mapping_at, name_of, text_at, texts_at

_LONGEST_MESSAGE = 2_000
OURS = {"labelSelector": f"{SELECTOR_LABELS[0]} in ({','.join((SERVER, WORKER, *JOBS))})"}


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind that is watched."""

    plural: str
    group: str = "/api/v1"
    namespaced: bool = True
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    slim: Callable[[Object], Object] = lambda object_: object_
    optional: bool = False
    """Whether much is told without it: a denial is not worth a word."""

    def path(self, namespace: str | None) -> str:
        """Where it is listed and watched."""
        return f"{self.group}/namespaces/{namespace}/{self.plural}" if namespace else f"{self.group}/{self.plural}"


def slim_metadata(object_: Object) -> Object:
    """Without annotations and the record of who changed what, which are most of many an object."""
    metadata = mapping_at(object_, "metadata")
    return {**object_, "metadata": {key: value for key, value in metadata.items() if key not in ("managedFields", "annotations")}}


def slim_pod(pod: Object) -> Object:
    """Without environment and mounts, which no rule reads and where a key might stand."""
    left_out = ("env", "envFrom", "volumeMounts", "command", "args", "lifecycle")
    slimmed = {**mapping_at(pod, "spec")}
    for where in ("containers", "initContainers"):
        slimmed[where] = [{key: value for key, value in each.items() if key not in left_out} for each in items_at(pod, "spec", where)]
    return {**slim_metadata(pod), "spec": slimmed}


def slim_other(pod: Object) -> Object:
    """What of anybody's pod counts against a node."""
    resources = {
        where: [{"resources": each.get("resources")} for each in items_at(pod, "spec", where)] for where in ("containers", "initContainers")
    }
    return {
        "metadata": {
            "name": name_of(pod),
            "namespace": text_at(pod, "metadata", "namespace"),
            "labels": {key: text_at(pod, "metadata", "labels", key) for key in SELECTOR_LABELS},
        },
        "spec": {"nodeName": text_at(pod, "spec", "nodeName"), **resources},
        "status": {"phase": text_at(pod, "status", "phase")},
    }


def slim_node(node: Object) -> Object:
    """Without the list of its images, which is most of a node."""
    kept = {key: at(node, "status", key) for key in ("allocatable", "conditions")}
    labels = texts_at(node, "metadata", "labels")
    metadata = {"name": name_of(node), "labels": labels, "uid": text_at(node, "metadata", "uid")}
    return {"metadata": metadata, "spec": {"taints": items_at(node, "spec", "taints")}, "status": kept}


def slim_event(event: Object) -> Object:
    """What it says, of what, and when."""
    about = mapping_at(event, "involvedObject")
    times = {key: event.get(key) for key in ("lastTimestamp", "firstTimestamp", "eventTime", "series", "reason", "type")}
    held = mapping_at(event, "metadata")
    metadata = {key: text_at(held, key) for key in ("name", "uid", "creationTimestamp")}
    involved = {key: text_at(about, key) for key in ("kind", "name", "uid")}
    return {**times, "message": text_at(event, "message")[:_LONGEST_MESSAGE], "metadata": metadata, "involvedObject": involved}


EVENTS = Kind("events", slim=slim_event)
NODES = Kind("nodes", namespaced=False, slim=slim_node)
KINDS = (
    Kind("pods", query=OURS, slim=slim_pod),
    Kind("deployments", "/apis/apps/v1", query=OURS, slim=slim_metadata),
    Kind("replicasets", "/apis/apps/v1", query=OURS, slim=slim_metadata),
    EVENTS,
    Kind("persistentvolumeclaims", slim=slim_metadata),
    Kind("services", query=OURS, slim=slim_metadata),
    NODES,
)
"""Kinds that are watched for every service, the most informative first.

Of the component's kinds, only its own objects are watched; of the other kinds, all objects."""
PRIMARY_KINDS = KINDS[:3]
"""Kinds that show the progress of a service. They are watched before all others."""
SECONDARY_KINDS = KINDS[3:]
JOB = Kind("jobs", "/apis/batch/v1", query=OURS, slim=slim_metadata)
LEADER_WORKER_SET = Kind("leaderworkersets", "/apis/leaderworkerset.x-k8s.io/v1", query=OURS, slim=slim_metadata, optional=True)
EXTRA_KINDS = {"Job": (JOB,), "LeaderWorkerSet": (LEADER_WORKER_SET,)}
"""Kinds that are watched in addition to `KINDS`, by the kind of resource that Pulumi waits for."""
STORAGE_CLASSES = Kind("storageclasses", "/apis/storage.k8s.io/v1", namespaced=False, slim=slim_metadata)
ALL_PODS = Kind(
    "pods", namespaced=False, query={"fieldSelector": "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"}, slim=slim_other
)
