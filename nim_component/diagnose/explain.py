"""The story of what runs now: each service's phases, and what is wrong with it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..cluster.client import ClusterClient
from ..cluster.kinds import JOB, LEADER_WORKER_SET
from ..names import LORA_JOB, SERVER
from .diagnosis import Diagnosis, rank
from .phases import READY, TITLES, phases_of
from .requested_models import compare_served
from .rules import diagnose
from .served_models import NotAskedError
from .snapshot import Snapshot
from .watch import FRESH, Watch

Name = tuple[str, str]
"""Namespace and name of a service."""
ALL = (JOB, LEADER_WORKER_SET)
"""What a service may have beside the usual."""
AT_A_TIME = 20
"""Servers that are asked what they serve."""


@dataclass(frozen=True)
class Explanation:
    """One service at one moment."""

    name: str
    namespace: str
    phases: tuple[str, ...]
    """Where its pods stand, one a pod, and its Jobs that are not done."""
    diagnoses: tuple[Diagnosis, ...]
    there: bool = True
    """Whether its Deployment, LeaderWorkerSet or a Job of it is there, as far as can be seen."""
    well: bool = True
    """Whether all its pods are ready, its Jobs done, and the models that were asked for listed."""

    def __str__(self) -> str:
        lines = [f"{self.namespace}/{self.name}: {phase}" for phase in self.phases]
        if not self.there:
            lines = [f"{self.namespace}/{self.name}: there is no such Deployment"]
        for diagnosis in self.diagnoses:
            lines += ["", *str(diagnosis).splitlines()]
        return "\n".join(lines)

    @property
    def gist(self) -> tuple[Any, ...]:
        """What makes it another than before: some diagnoses count the seconds."""
        return self.phases, tuple(diagnosis.cause for diagnosis in self.diagnoses), self.there, self.well

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "service": self.name,
            "namespace": self.namespace,
            "deployed": self.there,
            "ready": self.well,
            "phases": list(self.phases),
            "diagnoses": [diagnosis.to_json() for diagnosis in self.diagnoses],
        }


class Explainer:
    """Explains services on a connection. `note` is called once for each thing that could not be read, with a sentence."""

    def __init__(self, api: ClusterClient, note: Callable[[str], None] = lambda _: None) -> None:
        self._say, self._noted = note, set[str]()
        self._watch = Watch(api, self._note)
        self._comparing = asyncio.Semaphore(AT_A_TIME)
        self._served: dict[Name, tuple[float, tuple[Sequence[str], Sequence[str]] | None]] = {}

    async def explain(self, namespaces: Sequence[str], wanted: Sequence[Name] = ()) -> list[Explanation]:
        """The wanted services, by default every one of the component's in these namespaces, as they are now."""
        await self._watch.load(namespaces, ALL)
        return await self._explain_all(namespaces, wanted)

    async def follow(self, namespaces: Sequence[str], wanted: Sequence[Name] = ()) -> AsyncIterator[list[Explanation]]:
        """What is there, then what has changed whenever something has, until nobody asks any more. Raises what stops all of it at the
        beginning; a server that goes later is waited for."""
        await self._watch.api.get("/version")
        for namespace in namespaces:
            self._watch.follow(namespace, ALL)
        for namespace in namespaces:
            await self._watch.wait_until_read(namespace, 30)
        told: dict[Name, Explanation] | None = None
        while True:
            now = {(each.namespace, each.name): each for each in await self._explain_all(namespaces, wanted)}
            before = told or {}
            gone = [replace(each, phases=(), diagnoses=(), there=False, well=False) for name, each in before.items() if name not in now]
            changed = [each for name, each in now.items() if name not in before or before[name].gist != each.gist] + gone
            if changed or told is None:
                yield changed
            told = now
            await asyncio.sleep(1)

    async def close(self) -> None:
        """Ends the watches and the connection."""
        await self._watch.close()

    async def _explain_all(self, namespaces: Sequence[str], wanted: Sequence[Name]) -> list[Explanation]:
        names = list(wanted) or [(namespace, name) for namespace in namespaces for name in self._watch.store.services(namespace)]
        return await asyncio.gather(*(self._explain(namespace, name) for namespace, name in names))

    async def _explain(self, namespace: str, name: str) -> Explanation:
        parts = {part for service, part in self._watch.store.parts(namespace) if service == name}
        known = ("deployments", namespace) in self._watch.store.objects
        jobs = sorted(parts - {SERVER}, reverse=True)  # the model comes before the adapters
        phases: list[str] = []
        diagnoses: list[Diagnosis] = []
        well = bool(parts) or not known
        for part in [*jobs, SERVER] if SERVER in parts or not jobs else jobs:
            snapshot, found = await self._watch.diagnose(name, namespace, part)
            each_of = list(phases_of(snapshot))
            done = all(phase.order == READY for phase in each_of)
            if part in jobs and done:
                continue
            several, title = len(each_of) > 1, f"{TITLES[part]}: " if part in TITLES else ""
            if part == SERVER and done:
                found = await self._compare(snapshot) or found
                well = well and all(each.cause != "model-missing" for each in found)
            phases += [f"{phase.pod} {phase.text}" if several else f"{title}{phase.text}" for phase in each_of]
            diagnoses += found
            well = well and done
        there = bool(parts) or not known
        return Explanation(name, namespace, tuple(phases), tuple(rank(diagnoses)) if there else (), there, well)

    async def _compare(self, snapshot: Snapshot) -> list[Diagnosis]:
        """The diagnoses with what the server lists, at most once a minute; none where it was not asked."""
        name, now = (snapshot.namespace, snapshot.name), time.monotonic()
        asked, served = self._served.get(name, (-FRESH, None))
        if now - asked >= FRESH:
            lister = self._watch.store.snapshot(snapshot.name, snapshot.namespace, snapshot.now, LORA_JOB).job
            try:
                async with self._comparing:
                    served = await compare_served(self._watch.api, snapshot, lister)
            except NotAskedError as error:
                served = None
                text = f"what is served is not compared with what was asked for: {error}"
                self._note(text if error.denied else f"{snapshot.name}: {text}")
            self._served[name] = now, served
        return diagnose(replace(snapshot, served=served)) if served is not None else []

    def _note(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self._say(text)
