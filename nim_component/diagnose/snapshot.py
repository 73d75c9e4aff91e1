"""State of one service in a cluster at one moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ..cluster.objects import Object, event_time, is_about, is_terminating, items_at, name_of, phase_of, text_at

if TYPE_CHECKING:
    from ..cluster.secret_facts import SecretFacts  # it imports the client, which the rules do without


@dataclass(frozen=True)
class Snapshot:
    """One service at one moment. What could not be read is absent, not empty: `known` tells them apart."""

    name: str
    """Name of Deployment and Service."""
    namespace: str
    now: datetime
    """The server's clock."""
    kinds: Mapping[str, Sequence[Object]] = field(default_factory=dict[str, Sequence[Object]])
    """By plural, such as `pods`: those of this service, and of what it refers to. `nodes` are all nodes."""
    others: Sequence[Object] | None = None
    """Every pod that holds a node's resources, of whichever namespace; none when that is not known."""
    secrets: "Mapping[str, SecretFacts | None]" = field(default_factory=dict[str, "SecretFacts | None"])
    """Secrets that were looked at, by name; None for one that is not there."""
    served: "tuple[Sequence[str], Sequence[str]] | None" = None
    """Models that were asked for, and those that the server lists; none when it was not asked."""

    def is_known(self, kind: str) -> bool:
        """Whether a kind could be read."""
        return kind in self.kinds

    def all(self, kind: str) -> Sequence[Object]:
        """The objects of a kind."""
        return self.kinds.get(kind, ())

    @property
    def pods(self) -> list[Object]:
        """The service's pods that are to stay and have not ended, newest first."""
        live = [pod for pod in self.all("pods") if not is_terminating(pod) and phase_of(pod) != "Succeeded"]
        return sorted(live, key=lambda pod: text_at(pod, "metadata", "creationTimestamp"), reverse=True)

    @property
    def deployment(self) -> Object | None:
        """The Deployment."""
        return next(iter(self.all("deployments")), None)

    @property
    def leader_worker_set(self) -> Object | None:
        """The LeaderWorkerSet, of a server over several nodes."""
        return next(iter(self.all("leaderworkersets")), None)

    @property
    def job(self) -> Object | None:
        """The Job, where it is a Job's pods that are looked at."""
        return next(iter(self.all("jobs")), None)

    @property
    def nodes(self) -> dict[str, Object]:
        """Nodes by name."""
        return {name_of(node): node for node in self.all("nodes")}

    def events(self, object_: Object | None = None, *reasons: str) -> list[Object]:
        """Events, oldest first: of one object, and of some reasons."""
        found = [
            event
            for event in self.all("events")
            if (not reasons or event.get("reason") in reasons) and (object_ is None or is_about(event, object_))
        ]
        return sorted(found, key=event_time)

    def pvcs_of(self, pod: Object) -> Iterator[tuple[str, Object | None]]:
        """Names of the claims that a pod mounts, each with the claim if it is there."""
        there = {name_of(claim): claim for claim in self.all("persistentvolumeclaims")}
        for volume in items_at(pod, "spec", "volumes"):
            name = text_at(volume, "persistentVolumeClaim", "claimName")
            if name:
                yield name, there.get(name)
