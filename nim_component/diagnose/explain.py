"""The story of what runs now: each service's phases, and what is wrong with it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from .api import Api
from .findings import Finding, order
from .phases import READY, TITLES, phases_of
from .store import GROUP, JOB, SERVER_PART
from .watch import Watch

Name = tuple[str, str]
"""Namespace and name of a service."""
ALL = (JOB, GROUP)
"""What a service may have beside the usual."""


@dataclass(frozen=True)
class Explanation:
    """One service at one moment."""

    name: str
    namespace: str
    phases: tuple[str, ...]
    """Where its pods stand, one a pod, and its Jobs that are not done."""
    findings: tuple[Finding, ...]
    there: bool = True
    """Whether its Deployment, LeaderWorkerSet or a Job of it is there, as far as can be seen."""
    well: bool = True
    """Whether all its pods are ready, and its Jobs done."""

    def __str__(self) -> str:
        lines = [f"{self.namespace}/{self.name}: {phase}" for phase in self.phases]
        if not self.there:
            lines = [f"{self.namespace}/{self.name}: there is no such Deployment"]
        for finding in self.findings:
            lines += ["", *str(finding).splitlines()]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "service": self.name,
            "namespace": self.namespace,
            "deployed": self.there,
            "ready": self.well,
            "phases": list(self.phases),
            "findings": [finding.to_json() for finding in self.findings],
        }


class Explainer:
    """Explains services on a connection. `notes` are the things that could not be read, a sentence each."""

    def __init__(self, api: Api) -> None:
        self.notes: list[str] = []
        self._watch = Watch(api, self.notes.append)

    async def explain(self, namespaces: Sequence[str], wanted: Sequence[Name] = ()) -> list[Explanation]:
        """The wanted services, by default every one of the component's in these namespaces, as they are now."""
        await self._watch.load(namespaces, ALL)
        return await self._explain_all(namespaces, wanted)

    async def follow(self, namespaces: Sequence[str], wanted: Sequence[Name] = ()) -> AsyncIterator[list[Explanation]]:
        """What has changed, whenever something has, until nobody asks any more."""
        for namespace in namespaces:
            self._watch.follow(namespace, ALL)
        for namespace in namespaces:
            await self._watch.first(namespace, 30)
        told: dict[Name, Explanation] = {}
        while True:
            now = {(each.namespace, each.name): each for each in await self._explain_all(namespaces, wanted)}
            if changed := [each for name, each in now.items() if told.get(name) != each]:
                yield changed
            told = now
            await asyncio.sleep(1)

    async def close(self) -> None:
        """Ends the watches and the connection."""
        await self._watch.close()

    async def _explain_all(self, namespaces: Sequence[str], wanted: Sequence[Name]) -> list[Explanation]:
        names = list(wanted) or [(namespace, name) for namespace in namespaces for name in self._watch.store.services(namespace)]
        return [await self._explain(namespace, name) for namespace, name in names]

    async def _explain(self, namespace: str, name: str) -> Explanation:
        parts = {part for service, part in self._watch.store.parts(namespace) if service == name}
        known = ("deployments", namespace) in self._watch.store.objects
        jobs = sorted(parts - {SERVER_PART}, reverse=True)  # the model comes before the adapters
        phases: list[str] = []
        findings: list[Finding] = []
        well = bool(parts) or not known
        for part in [*jobs, SERVER_PART] if SERVER_PART in parts or not jobs else jobs:
            snapshot, found = await self._watch.look(name, namespace, part)
            each_of = list(phases_of(snapshot))
            done = all(phase.order == READY for phase in each_of)
            if part in jobs and done:
                continue
            several, title = len(each_of) > 1, f"{TITLES[part]}: " if part in TITLES else ""
            phases += [f"{phase.pod} {phase.text}" if several else f"{title}{phase.text}" for phase in each_of]
            findings += found
            well = well and done
        there = bool(parts) or not known
        return Explanation(name, namespace, tuple(phases), tuple(order(findings)) if there else (), there, well)
