"""Secrets that a service's pods refer to."""

from ..cluster.objects import at, items_at, text_at, texts_at
from .snapshot import Snapshot

_MAX_SECRETS = 6


def list_secrets(snapshot: Snapshot) -> list[str]:
    """Return the names of the Secrets that the pods refer to.

    They are the pull Secrets of the newest pod, and the Secrets in the environment of the pod
    template. Pods are kept in memory without their environment.
    """
    names: set[str] = set()
    for pod in snapshot.pods[:1]:
        names.update(text_at(each, "name") for each in items_at(pod, "spec", "imagePullSecrets"))
    template = at(snapshot.deployment or snapshot.job, "spec", "template", "spec")
    if snapshot.leader_worker_set is not None:
        template = at(snapshot.leader_worker_set, "spec", "leaderWorkerTemplate", "leaderTemplate", "spec")
    for list_ in ("containers", "initContainers"):
        for each in items_at(template, list_):
            for variable in items_at(each, "env"):
                names.add(texts_at(variable, "valueFrom", "secretKeyRef").get("name", ""))
    return sorted(names - {""})[:_MAX_SECRETS]
