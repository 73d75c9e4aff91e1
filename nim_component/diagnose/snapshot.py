"""State of one service in a cluster at one moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ..cluster.objects import Object, at, event_time, is_about, is_terminating, items_at, name_of, phase_of, text_at
from ..cluster.secret_facts import SecretFacts
from ..cluster.volume_owners import name_pvc


class ServedModels(NamedTuple):
    """Models of a service, by name."""

    requested: Sequence[str]
    listed: Sequence[str]
    """Models that the server lists under `/v1/models`."""


@dataclass(frozen=True)
class Snapshot:
    """State of one service, or of one of its Jobs, at one moment.

    A kind that could not be read is absent from `kinds`, not empty. `is_known` distinguishes them.
    """

    name: str
    """Name of the service."""
    namespace: str
    now: datetime
    """The API server's time."""
    kinds: Mapping[str, Sequence[Object]] = field(default_factory=dict[str, Sequence[Object]])
    """Objects by plural of their kind, such as `pods`: those of the service and those it refers to.

    `nodes` are all nodes.
    """
    cluster_pods: Sequence[Object] | None = None
    """Every pod of the cluster that occupies a node's resources, or None if unknown."""
    secrets: Mapping[str, SecretFacts | None] = field(default_factory=dict[str, "SecretFacts | None"])
    """Facts of the Secrets that were read, by name; None for a Secret that does not exist."""
    gateways: Mapping[tuple[str, str], Object | None] = field(default_factory=dict[tuple[str, str], "Object | None"])
    """Gateways that were read, by namespace and name; None for one that does not exist."""
    served: ServedModels | None = None
    """The requested and the listed models, or None if the server was not queried."""

    def is_known(self, kind: str) -> bool:
        """Return True if a kind could be read."""
        return kind in self.kinds

    def all(self, kind: str) -> Sequence[Object]:
        """Return the objects of a kind."""
        return self.kinds.get(kind, ())

    @property
    def pods(self) -> list[Object]:
        """Pods that are neither terminating nor succeeded, newest first."""
        live = [pod for pod in self.all("pods") if not is_terminating(pod) and phase_of(pod) != "Succeeded"]
        return sorted(live, key=lambda pod: text_at(pod, "metadata", "creationTimestamp"), reverse=True)

    @property
    def deployment(self) -> Object | None:
        """The Deployment."""
        return next(iter(self.all("deployments")), None)

    @property
    def leader_worker_set(self) -> Object | None:
        """The LeaderWorkerSet of a server on several nodes."""
        return next(iter(self.all("leaderworkersets")), None)

    @property
    def job(self) -> Object | None:
        """The Job, in a snapshot of a Job."""
        return next(iter(self.all("jobs")), None)

    @property
    def pod_template(self) -> Object:
        """Spec of the Job's pod template, else of the server's; empty if it is unknown."""
        leader = at(self.leader_worker_set, "spec", "leaderWorkerTemplate", "leaderTemplate", "spec")
        job = at(self.job, "spec", "template", "spec")
        return job or leader or at(self.deployment, "spec", "template", "spec") or {}

    @property
    def nodes(self) -> dict[str, Object]:
        """Nodes by name."""
        return {name_of(node): node for node in self.all("nodes")}

    def events(self, object_: Object | None = None, *reasons: str) -> list[Object]:
        """Return the events of an object (default: all) and of some reasons (default: all).

        The oldest event is first.
        """
        found = [
            event
            for event in self.all("events")
            if (not reasons or event.get("reason") in reasons) and (object_ is None or is_about(event, object_))
        ]
        return sorted(found, key=event_time)

    def pvcs_of(self, pod: Object) -> Iterator[tuple[str, Object | None]]:
        """Yield the names of the PVCs that a pod mounts, each with the PVC if it exists."""
        existing = {name_of(pvc): pvc for pvc in self.all("persistentvolumeclaims")}
        for volume in items_at(pod, "spec", "volumes"):
            if name := name_pvc(pod, volume):
                yield name, existing.get(name)
