"""State of a live workload or Job after an update: available, degraded or unavailable."""

from dataclasses import dataclass
from typing import Literal

from ..cluster.objects import Object, at, condition, number_at, text_at
from ..text.sanitizing import sanitize

Level = Literal["available", "degraded", "unavailable"]


@dataclass(frozen=True)
class WorkloadState:
    """Level and description of a workload. The description is empty if it is available."""

    level: Level
    text: str = ""


AVAILABLE = WorkloadState("available")


def read_state(workload: Object) -> WorkloadState:
    """Return the state of a Deployment, a LeaderWorkerSet or a Job."""
    match workload.get("kind"):
        case "Job":
            return _read_job(workload)
        case "LeaderWorkerSet":
            return _read_replicas(workload, "node groups", "readyReplicas")
        case _:
            return _read_replicas(workload, "pods", "availableReplicas")


def is_rolled_out(workload: Object, generation: int) -> bool:
    """Return True if all pods of a generation, or of a newer one, are available, and no others.

    The rule of `kubectl rollout status`, for a Deployment and a LeaderWorkerSet.
    """
    has_old_pods = workload.get("kind") == "Deployment" and number_at(workload, "status", "replicas") > number_at(
        workload, "status", "updatedReplicas"
    )
    return number_at(workload, "metadata", "generation") >= generation and read_state(workload) == AVAILABLE and not has_old_pods


def is_scaled_to_zero(workload: Object) -> bool:
    """Return True if the workload runs no pods and needs none."""
    return at(workload, "spec", "replicas") == 0


def _read_replicas(workload: Object, noun: str, counter: str) -> WorkloadState:
    """Count the pods or node groups.

    The condition Available is not sufficient: with one replica and `maxUnavailable: 1` it is also
    true without any pod.
    """
    generation, observed = number_at(workload, "metadata", "generation"), at(workload, "status", "observedGeneration")
    if isinstance(observed, int | float) and observed < generation:
        text = f"its controller has not processed the newest spec (generation {generation}, processed: {int(observed)})"
        return WorkloadState("unavailable", text)
    if is_scaled_to_zero(workload):
        return AVAILABLE
    replicas = at(workload, "spec", "replicas")
    desired = int(replicas) if isinstance(replicas, int | float) else 1
    available, updated = number_at(workload, "status", counter), number_at(workload, "status", "updatedReplicas")
    if available == 0:
        return WorkloadState("unavailable", f"0 of {desired} {noun} are available")
    if available < desired:
        return WorkloadState("degraded", f"{available} of {desired} {noun} are available")
    if updated < desired:
        return WorkloadState("degraded", f"{updated} of {desired} {noun} have the newest template")
    return AVAILABLE


def _read_job(job: Object) -> WorkloadState:
    if condition(job, "Complete").get("status") == "True":
        return AVAILABLE
    failed = condition(job, "Failed")
    if failed.get("status") == "True":
        message = sanitize(text_at(failed, "message"))
        return WorkloadState("unavailable", f"it has failed{f': {message}' if message else ''}")
    return WorkloadState("unavailable", "it is suspended" if at(job, "spec", "suspend") is True else "it is not complete")
