"""Kinds that are listed and watched, and the fields of their objects that are kept in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..names import JOBS, SELECTOR_LABELS, SERVER, WORKER
from .objects import Object, at, items_at, mapping_at, name_of, text_at, texts_at

_MAX_MESSAGE_LENGTH = 2_000
OURS = {"labelSelector": f"{SELECTOR_LABELS[0]} in ({','.join((SERVER, WORKER, *JOBS))})"}
"""Query for the objects of the component."""


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind that is listed or watched."""

    plural: str
    group: str = "/api/v1"
    """Path of its API group and version."""
    namespaced: bool = True
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    slim: Callable[[Object], Object] = lambda object_: object_
    """Function that returns an object with only the fields that are kept."""
    optional: bool = False
    """True if a missing permission for the kind is not worth a message."""

    def path(self, namespace: str | None) -> str:
        """Return the path to list and watch the kind."""
        return f"{self.group}/namespaces/{namespace}/{self.plural}" if namespace else f"{self.group}/{self.plural}"


def slim_metadata(object_: Object) -> Object:
    """Remove annotations and managed fields. They are the largest part of many objects."""
    metadata = mapping_at(object_, "metadata")
    return {**object_, "metadata": {key: value for key, value in metadata.items() if key not in ("managedFields", "annotations")}}


def slim_pod(pod: Object) -> Object:
    """Remove environment, commands and mounts. No rule reads them, and they may contain keys."""
    removed = ("env", "envFrom", "volumeMounts", "command", "args", "lifecycle")
    spec = {**mapping_at(pod, "spec")}
    for list_ in ("containers", "initContainers"):
        spec[list_] = [{key: value for key, value in each.items() if key not in removed} for each in items_at(pod, "spec", list_)]
    return {**slim_metadata(pod), "spec": spec}


def slim_foreign_pod(pod: Object) -> Object:
    """Keep the resources that a pod occupies, and the labels of the component's pods."""
    resources = {
        list_: [{"resources": each.get("resources")} for each in items_at(pod, "spec", list_)] for list_ in ("containers", "initContainers")
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
    """Remove the list of images, the largest part of a node."""
    kept = {key: at(node, "status", key) for key in ("allocatable", "capacity", "conditions")}
    labels = texts_at(node, "metadata", "labels")
    metadata = {"name": name_of(node), "labels": labels, "uid": text_at(node, "metadata", "uid")}
    return {"metadata": metadata, "spec": {"taints": items_at(node, "spec", "taints")}, "status": kept}


def slim_event(event: Object) -> Object:
    """Keep the message, the involved object and the times of an event."""
    kept = {key: event.get(key) for key in ("lastTimestamp", "firstTimestamp", "eventTime", "series", "reason", "type")}
    return {
        **kept,
        "message": text_at(event, "message")[:_MAX_MESSAGE_LENGTH],
        "metadata": _keep_texts(event, "metadata", ("name", "uid", "creationTimestamp")),
        "involvedObject": _keep_texts(event, "involvedObject", ("kind", "name", "uid")),
    }


def _keep_texts(object_: Object, key: str, names: Sequence[str]) -> Object:
    """Return the texts in a mapping. Clusters have ten thousands of events."""
    mapping = mapping_at(object_, key)
    return {name: value if isinstance(value := mapping.get(name), str) else "" for name in names}


EVENTS = Kind("events", slim=slim_event)
NODES = Kind("nodes", namespaced=False, slim=slim_node)
DEPLOYMENT = Kind("deployments", "/apis/apps/v1", query=OURS, slim=slim_metadata)
KINDS = (
    Kind("pods", query=OURS, slim=slim_pod),
    DEPLOYMENT,
    Kind("replicasets", "/apis/apps/v1", query=OURS, slim=slim_metadata),
    EVENTS,
    Kind("persistentvolumeclaims", slim=slim_metadata),
    Kind("services", query=OURS, slim=slim_metadata),
    NODES,
)
"""Kinds that are watched for every service, in order of importance.

With the query `OURS`, only the component's objects are watched, else all objects of the kind.
"""
PRIMARY_KINDS = KINDS[:3]
"""Kinds that show the progress of a service. They are watched first."""
SECONDARY_KINDS = KINDS[3:]
"""The other kinds. They are watched after `PRIMARY_KINDS` and `EXTRA_KINDS`."""
JOB = Kind("jobs", "/apis/batch/v1", query=OURS, slim=slim_metadata)
LEADER_WORKER_SET = Kind("leaderworkersets", "/apis/leaderworkerset.x-k8s.io/v1", query=OURS, slim=slim_metadata, optional=True)
EXTRA_KINDS = {"Job": (JOB,), "LeaderWorkerSet": (LEADER_WORKER_SET,)}
"""Kinds that are watched in addition to `KINDS`, by the kind that Pulumi waits for."""
WORKLOAD_KINDS = {"Deployment": DEPLOYMENT, "LeaderWorkerSet": LEADER_WORKER_SET, "Job": JOB}
"""Kinds of the objects that run pods."""
_GATEWAY = "/apis/gateway.networking.k8s.io/v1"
CHILD_KINDS = {
    "HTTPRoute": Kind("httproutes", _GATEWAY, query=OURS, slim=slim_metadata, optional=True),
    "GRPCRoute": Kind("grpcroutes", _GATEWAY, query=OURS, slim=slim_metadata, optional=True),
    "InferencePool": Kind("inferencepools", "/apis/inference.networking.k8s.io/v1", query=OURS, slim=slim_metadata, optional=True),
    "HorizontalPodAutoscaler": Kind("horizontalpodautoscalers", "/apis/autoscaling/v2", query=OURS, slim=slim_metadata, optional=True),
    "ScaledObject": Kind("scaledobjects", "/apis/keda.sh/v1alpha1", query=OURS, slim=slim_metadata, optional=True),
}
"""Kinds of optional children whose status has conditions, by kind."""
GATEWAY = Kind("gateways", _GATEWAY, slim=slim_metadata, optional=True)
STORAGE_CLASSES = Kind("storageclasses", "/apis/storage.k8s.io/v1", namespaced=False, slim=slim_metadata)
ALL_PODS = Kind(
    "pods", namespaced=False, query={"fieldSelector": "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"}, slim=slim_foreign_pod
)
"""Every pod of the cluster that occupies a node's resources."""
