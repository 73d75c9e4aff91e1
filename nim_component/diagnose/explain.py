"""The story of what runs now: each service's phases, and what is wrong with it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from .api import Api
from .findings import Finding
from .story import READY, phases_of
from .watch import Watch

Name = tuple[str, str]
"""Namespace and name of a service."""


@dataclass(frozen=True)
class Explanation:
    """One service at one moment."""

    name: str
    namespace: str
    phases: tuple[str, ...]
    """Where its pods stand, one a pod."""
    findings: tuple[Finding, ...]
    there: bool = True
    """Whether its Deployment is there, as far as can be seen."""
    well: bool = True
    """Whether all its pods are ready."""

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
        await self._watch.load(namespaces)
        return await self._explain_all(namespaces, wanted)

    async def follow(self, namespaces: Sequence[str], wanted: Sequence[Name] = ()) -> AsyncIterator[list[Explanation]]:
        """What has changed, whenever something has, until nobody asks any more."""
        for namespace in namespaces:
            self._watch.follow(namespace)
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
        snapshot, findings = await self._watch.look(name, namespace)
        there = snapshot.deployment is not None or not snapshot.known("deployments")
        phases = list(phases_of(snapshot))
        well = there and all(phase.order == READY for phase in phases)
        several = len(phases) > 1
        said = tuple(f"{phase.pod} {phase.text}" if several else phase.text for phase in phases)
        return Explanation(name, namespace, said, tuple(findings) if there else (), there, well)
