"""Reads that only some diagnoses require, such as the Secrets that a failed container refers to."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from ..cluster.client import ClusterClient
from ..cluster.errors import ClusterError, GoneError, MissingError, RefusedError, UnreachableError
from ..cluster.gateways import read_gateway
from ..cluster.kinds import ALL_PODS, STORAGE_CLASSES
from ..cluster.objects import container, name_of
from ..cluster.rate_limiter import RateLimiter, try_acquire
from ..cluster.secret_facts import read_secret
from ..names import LOADER_CONTAINER
from .parent_gateways import list_gateways
from .pod_logs import LOG_CAUSES, FailedContainer, list_failed_containers
from .referenced_secrets import list_secrets
from .snapshot import Snapshot
from .store import Store

MAX_AGE = 60.0
"""Seconds until an object that was read on demand is read again."""
LOG_MAX_AGE = 10.0
"""Seconds until the log of a running adapter loader is read again."""
_DOWNLOADED = " verified in "
"""Text of the adapter loader's log line for an adapter that is downloaded."""
_KEPT_CHARACTERS = 65_536
"""Part of a log that is kept: its end."""
_REQUIRE_PODS = ("gpu-insufficient", "rollout-needs-spare-gpu")
_REQUIRE_SECRETS = ("image-unauthorized", "secret-key-missing", "secret-missing", "pull-secret-missing")
_REQUIRE_CLASSES = ("pvc-class-missing",)


class OnDemandReader:
    """Reads into a store what a diagnosis requires, at most once in `MAX_AGE`."""

    def __init__(
        self, client: ClusterClient, store: Store, report_denial: Callable[[str], None], *, read_secrets: bool, read_logs: bool = False
    ) -> None:
        """Create a reader.

        Args:
            client: Client of the cluster.
            store: Store for the objects.
            report_denial: Function that is called with a sentence for each missing permission, and
                for each log that was read.
            read_secrets: False if Secrets must not be read.
            read_logs: True to read logs of failed servers.
        """
        self._client = client
        self._store = store
        self._report_denial = report_denial
        self._read_secrets = read_secrets
        self._read_logs = read_logs
        self._read_at: dict[str, float] = {}
        self._downloaded: dict[str, int] = {}
        self._lock = asyncio.Lock()
        self._limiters: tuple[RateLimiter, ...] = ()
        self._reads = 0
        """Number of objects that were read."""

    def limit(self, *limiters: RateLimiter) -> None:
        """Count every read in these limiters. What exceeds one of them is read later."""
        self._limiters = limiters

    async def read(self, snapshot: Snapshot, causes: set[str]) -> bool:
        """Read what the causes and the routes require, unless it is recent.

        Return True if anything was read since the call, also for another service.
        """
        earlier = self._reads
        async with self._lock:
            if causes.intersection(_REQUIRE_PODS) and self._begin_read("pods"):
                self._reads += await self._read_pods()
            if causes.intersection(_REQUIRE_CLASSES) and self._begin_read("classes"):
                with contextlib.suppress(ClusterError):
                    items, _ = await self._client.list(STORAGE_CLASSES.path(None))
                    self._store.replace(STORAGE_CLASSES, "", items)
                    self._reads += 1
            if causes.intersection(_REQUIRE_SECRETS) and self._read_secrets:
                for name in list_secrets(snapshot):
                    if self._begin_read(f"secret {snapshot.namespace}/{name}"):
                        self._reads += await self._read_secret(snapshot.namespace, name)
            if causes.intersection(LOG_CAUSES) and self._read_logs:
                for failed in list_failed_containers(snapshot):
                    if failed not in self._store.logs and self._begin_read(f"log {failed}"):
                        self._reads += await self._read_log(failed)
            for namespace, name in list_gateways(snapshot):
                if self._begin_read(f"gateway {namespace}/{name}"):
                    self._reads += await self._read_gateway(namespace, name)
        return self._reads > earlier

    async def count_adapters(self, snapshot: Snapshot) -> int | None:
        """Return the number of adapters that the newest pod has downloaded, or None if unknown."""
        pod = next(iter(snapshot.pods), None)
        loader = container(pod, LOADER_CONTAINER) if pod else None
        if pod is None or loader is None or loader.running_since is None:
            return None
        name, namespace = name_of(pod), snapshot.namespace
        if self._begin_read(f"log {name}", LOG_MAX_AGE):
            path = f"/api/v1/namespaces/{namespace}/pods/{name}/log"
            try:
                log = await self._client.text(path, container=LOADER_CONTAINER, tailLines="500", limitBytes="65536")
            except RefusedError:
                self._report_denial(f"logs cannot be read in namespace {namespace}: adapters are not counted (requires get on pods/log)")
            except (UnreachableError, MissingError, GoneError):
                pass
            else:
                self._downloaded[name] = sum(_DOWNLOADED in line for line in log.splitlines())
        return self._downloaded.get(name)

    def _begin_read(self, key: str, max_age: float = MAX_AGE) -> bool:
        """Return True if an object is to be read now: not recently read, and within the limits."""
        now = time.monotonic()
        if now - self._read_at.get(key, -max_age) < max_age or not try_acquire(1, *self._limiters):
            return False
        self._read_at[key] = now
        return True

    async def _read_pods(self) -> bool:
        try:
            items, _ = await self._client.list(ALL_PODS.path(None), slim=ALL_PODS.slim, **ALL_PODS.query)
        except RefusedError:
            self._report_denial("pods of other namespaces cannot be read: free GPUs are unknown (requires list, cluster-wide)")
        except (UnreachableError, MissingError, GoneError):
            pass
        else:
            self._store.cluster_pods = items
            return True
        return False

    async def _read_gateway(self, namespace: str, name: str) -> bool:
        try:
            self._store.gateways[namespace, name] = await read_gateway(self._client, namespace, name)
        except RefusedError:
            self._report_denial(f"gateways cannot be read in namespace {namespace}: their conditions are unknown (requires get)")
            return False
        except (UnreachableError, GoneError):
            return False
        return True

    async def _read_log(self, failed: FailedContainer) -> bool:
        """Read the log of a failed container, which replaces that of its earlier restarts."""
        try:
            log = await self._client.text(failed.path, **failed.query)
        except RefusedError:
            self._report_denial(f"logs cannot be read in namespace {failed.namespace}: only their end is known (requires get on pods/log)")
            return False
        except (UnreachableError, MissingError, GoneError):
            return False
        for old in [each for each in self._store.logs if each[:3] == failed[:3]]:
            del self._store.logs[old]
        self._store.logs[failed] = log[-_KEPT_CHARACTERS:]
        lines = len(log.splitlines())
        self._report_denial(f"read the last {lines} lines of the log of pod/{failed.pod}, container {failed.name}")
        return True

    async def _read_secret(self, namespace: str, name: str) -> bool:
        try:
            self._store.secrets[namespace, name] = await read_secret(self._client, namespace, name)
        except RefusedError:
            self._report_denial(f"Secrets cannot be read in namespace {namespace}: their keys are unknown (requires get)")
        except (UnreachableError, GoneError):
            pass
        else:
            return True
        return False
