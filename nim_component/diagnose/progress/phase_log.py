"""Phases of one rollout that were already reported."""

from dataclasses import dataclass, field

from ..phases import describe_phases
from ..snapshot import Snapshot


@dataclass
class PhaseLog:
    """Phases reported so far. Each phase of a pod is reported once."""

    reported: dict[str, str] = field(default_factory=dict[str, str])
    """Name of a pod to its last reported phase."""

    def add(self, snapshot: Snapshot, adapters: int = 0, downloaded: int | None = None) -> list[str]:
        """Return a line for each pod whose phase changed since the last call.

        Args:
            snapshot: The current objects of the service.
            adapters: How many adapters the loader downloads.
            downloaded: How many of them are downloaded; None if unknown.
        """
        lines: list[str] = []
        phases = list(describe_phases(snapshot, adapters, downloaded))
        for phase in phases:
            if self.reported.get(phase.pod) != phase.text:
                self.reported[phase.pod] = phase.text
                lines.append(phase.describe(names_pod=len(phases) > 1))
        return lines
