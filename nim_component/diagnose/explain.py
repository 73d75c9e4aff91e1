"""Explanations of running services: their phases and diagnoses."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..cluster.client import ClusterClient
from ..cluster.kinds import JOB, LEADER_WORKER_SET, Kind
from ..names import LORA_JOB, SERVER
from .diagnosis import Diagnosis, rank
from .model_comparisons import ModelComparisons
from .phases import JOB_TITLES, READY, describe_phases
from .rules import diagnose
from .snapshot import Snapshot
from .watch import Watch

Name = tuple[str, str]
"""Namespace and name of a service."""
EXTRA_KINDS = (JOB, LEADER_WORKER_SET)
"""Kinds that only some services have."""


@dataclass(frozen=True)
class Explanation:
    """Phases and diagnoses of one service at one moment."""

    name: str
    namespace: str
    phases: tuple[str, ...]
    """Phases of its pods, and of its Jobs that are not done."""
    diagnoses: tuple[Diagnosis, ...]
    is_deployed: bool = True
    """False if it has no Deployment, no LeaderWorkerSet and no Job."""
    is_ready: bool = True
    """True if all pods are ready, all Jobs are done, and the requested models are listed."""

    def __str__(self) -> str:
        return "\n".join([*self.headlines, *(line for each in self.diagnoses for line in ("", str(each)))])

    @property
    def headlines(self) -> list[str]:
        """One line for each phase."""
        return [f"{self.namespace}/{self.name}: {phase}" for phase in (self.phases if self.is_deployed else ("not deployed",))]

    @property
    def identity(self) -> tuple[Any, ...]:
        """Fields whose change makes a new explanation. Texts are left out: some contain seconds."""
        return self.phases, tuple(diagnosis.cause for diagnosis in self.diagnoses), self.is_deployed, self.is_ready

    def to_json(self) -> dict[str, Any]:
        """Return the explanation as `explain --json` prints it."""
        return {
            "service": self.name,
            "namespace": self.namespace,
            "deployed": self.is_deployed,
            "ready": self.is_ready,
            "phases": list(self.phases),
            "diagnoses": [diagnosis.to_json() for diagnosis in self.diagnoses],
        }


class Explainer:
    """Explains the services of a cluster."""

    def __init__(
        self,
        client: ClusterClient,
        report_note: Callable[[str], None] = lambda _: None,
        *,
        read_logs: bool = False,
        child_kinds: Iterable[Kind] = (),
    ) -> None:
        """Create an explainer.

        Args:
            client: Client of the cluster. The explainer closes it.
            report_note: Function that is called once, with a sentence, for each unreadable object
                and for each log that was read.
            read_logs: True to read logs of failed servers.
            child_kinds: Kinds of optional children to read.
        """
        self._extra_kinds = (*EXTRA_KINDS, *child_kinds)
        self._report_note, self._reported = report_note, set[str]()
        self._watch = Watch(client, self._report_once, read_logs=read_logs)
        self._models = ModelComparisons(client, self._watch.begin_comparison, self._report_once)

    async def explain(self, namespaces: Sequence[str], names: Sequence[Name] = ()) -> list[Explanation]:
        """Return explanations of the named services, by default of all in the namespaces."""
        await self._watch.load(namespaces, self._extra_kinds)
        return await self._explain_all(namespaces, names)

    async def follow(self, namespaces: Sequence[str], names: Sequence[Name] = ()) -> AsyncIterator[list[Explanation]]:
        """Yield all explanations, then those that change.

        If the server becomes unreachable later, wait for it.

        Raises:
            RefusedError: The server does not accept the credentials.
            UnreachableError: The server does not respond at the start.
        """
        await self._watch.client.get("/version")
        for namespace in namespaces:
            self._watch.follow(namespace, self._extra_kinds)
        for namespace in namespaces:
            await self._watch.wait_until_read(namespace, 30)
        previous: dict[Name, Explanation] | None = None
        while True:
            current = {(each.namespace, each.name): each for each in await self._explain_all(namespaces, names)}
            before = previous or {}
            removed = [
                replace(each, phases=(), diagnoses=(), is_deployed=False, is_ready=False)
                for name, each in before.items()
                if name not in current
            ]
            changed = [each for name, each in current.items() if name not in before or before[name].identity != each.identity]
            if changed or removed or previous is None:
                yield changed + removed
            previous = current
            await asyncio.sleep(1)

    async def close(self) -> None:
        """End all watches and close the client."""
        await self._watch.close()

    async def _explain_all(self, namespaces: Sequence[str], names: Sequence[Name]) -> list[Explanation]:
        found = list(names) or [(namespace, name) for namespace in namespaces for name in self._watch.store.services(namespace)]
        self._models.keep(set(found))
        return await asyncio.gather(*(self._explain(namespace, name) for namespace, name in found))

    async def _explain(self, namespace: str, name: str) -> Explanation:
        workloads = {workload for service, workload in self._watch.store.workloads(namespace) if service == name}
        is_deployed = bool(workloads) or ("deployments", namespace) not in self._watch.store.objects
        jobs = sorted(workloads - {SERVER}, reverse=True)  # the prewarm Job precedes the LoRA Job
        phases: list[str] = []
        diagnoses: list[Diagnosis] = []
        is_ready = is_deployed
        for workload in [*jobs, SERVER] if SERVER in workloads or not jobs else jobs:
            snapshot, found = await self._watch.diagnose(name, namespace, workload)
            workload_phases = list(describe_phases(snapshot))
            is_done = all(phase.order == READY for phase in workload_phases)
            if workload in jobs and is_done:
                continue
            if workload == SERVER and not is_done:
                self._models.forget((namespace, name))
            elif workload == SERVER:
                found = await self._compare_models(snapshot) or found
                is_ready = is_ready and all(each.cause != "model-missing" for each in found)
            title = f"{JOB_TITLES[workload]}: " if workload in JOB_TITLES else ""
            phases += [f"{phase.pod} {phase.text}" if len(workload_phases) > 1 else f"{title}{phase.text}" for phase in workload_phases]
            diagnoses += found
            is_ready = is_ready and is_done
        return Explanation(name, namespace, tuple(phases), tuple(rank(diagnoses)) if is_deployed else (), is_deployed, is_ready)

    async def _compare_models(self, snapshot: Snapshot) -> list[Diagnosis]:
        """Return the diagnoses that consider the served models; none if these are unknown."""
        lora_job = self._watch.store.snapshot(snapshot.name, snapshot.namespace, snapshot.now, LORA_JOB).job
        served = await self._models.read(snapshot, lora_job)
        return diagnose(replace(snapshot, served=served)) if served is not None else []

    def _report_once(self, text: str) -> None:
        if text not in self._reported:
            self._reported.add(text)
            self._report_note(text)
