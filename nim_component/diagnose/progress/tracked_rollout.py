"""Rollout, or Job, whose progress is reported."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from ...cluster.objects import text_at, texts_at
from ...names import JOBS, SELECTOR_LABELS, SERVER
from ..diagnosis import Diagnosis
from ..phases import JOB_TITLES
from ..snapshot import Snapshot
from .phase_log import PhaseLog

Level = Literal["progress", "warning", "error"]


@dataclass
class TrackedRollout:
    """A rollout, or a Job, whose progress is reported."""

    name: str
    """Name of the service."""
    namespace: str
    report: Callable[[Level, str], None]
    adapters: int = 0
    kind: str = "Deployment"
    """Kind of the resource that Pulumi waits for: `Deployment`, `LeaderWorkerSet` or `Job`."""
    workload: str = SERVER
    """Value of the pods' label `app.kubernetes.io/name`: `SERVER` or one of `JOBS`."""
    job: str = ""
    """Name of the Job."""
    child_kinds: tuple[str, ...] = ()
    """Kinds of the service's optional children whose conditions are reported."""
    phase_log: PhaseLog = field(default_factory=PhaseLog)
    started: float = field(default_factory=time.monotonic)
    warned: dict[str, Diagnosis] = field(default_factory=dict[str, Diagnosis])
    """Reported diagnoses by cause."""
    first_seen: dict[str, float] = field(default_factory=dict[str, float])
    """Cause to the time at which it was first seen."""
    diagnosed: float = 0.0
    """Time of the last diagnosis."""
    version: int = -1
    """Number of changes in the store at the last diagnosis."""
    object_name: str = ""
    """Name of the resource in the cluster."""
    is_tracked: bool = True
    """False when the rollout is finished or failed."""
    permanent: Diagnosis | None = None
    """The permanent cause for which the wait ends early."""
    last_snapshot: Snapshot | None = None
    """The state in which that cause was found."""
    note: str = ""
    """Text after the diagnosis of a failed rollout."""

    def end_for(self, permanent: Diagnosis | None, snapshot: Snapshot) -> bool:
        """Store the permanent cause for which the wait ends. Return False if there is none."""
        if permanent is not None:
            self.permanent, self.last_snapshot = permanent, snapshot
        return permanent is not None

    @property
    def success(self) -> str:
        """Adjective for the successful end: `done` for a Job, else `ready`."""
        return "done" if self.kind == "Job" else "ready"


def track_rollout(args: pulumi.ResourceHookArgs, report: Callable[[Level, str], None], adapters: int) -> TrackedRollout:
    """Return the rollout of a resource.

    The service's name is in its labels, for a Job in its pods' labels.
    """
    name, namespace = (text_at(args.new_inputs, "metadata", key) for key in ("name", "namespace"))
    kind = args.type.rpartition(":")[2]
    labels = texts_at(args.new_inputs, *(("spec", "template") if kind == "Job" else ()), "metadata", "labels")
    service, workload = labels.get(SELECTOR_LABELS[1]) or name, labels.get(SELECTOR_LABELS[0], "")
    title = f"{service} ({JOB_TITLES[workload]})" if workload in JOB_TITLES else service

    def report_with_title(level: Level, text: str) -> None:
        report(level, f"{title}: {text}")

    return TrackedRollout(
        service,
        namespace or "default",
        report_with_title,
        adapters,
        kind=kind,
        workload=workload if workload in JOBS else SERVER,
        job=name if kind == "Job" else "",
        object_name=name,
    )
