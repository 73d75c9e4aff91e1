"""Repeated comparisons of the served with the requested models, within the limit of requests.

The services that wait longest come first, so that with many services each has its turn.
"""

import asyncio
import math
import time
from collections.abc import Callable, Collection

from ..cluster.client import ClusterClient
from ..cluster.objects import Object
from .on_demand import MAX_AGE
from .requested_models import AdapterLists, count_reads, read_served_models
from .served_models import ModelListError
from .snapshot import ServedModels, Snapshot

CONCURRENT_QUERIES = 20
"""Number of servers whose model list is read at the same time."""
_Name = tuple[str, str]


class ModelComparisons:
    """Served models of the ready services, each at most `MAX_AGE` old if the limit permits."""

    def __init__(self, client: ClusterClient, begin: Callable[[int], bool], report: Callable[[str], None]) -> None:
        """Create it without any served models.

        Args:
            client: Client of the cluster.
            begin: Function that returns True if a number of reads is within the limit now.
            report: Function that is called with a sentence for models that cannot be read.
        """
        self._client, self._begin, self._report = client, begin, report
        self._query_limit = asyncio.Semaphore(CONCURRENT_QUERIES)
        self._served: dict[_Name, tuple[float, ServedModels | None]] = {}
        self._waiting: dict[_Name, float] = {}
        """Time of the last read by service, for services whose models are to be read."""
        self._adapter_lists: AdapterLists = {}

    async def read(self, snapshot: Snapshot, lora_job: Object | None) -> ServedModels | None:
        """Return the models of a ready service, or None if they are unknown."""
        name = snapshot.namespace, snapshot.name
        now = time.monotonic()
        read_at, served = self._served.get(name, (-math.inf, None))
        reads = count_reads(snapshot, lora_job, self._adapter_lists)
        if now - read_at < MAX_AGE or not reads:
            self._waiting.pop(name, None)
            return served
        if not self._is_next(name, read_at, reads):
            return served
        self._served[name] = now, served
        try:
            async with self._query_limit:
                served = await read_served_models(self._client, snapshot, lora_job, self._adapter_lists)
        except ModelListError as error:
            served = None
            text = f"the served models are not compared with the requested models: {error}"
            self._report(text if error.denied else f"{snapshot.name}: {text}")
        self._served[name] = now, served
        return served

    def _is_next(self, name: _Name, read_at: float, reads: int) -> bool:
        """Return True if no service waits longer and the reads are within the limit."""
        self._waiting[name] = read_at
        if read_at > min(self._waiting.values()) or not self._begin(reads):
            return False
        del self._waiting[name]
        return True

    def forget(self, name: _Name) -> None:
        """Remove a service that is not ready. Its models are read again when it is ready."""
        self._served.pop(name, None)
        self._waiting.pop(name, None)

    def keep(self, names: Collection[_Name]) -> None:
        """Remove all services but these."""
        for name in [each for each in {*self._served, *self._waiting} if each not in names]:
            self.forget(name)
