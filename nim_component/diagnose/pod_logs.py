"""Logs of failed servers, read where the end that Kubernetes keeps names no reason."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..cluster.objects import Object, containers_of, is_ready, items_at, mapping_at, name_of, number_at
from ..names import PREWARM_CONTAINER, SERVER_CONTAINER
from .snapshot import Snapshot

LOG_CAUSES = ("crash-loop", "engine-core-failed", "server-fault", "server-unsupported")
"""Causes for which the log is read: those that no other cause covers."""
LOG_LINES, LOG_BYTES = 400, 262_144
"""Part of a log that is read, at most. The kubelet keeps 80 lines and 2,048 bytes in the status."""
_PODS = 2
"""Number of pods of a service whose log is read: the newest."""


class FailedContainer(NamedTuple):
    """Container that has terminated with a failure."""

    namespace: str
    pod: str
    name: str
    restarts: int
    is_previous: bool
    """True if it waits for its restart, or was started again since."""

    @property
    def path(self) -> str:
        """Path of the log at the API server."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.pod}/log"

    @property
    def query(self) -> dict[str, str]:
        """Query of the request for the log."""
        previous = {"previous": "true"} if self.is_previous else {}
        return {"container": self.name, "tailLines": str(LOG_LINES), "limitBytes": str(LOG_BYTES), **previous}


def list_failed_containers(snapshot: Snapshot) -> Iterator[FailedContainer]:
    """Yield the failed containers of the newest pods that are not ready."""
    for pod in [each for each in snapshot.pods if not is_ready(each)][:_PODS]:
        for each in containers_of(pod):
            if each.name in (SERVER_CONTAINER, PREWARM_CONTAINER) and each.ended is not None and each.ended.code != 0:
                is_previous = bool(each.waiting or each.running_since)
                yield FailedContainer(snapshot.namespace, name_of(pod), each.name, each.restarts, is_previous)


def put_logs(pods: Sequence[Object], logs: Mapping[FailedContainer, str]) -> list[Object]:
    """Return pods with logs in the place of the messages of terminated containers.

    A log of an earlier restart is left out.
    """
    by_pod: dict[str, list[FailedContainer]] = {}
    for each in logs:
        by_pod.setdefault(each.pod, []).append(each)
    return [_put_logs(pod, {each.name: (each, logs[each]) for each in by_pod.get(name_of(pod), ())}) for pod in pods]


def _put_logs(pod: Object, logs: Mapping[str, tuple[FailedContainer, str]]) -> Object:
    if not logs:
        return pod
    statuses = [
        _put_log(status, *logs[str(status.get("name"))]) if status.get("name") in logs else status
        for status in items_at(pod, "status", "containerStatuses")
    ]
    return {**pod, "status": {**mapping_at(pod, "status"), "containerStatuses": statuses}}


def _put_log(status: Object, container: FailedContainer, log: str) -> Object:
    if number_at(status, "restartCount") != container.restarts:
        return status
    for field in ("state", "lastState"):
        if terminated := mapping_at(status, field, "terminated"):
            return {**status, field: {"terminated": {**terminated, "message": log}}}
    return status
