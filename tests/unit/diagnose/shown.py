"""Object sets that several families of rules begin from."""

from typing import Any

from nim_component.cluster.secret_facts import SecretFacts
from nim_component.diagnose.snapshot import Snapshot

from .made import GPU, IMAGE, claim, deployment, event, pod, replica_set, running, snapshot, waiting

Case = tuple[Snapshot, str]
"""Objects that show a cause, and words of its text, fix or evidence."""
NearMiss = Snapshot | list[Snapshot]
"""Objects close to those that show a cause, which do not show it."""

NO_GPU = (
    f"0/2 nodes are available: 2 Insufficient {GPU}. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."
)
PULL = f'Failed to pull image "{IMAGE}": failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
PULL_TYPE = "kubernetes.io/dockerconfigjson"
OTHER = pod("other", gpu=8, node="gpu-0", status={"phase": "Running"}, metadata={"namespace": "train"})


def pulled(words: str, secrets: Any = None) -> Snapshot:
    """An image that cannot be pulled: the back-off says only so, the event says why."""
    waits = waiting("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"')
    return snapshot(
        waits, secrets=secrets, events=[event("Failed", PULL + words, waits), event("Failed", "Error: ErrImagePull", waits, age=5)]
    )


def claimed(words: str, reason: str = "ProvisioningFailed", **kinds: Any) -> Snapshot:
    it = claim()
    return snapshot(pod(), persistentvolumeclaims=[it], events=[event(reason, words, it, "PersistentVolumeClaim")], **kinds)


def mounting(words: str, reason: str = "FailedMount") -> Snapshot:
    waits = waiting("PodInitializing" if reason == "x" else "ContainerCreating")
    return snapshot(waits, events=[event(reason, words, waits)])


def probed(unhealthy: str, killed: str = "", since: float = 900, **more: Any) -> Snapshot:
    it = running(since, **more)
    events = [event("Unhealthy", unhealthy, it)]
    return snapshot(it, events=[*events, event("Killing", killed, it, age=5)] if killed else events)


def refused(words: str) -> Snapshot:
    return snapshot(replicasets=[replica_set(words)], deployments=[deployment()])


def failed(reason: str, message: str) -> Snapshot:
    it = pod(node="gpu-0", status={"phase": "Failed", "reason": reason, "message": message})
    return snapshot(it)


PULL_FACTS = {"pull": SecretFacts(PULL_TYPE, (".dockerconfigjson",), ("nvcr.io",))}
