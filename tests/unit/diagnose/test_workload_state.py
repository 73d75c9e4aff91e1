"""States of live workloads and Jobs."""

from typing import Any

import pytest

from nim_component.diagnose.workload_state import WorkloadState, read_state


def deployment(replicas: int = 2, observed: int = 3, **status: Any) -> dict[str, Any]:
    status = {"observedGeneration": observed, "conditions": [{"type": "Available", "status": "True"}], **status}
    return {"kind": "Deployment", "metadata": {"generation": 3}, "spec": {"replicas": replicas}, "status": status}


def group(**status: Any) -> dict[str, Any]:
    return {"kind": "LeaderWorkerSet", "metadata": {"generation": 1}, "spec": {"replicas": 2}, "status": status}


def job(condition: str = "", message: str = "", **spec: Any) -> dict[str, Any]:
    conditions = [{"type": condition, "status": "True", "message": message}] if condition else []
    return {"kind": "Job", "spec": spec, "status": {"conditions": conditions}}


@pytest.mark.parametrize(
    ("workload", "level", "text"),
    [
        (deployment(availableReplicas=2, updatedReplicas=2), "available", ""),
        (deployment(replicas=0), "available", ""),
        (deployment(availableReplicas=1, updatedReplicas=2), "degraded", "1 of 2 pods are available"),
        (deployment(availableReplicas=2, updatedReplicas=1), "degraded", "1 of 2 pods have the newest template"),
        (deployment(), "unavailable", "0 of 2 pods are available"),
        (
            deployment(observed=2, availableReplicas=2, updatedReplicas=2),
            "unavailable",
            "its controller has not processed the newest spec (generation 3, processed: 2)",
        ),
        ({"kind": "Deployment", "metadata": {"generation": 1}, "spec": {}}, "unavailable", "0 of 1 pods are available"),
        (group(readyReplicas=2, updatedReplicas=2), "available", ""),
        (group(readyReplicas=1, updatedReplicas=2), "degraded", "1 of 2 node groups are available"),
        (group(), "unavailable", "0 of 2 node groups are available"),
        (job("Complete"), "available", ""),
        (job("Failed", "too many"), "unavailable", "it has failed: too many"),
        (job(suspend=True), "unavailable", "it is suspended"),
        (job(), "unavailable", "it is not complete"),
    ],
)
def test_workload_has_state(workload: dict[str, Any], level: Any, text: str):
    assert read_state(workload) == WorkloadState(level, text)
