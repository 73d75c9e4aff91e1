"""Snapshots that the cases of several subjects use."""

from typing import Any

from nim_component.cluster.secret_facts import SecretFacts
from nim_component.diagnose.snapshot import Snapshot
from nim_component.names import PULL_SECRET_TYPE

from .kubernetes_objects import GPU, IMAGE, deployment, event, pod, pvc, replica_set, running, snapshot, unschedulable, waiting

Case = tuple[Snapshot, str]
"""A snapshot with a cause, and a part of its text, fix or evidence."""
NearMiss = Snapshot | list[Snapshot]
"""Snapshots similar to those with a cause, but without the cause."""

NO_GPU = (
    f"0/2 nodes are available: 2 Insufficient {GPU}. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."
)
PULL = f'Failed to pull image "{IMAGE}": failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
PULL_FACTS = {"pull": SecretFacts(PULL_SECRET_TYPE, (".dockerconfigjson",), ("nvcr.io",))}
OTHER_POD = pod("other", gpu=8, node="gpu-0", status={"phase": "Running"}, metadata={"namespace": "train"})


def failed_pull(reason: str, secrets: Any = None) -> Snapshot:
    """Return a pod whose image cannot be pulled.

    Its status contains only the back-off, an event contains the reason.
    """
    waiting_pod = waiting("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"')
    events = [event("Failed", PULL + reason, waiting_pod), event("Failed", "Error: ErrImagePull", waiting_pod, age=5)]
    return snapshot(waiting_pod, secrets=secrets, events=events)


def unbound_pvc(message: str, reason: str = "ProvisioningFailed", **kinds: Any) -> Snapshot:
    """Return a pod with a pending PVC, which has one event."""
    pending = pvc()
    waiting_pod = unschedulable("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: not helpful.")
    return snapshot(
        waiting_pod, persistentvolumeclaims=[pending], events=[event(reason, message, pending, "PersistentVolumeClaim")], **kinds
    )


def failed_mount(message: str, reason: str = "FailedMount") -> Snapshot:
    """Return a pod whose container waits for its volumes."""
    waiting_pod = waiting("ContainerCreating")
    return snapshot(waiting_pod, events=[event(reason, message, waiting_pod)])


def failed_probe(unhealthy: str, killed: str = "", since: float = 900, **more: Any) -> Snapshot:
    """Return a running pod with a failed probe. `killed` adds an event of its container's end."""
    running_pod = running(since, **more)
    events = [event("Unhealthy", unhealthy, running_pod)]
    if killed:
        events.append(event("Killing", killed, running_pod, age=5))
    return snapshot(running_pod, events=events)


def rejected(message: str) -> Snapshot:
    """Return a ReplicaSet whose pod the API server rejects."""
    return snapshot(replicasets=[replica_set(message)], deployments=[deployment()])


def failed_pod(reason: str, message: str) -> Snapshot:
    """Return a pod that its node evicted or rejected."""
    return snapshot(pod(node="gpu-0", status={"phase": "Failed", "reason": reason, "message": message}))
