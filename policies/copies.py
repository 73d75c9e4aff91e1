"""Number of pods that an object makes of a template in it."""

from typing import Any

from fields import UNLIMITED, Props, integer, items, mapping, multiply
from schedules import count_runs
from workflows import count_loop

KEDA_MAXIMUM = 100
"""Maximum of a ScaledObject or a ScaledJob without `maxReplicaCount`."""
_KNATIVE_MAXIMA = ("autoscaling.knative.dev/max-scale", "autoscaling.knative.dev/maxScale")
_KNATIVE_KINDS = ("Configuration", "Revision", "Service")


def copies_of(entries: Props, field: str) -> float:
    """Return the number of copies that a mapping makes of the template in one of its fields."""
    copies = float(integer(entries.get("replicas"), 1))
    if "maxReplicas" in entries:  # workers of a RayCluster, or a custom resource with an autoscaler
        copies = max(copies, integer(entries["maxReplicas"], 0))
    elif field == "workerGroupSpecs" and entries.get("enableInTreeAutoscaling"):
        copies = 1 if all("maxReplicas" in each for each in items(entries[field])) else UNLIMITED
    copies *= integer(entries.get("numOfHosts"), 1)
    if "parallelism" in entries or "completions" in entries:
        parallel = integer(entries.get("parallelism"), 1)
        copies *= min(parallel, integer(entries.get("completions"), parallel))
    if field in ("inline", "taskSpec"):  # of a step or task
        copies = multiply(copies, count_loop(entries))
    if field == "workerTemplate":  # of a LeaderWorkerSet: without a template of its own, the leader is a worker
        copies *= integer(entries.get("size"), 1) - bool(mapping(entries.get("leaderTemplate")))
    return copies


def widen_elastic(entries: Props, field: str, value: Any) -> Any:
    """Return the roles of a training job with the most workers that its elastic policy allows."""
    maximum = integer(mapping(entries.get("elasticPolicy")).get("maxReplicas"), 0)
    worker = mapping(mapping(value).get("Worker"))
    if not maximum or not worker or not field.endswith("ReplicaSpecs"):
        return value
    return {**mapping(value), "Worker": {**worker, "replicas": max(maximum, integer(worker.get("replicas"), 1))}}


def copies_of_kind(kind: str, props: Props) -> float:
    """Return the number of copies of everything in an object."""
    spec = mapping(props.get("spec"))
    if kind == "PodTemplate":
        return 0  # it runs no pods
    if kind in ("CronJob", "CronWorkflow"):
        return count_runs(spec)
    return integer(spec.get("maxReplicaCount"), KEDA_MAXIMUM) if kind == "ScaledJob" else 1


def limit_of_knative(kind: str, metadata: Props, count: float) -> float:
    """Return the number of pods; Knative scales without an upper bound unless one is annotated."""
    if kind not in _KNATIVE_KINDS:
        return count
    annotations = mapping(metadata.get("annotations"))
    return next((integer(annotations[each], 0) for each in _KNATIVE_MAXIMA if each in annotations), 0) or UNLIMITED
