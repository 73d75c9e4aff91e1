"""Progress report of many rollouts, from one shared watch."""

import asyncio
import time
from collections.abc import Sequence

from ...cluster.kinds import CHILD_KINDS, EXTRA_KINDS
from ...text.amounts import format_duration
from ..diagnosis import Diagnosis
from ..phases import READY, describe_phases
from ..rules import CHILD_CAUSES, ROLLOUT_CAUSES
from ..store import owner_key
from ..watch import Watch
from .recovery import find_link
from .tracked_rollout import TrackedRollout

WARN_AFTER = 3.0
"""Seconds for which a cause must persist before it is reported: many causes are short-lived."""
CHILD_WARN_AFTER = 30.0
"""The same for causes of optional children, which a rollout itself can have for a moment."""
TICK = 1.0
"""Seconds between two checks for changes."""
RECHECK_AFTER = 3.0
"""Seconds until a rollout without changes is diagnosed again: some rules depend on the clock."""
FINAL_DIAGNOSIS_SECONDS = 2.0
"""Time limit of the diagnosis of a failed rollout."""


class ProgressReporter:
    """Reporter of every tracked rollout: at most once a second, when an object changes."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._rollouts: list[TrackedRollout] = []

    def track(self, rollout: TrackedRollout) -> None:
        """Start reporting a rollout."""
        children = (CHILD_KINDS[kind] for kind in rollout.child_kinds)
        self._watch.follow(rollout.namespace, (*EXTRA_KINDS.get(rollout.kind, ()), *children))
        self._rollouts.append(rollout)

    @property
    def is_idle(self) -> bool:
        """True when no rollout is tracked."""
        return not self._rollouts

    def finish(self, rollout: TrackedRollout) -> None:
        """Stop reporting a rollout that succeeded."""
        self._remove(rollout)

    async def fail(self, rollout: TrackedRollout, errors: Sequence[str] = ()) -> None:
        """Report the diagnosis of a failed rollout, then stop reporting it.

        Args:
            rollout: The rollout.
            errors: The engine's errors of the resource.
        """
        self._remove(rollout)
        await self._watch.wait_until_read(rollout.namespace, FINAL_DIAGNOSIS_SECONDS)
        if rollout.permanent is not None and rollout.last_snapshot is not None:
            snapshot, diagnoses = rollout.last_snapshot, [rollout.permanent]
        else:
            snapshot, found = await self._watch.diagnose(rollout.name, rollout.namespace, rollout.workload, rollout.job)
            diagnoses = sorted(found, key=lambda each: each.cause in CHILD_CAUSES)  # no pod fails because of them
        if not snapshot.is_known("pods"):
            return
        phases = list(describe_phases(snapshot, rollout.adapters))
        if diagnoses or any(phase.order < READY for phase in phases):
            elapsed = time.monotonic() - rollout.started
            reached = [phase.describe(names_pod=snapshot.leader_worker_set is not None) for phase in phases]
            text = describe_failure(diagnoses, reached, elapsed, rollout.success)
            lines = [text, *([rollout.note] if rollout.permanent is not None and rollout.note else []), f"  see: {find_link(errors)}"]
            rollout.report("error", "\n".join(lines))

    def _remove(self, rollout: TrackedRollout) -> None:
        self._rollouts.remove(rollout)
        rollout.is_tracked = False

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            for rollout in list(self._rollouts):
                now = time.monotonic()
                changed = rollout.version != self._count_changes(rollout)
                if changed or rollout.first_seen.keys() - rollout.warned or now - rollout.diagnosed >= RECHECK_AFTER:
                    await self._diagnose(rollout)
                    await asyncio.sleep(0)
            await asyncio.sleep(TICK)

    def _count_changes(self, rollout: TrackedRollout) -> int:
        return self._watch.store.changes[rollout.namespace, owner_key(rollout.name, rollout.workload)]

    async def _diagnose(self, rollout: TrackedRollout) -> None:
        rollout.version, rollout.diagnosed = self._count_changes(rollout), time.monotonic()
        snapshot, diagnoses = await self._watch.diagnose(rollout.name, rollout.namespace, rollout.workload, rollout.job)
        if not snapshot.is_known("pods"):
            return
        downloaded = await self._watch.count_adapters(snapshot) if rollout.adapters else None
        for line in rollout.phase_log.add(snapshot, rollout.adapters, downloaded):
            rollout.report("progress", line)
        seen = {diagnosis.cause: diagnosis for diagnosis in diagnoses if diagnosis.cause not in ROLLOUT_CAUSES}
        rollout.first_seen = {cause: rollout.first_seen.get(cause, rollout.diagnosed) for cause in seen}
        for cause, diagnosis in seen.items():
            delay = CHILD_WARN_AFTER if cause in CHILD_CAUSES else WARN_AFTER
            if cause not in rollout.warned and rollout.diagnosed - rollout.first_seen[cause] >= delay:
                rollout.warned[cause] = diagnosis
                rollout.report("warning", str(diagnosis))


def describe_failure(diagnoses: list[Diagnosis], phases: list[str], seconds: float, success: str = "ready") -> str:
    """Return the diagnosis that is logged beside the engine's error."""
    reached = "; ".join(dict.fromkeys(phases)) or "no pod exists"
    first_line = f"not {success} after {format_duration(seconds)}: {reached}"
    if not diagnoses:
        return f"{first_line}.\nThe cluster shows no cause."
    return "\n".join([f"{first_line}.", *(str(diagnosis) for diagnosis in diagnoses[:3])])
