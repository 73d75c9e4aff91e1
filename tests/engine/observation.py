"""Effects of an update on a service, read from the API server while it runs."""

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from tests.cluster.client import Client, Object
from tests.cluster.waiting import ready_endpoints

POD_START = 6.0
"""Seconds until a pod is ready. A shorter time without a ready pod is not the start of one."""
_INTERVAL = 0.2


@dataclass(frozen=True)
class Objects:
    """UIDs of the objects of a service by kind, and its addresses."""

    pods: frozenset[str]
    caches: frozenset[str]
    address: tuple[Any, ...]
    started: frozenset[str]
    """Names of the pods that ReplicaSets created, also of those that no longer exist."""

    @classmethod
    def read(cls, cluster: Client, namespace: str) -> Self:
        """Read the objects of a namespace, without those that are being deleted."""
        pods, pvcs, services = (_live(cluster.list("v1", kind, namespace)) for kind in ("Pod", "PersistentVolumeClaim", "Service"))
        servers = [each for each in pods if each["metadata"]["labels"].get("app.kubernetes.io/name") == "nim"]
        addresses = [
            (each["metadata"]["name"], each["spec"]["clusterIP"], [port["port"] for port in each["spec"]["ports"]]) for each in services
        ]
        events = (each for each in cluster.list("v1", "Event", namespace) if each["involvedObject"]["kind"] == "ReplicaSet")
        started = frozenset(each["message"].rpartition(" ")[2] for each in events if each["reason"] == "SuccessfulCreate")
        return cls(_uids(servers), _uids(pvcs), tuple(sorted(addresses)), started)


@dataclass
class Observation:
    """Ready pods behind the Service, sampled while the context is active."""

    cluster: Client
    namespace: str
    seconds_without_endpoint: float = 0.0
    samples: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        self._thread.join()

    def _sample(self) -> None:
        last = time.monotonic()
        while not self._stopped.wait(_INTERVAL):
            ready = ready_endpoints(self.cluster, self.namespace)
            now = time.monotonic()
            self.samples += 1
            self.seconds_without_endpoint += 0.0 if ready else now - last
            last = now


def describe(before: Objects, after: Objects, observed: Observation) -> dict[str, str]:
    """Return what happened to pods, requests, addresses and caches."""
    assert observed.samples > 3
    if not after.pods or not before.pods:
        interruption = "while no pod is requested"
    elif observed.seconds_without_endpoint < 1:
        interruption = "not interrupted"
    else:
        interruption = "one pod start" if observed.seconds_without_endpoint >= 0.8 * POD_START else "less than one pod start"
    return {
        "pods": _compare(before.pods, after.pods),
        "requests": interruption,
        "address": "kept" if before.address == after.address else "changed",
        "cache": _compare(before.caches, after.caches),
    }


def _compare(before: frozenset[str], after: frozenset[str]) -> str:
    if before == after:
        return "kept" if before else "none"
    if not before & after:
        return "replaced" if before and after else "created" if after else "deleted"
    added, removed = len(after - before), len(before - after)
    return ", ".join([*([f"{added} added"] if added else []), *([f"{removed} deleted"] if removed else []), "others kept"])


def _live(objects: list[Object]) -> list[Object]:
    return [each for each in objects if "deletionTimestamp" not in each["metadata"]]


def _uids(objects: list[Object]) -> frozenset[str]:
    return frozenset(each["metadata"]["uid"] for each in objects)
