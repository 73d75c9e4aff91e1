"""Watches of the cluster, one per kind and namespace, shared by all services that are diagnosed."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable
from typing import Any

from ..cluster.client import ClusterClient
from ..cluster.errors import GoneError, MissingError, RefusedError, UnreachableError
from ..cluster.kinds import KINDS, PRIMARY_KINDS, SECONDARY_KINDS, Kind
from ..cluster.objects import text_at
from ..cluster.rate_limiter import RateLimiter, acquire, try_acquire
from ..names import SERVER
from .diagnosis import Diagnosis
from .on_demand import OnDemandReader
from .rules import diagnose
from .snapshot import Snapshot
from .store import Store

RESTART_DELAY = 1.0
"""Seconds before a watch that ended is started again."""
STAGGER = 0.05
"""Seconds between the restarts of two kinds.

If the rate limit does not admit all of them, the kinds that show the most are restarted.
"""
REQUESTS_PER_NAMESPACE = 30
"""Limit of requests per minute and namespace, including probes and nodes.

It admits a list and a watch of each of seven kinds, and nearly all of them once more after the API
server has restarted.
"""
REQUESTS_PER_KIND = 6
"""Limit of requests per minute and kind: a kind that fails leaves requests for the others."""
READS_PER_NAMESPACE = 8
"""Part of `REQUESTS_PER_NAMESPACE` that reads for diagnoses may use, so that watches have the rest.

Hundreds of services in a namespace can require a Secret or a log each.
"""
COMPARISONS_PER_NAMESPACE = 4
"""Part of `READS_PER_NAMESPACE` for comparisons of served models, which are repeated.

The rest remains for the reads that a failure requires.
"""
PROBE_DELAYS = 1.0, 8.0
"""Seconds between two probes of a server that does not respond: first delay, longest delay."""


class Watch:
    """Continuously updated state of a cluster. To be used on one event loop."""

    def __init__(
        self,
        client: ClusterClient,
        report_denial: Callable[[str], None] = lambda _: None,
        *,
        read_secrets: bool = True,
        read_logs: bool = False,
    ) -> None:
        """Create a watch without any namespace.

        Args:
            client: Client of the cluster. The watch closes it.
            report_denial: Function that is called once, with a sentence, for each missing
                permission, and for each log that was read.
            read_secrets: False if Secrets must not be read.
            read_logs: True to read logs of failed servers.
        """
        self.client = client
        self.store = Store()
        self._on_demand = OnDemandReader(client, self.store, self._report_once, read_secrets=read_secrets, read_logs=read_logs)
        self._report_denial = report_denial
        self._reported: set[str] = set()
        self._is_unauthenticated = False
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._first_reads: dict[tuple[str, str], asyncio.Event] = {}
        self._probing: asyncio.Task[bool] | None = None
        self._limiter, self._read_limiter = RateLimiter(REQUESTS_PER_NAMESPACE), RateLimiter(READS_PER_NAMESPACE)
        self._comparison_limiter = RateLimiter(COMPARISONS_PER_NAMESPACE)

    def follow(self, namespace: str, extra_kinds: Iterable[Kind] = ()) -> None:
        """Watch `KINDS` and `extra_kinds` in a namespace, unless they are watched already."""
        for index, kind in enumerate((*PRIMARY_KINDS, *extra_kinds, *SECONDARY_KINDS)):
            key = kind.plural, namespace if kind.namespaced else ""
            if key not in self._tasks:
                self._first_reads[key] = asyncio.Event()
                self._tasks[key] = asyncio.create_task(self._watch(kind, key[1], STAGGER * index))
        namespaces = {watched for _, watched in self._tasks if watched}
        self._limiter.requests = REQUESTS_PER_NAMESPACE * max(1, len(namespaces))
        self._read_limiter.requests = READS_PER_NAMESPACE * max(1, len(namespaces))
        self._comparison_limiter.requests = COMPARISONS_PER_NAMESPACE * max(1, len(namespaces))
        self._on_demand.limit(self._read_limiter, self._limiter)

    async def wait_until_read(self, namespace: str, seconds: float) -> bool:
        """Wait until each kind of a namespace was read or denied. Return False after `seconds`."""
        events = [event for (_, watched), event in self._first_reads.items() if watched in ("", namespace)]
        try:
            await asyncio.wait_for(asyncio.gather(*(each.wait() for each in events)), seconds)
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """End all watches and close the client."""
        tasks: list[asyncio.Task[Any]] = [*self._tasks.values(), *([self._probing] if self._probing else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self.client.close()

    async def load(self, namespaces: Iterable[str], extra_kinds: Iterable[Kind] = ()) -> None:
        """Read `KINDS` and `extra_kinds` once, without watching them.

        Raises:
            RefusedError: The server does not accept the credentials.
            UnreachableError: The server does not respond.
        """
        keys = {(kind, namespace if kind.namespaced else "") for kind in (*KINDS, *extra_kinds) for namespace in namespaces}
        await asyncio.gather(*(self._list(kind, namespace) for kind, namespace in keys))
        if self._is_unauthenticated:
            raise RefusedError(401, "the credentials are not accepted")

    async def diagnose(self, name: str, namespace: str, workload: str = SERVER, job: str = "") -> tuple[Snapshot, list[Diagnosis]]:
        """Return the state of a service, or of one of its Jobs, and its diagnoses.

        If a diagnosis requires more objects, they are read, and the state is diagnosed again.
        """
        snapshot = self.store.snapshot(name, namespace, self.client.now(), workload, job)
        diagnoses = diagnose(snapshot)
        if await self._on_demand.read(snapshot, {diagnosis.cause for diagnosis in diagnoses}):
            snapshot = self.store.snapshot(name, namespace, self.client.now(), workload, job)
            diagnoses = diagnose(snapshot)
        return snapshot, diagnoses

    def begin_comparison(self, reads: int) -> bool:
        """Return True if a service's models may be compared now, with a number of reads.

        Without watches, there is no limit.
        """
        return not self._tasks or try_acquire(reads, self._comparison_limiter, self._read_limiter, self._limiter)

    async def count_adapters(self, snapshot: Snapshot) -> int | None:
        """Return how many adapters the newest pod's loader has downloaded, or None if unknown."""
        return await self._on_demand.count_adapters(snapshot)

    async def _watch(self, kind: Kind, namespace: str, stagger: float) -> None:
        version, kind_limiter = "", RateLimiter(REQUESTS_PER_KIND)
        while True:
            await acquire(1 if version else 2, kind_limiter, self._limiter)
            try:
                if not version:
                    version = await self._list(kind, namespace)
                if not version:
                    return
                async for change, object_ in self.client.watch(kind.path(namespace), version, **kind.query):
                    version = text_at(object_, "metadata", "resourceVersion") or version
                    if change != "BOOKMARK":
                        self.store.apply(kind, namespace, change, object_)
            except GoneError:
                version = ""
            except UnreachableError:
                if await self._wait_for_server():
                    version = ""  # a restarted server may not have the resource version
            except (RefusedError, MissingError) as error:
                self._handle_denial(kind, namespace, error)
                return
            await asyncio.sleep(RESTART_DELAY + stagger)

    async def _wait_for_server(self) -> bool:
        """Wait until the server responds. Return False if only a connection had failed.

        All watches share one probe.
        """
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._probe())
        return await asyncio.shield(self._probing)

    async def _probe(self) -> bool:
        delay, longest = PROBE_DELAYS
        was_away = False
        while True:
            await asyncio.sleep(delay * random.uniform(1.0, 1.3))
            await acquire(1, self._limiter)
            with contextlib.suppress(UnreachableError):
                with contextlib.suppress(RefusedError, MissingError, GoneError):
                    await self.client.text("/readyz")
                return was_away
            was_away, delay = True, min(longest, 2 * delay)

    async def _list(self, kind: Kind, namespace: str) -> str:
        """Read a kind. Return the resource version to watch from, or an empty text if denied."""
        try:
            items, version = await self.client.list(kind.path(namespace), slim=kind.slim, **kind.query)
        except (RefusedError, MissingError) as error:
            self._handle_denial(kind, namespace, error)
            version = ""
        else:
            self.store.replace(kind, namespace, items, are_slim=True)
        if (kind.plural, namespace) in self._first_reads:
            self._first_reads[kind.plural, namespace].set()
        return version

    def _handle_denial(self, kind: Kind, namespace: str, error: Exception) -> None:
        if not isinstance(error, RefusedError) or (kind.optional and error.status != 401):
            return
        if error.status == 401:  # nothing can be read; the caller reports it, or the engine does
            self._is_unauthenticated = True
            return
        where = f" in namespace {namespace}" if namespace else ""
        self._report_once(f"{kind.plural} cannot be read{where}: the diagnosis leaves them out (requires get, list, watch)")

    def _report_once(self, text: str) -> None:
        if text not in self._reported:
            self._reported.add(text)
            self._report_denial(text)
