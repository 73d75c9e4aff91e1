"""The story of one service: what has changed since the last time is told, once."""

from dataclasses import dataclass, field

from ..phases import phases_of
from ..snapshot import Snapshot


@dataclass
class Story:
    """What has been told. `tell` gives the new lines."""

    told: dict[str, str] = field(default_factory=dict[str, str])
    """Pod to the last phase that was told of it."""

    def tell(self, snapshot: Snapshot, adapters: int = 0, arrived: int | None = None) -> list[str]:
        """A line for each pod whose phase has changed since; `arrived` of `adapters` are known to be downloaded."""
        lines: list[str] = []
        phases = list(phases_of(snapshot, adapters, arrived))
        several = len(phases) > 1
        for phase in phases:
            if self.told.get(phase.pod) != phase.text:
                self.told[phase.pod] = phase.text
                lines.append(f"{phase.pod}: {phase.text}" if several and phase.pod else phase.text)
        return lines
