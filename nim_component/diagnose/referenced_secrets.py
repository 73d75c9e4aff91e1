"""Names of the Secrets that a service's pods refer to."""

from ..cluster.objects import at, items_at, text_at, texts_at
from .snapshot import Snapshot


def secrets_of(snapshot: Snapshot) -> list[str]:
    """The Secrets that the newest pod refers to: for its images, and in its environment as the template has it."""
    names: set[str] = set()
    for pod in snapshot.pods[:1]:
        names.update(text_at(each, "name") for each in items_at(pod, "spec", "imagePullSecrets"))
    template = at(snapshot.deployment or snapshot.job, "spec", "template", "spec")
    if snapshot.leader_worker_set is not None:
        template = at(snapshot.leader_worker_set, "spec", "leaderWorkerTemplate", "leaderTemplate", "spec")
    for where in ("containers", "initContainers"):
        for each in items_at(template, where):
            for variable in items_at(each, "env"):
                names.add(texts_at(variable, "valueFrom", "secretKeyRef").get("name", ""))
    return sorted(names - {""})[:6]
