"""The story of many services at a time, from one watch: what is said, of whom, and when."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ...cluster.kinds import MORE, SERVER_PART
from ..diagnosis import Finding
from ..phases import READY, duration, phases_of
from ..store import owner
from ..watch import Watch
from .phase_log import Story

Level = Literal["progress", "warning", "error"]
SETTLE = 3.0
"""Seconds that a cause must be seen before it is warned of: much of what stands still for a moment goes on by itself."""
TICK = 1.0
REST = 3.0
"""Seconds after which a service is looked at again although nothing changed: some rules go by the clock."""
LAST_LOOK = 2.0
"""Seconds that the last diagnosis of a failed update may take."""


@dataclass
class Told:
    """A service whose story is told."""

    name: str
    namespace: str
    say: Callable[[Level, str], None]
    adapters: int = 0
    kind: str = "Deployment"
    """What is waited for: a `Deployment`, a `LeaderWorkerSet` or a `Job`."""
    part: str = SERVER_PART
    job: str = ""
    """Name of the Job."""
    story: Story = field(default_factory=Story)
    began: float = field(default_factory=time.monotonic)
    warned: set[str] = field(default_factory=set[str])
    first_seen: dict[str, float] = field(default_factory=dict[str, float])
    looked: float = 0.0
    version: int = -1

    @property
    def end(self) -> str:
        """What it is when all is well."""
        return "done" if self.kind == "Job" else "ready"


class Telling:
    """Looks at every service that is being told of as often as something changes, at most once a second."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._told: list[Told] = []

    def begin(self, told: Told) -> None:
        """From now on a service is told of."""
        self._watch.follow(told.namespace, MORE.get(told.kind, ()))
        self._told.append(told)

    @property
    def idle(self) -> bool:
        """Whether nobody is told of any more."""
        return not self._told

    def end(self, told: Told) -> None:
        """It has come up."""
        self._told.remove(told)

    async def fail(self, told: Told) -> None:
        """It has not: what is known of why, at once."""
        self._told.remove(told)
        await self._watch.first(told.namespace, LAST_LOOK)
        snapshot, findings = await self._watch.look(told.name, told.namespace, told.part, told.job)
        if not snapshot.known("pods"):
            return
        phases = list(phases_of(snapshot, told.adapters))
        if findings or any(phase.order < READY for phase in phases):
            told.say("error", describe_failure(findings, [phase.text for phase in phases], time.monotonic() - told.began, told.end))

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            for told in list(self._told):
                now = time.monotonic()
                changed = told.version != self._changes(told)
                if changed or told.first_seen.keys() - told.warned or now - told.looked >= REST:
                    await self._look(told)
                    await asyncio.sleep(0)
            await asyncio.sleep(TICK)

    def _changes(self, told: Told) -> int:
        return self._watch.store.changes[told.namespace, owner(told.name, told.part)]

    async def _look(self, told: Told) -> None:
        told.version, told.looked = self._changes(told), time.monotonic()
        snapshot, findings = await self._watch.look(told.name, told.namespace, told.part, told.job)
        if not snapshot.known("pods"):
            return
        arrived = await self._watch.count_adapters(snapshot) if told.adapters else None
        for line in told.story.tell(snapshot, told.adapters, arrived):
            told.say("progress", line)
        seen = {finding.cause: finding for finding in findings}
        told.first_seen = {cause: told.first_seen.get(cause, told.looked) for cause in seen}
        for cause, finding in seen.items():
            if cause not in told.warned and told.looked - told.first_seen[cause] >= SETTLE:
                told.warned.add(cause)
                told.say("warning", str(finding))


def describe_failure(findings: list[Finding], phases: list[str], seconds: float, end: str = "ready") -> str:
    """The diagnosis that stands beside the engine's error."""
    got = "; ".join(dict.fromkeys(phases)) or "nothing is there"
    head = f"not {end} after {duration(seconds)}: {got}"
    if not findings:
        return f"{head}.\nNo cause can be seen in the cluster."
    return "\n".join([f"{head}.", *(str(finding) for finding in findings[:3])])
