"""One watch a kind and namespace, shared by every service that is looked at; and what is asked once when a diagnosis calls for it."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Iterable
from typing import Any

from ..cluster.client import ClusterClient, GoneError, MissingError, RefusedError, UnreachableError
from ..cluster.kinds import ALL_PODS, KINDS, PRIMARY_KINDS, SECONDARY_KINDS, STORAGE_CLASSES, Kind
from ..cluster.objects import container, name_of, text_at
from ..cluster.rate_limiter import RateLimiter, acquire
from ..cluster.secret_facts import read_secret
from ..names import LOADER_CONTAINER, SERVER
from .diagnosis import Diagnosis
from .referenced_secrets import secrets_of
from .rules import diagnose
from .snapshot import Snapshot
from .store import Store

PAUSE = 1.0
"""Seconds before a watch that ended is begun again."""
STAGGER = 0.05
"""Seconds between two kinds that begin again: where not all of them can, it is those that tell most."""
REQUESTS, OF_ONE_KIND = 30, 6
"""In any minute of one namespace, with probes and nodes, and of one of its kinds. That is seven kinds listed and watched, and nearly all of
them once more after a restart of the API server; one that misbehaves leaves the others theirs."""
PROBES = 1.0, 8.0
"""Seconds between two tries to reach a server that does not answer: the first, and the longest."""
FRESH = 60.0
"""Seconds for which what was asked once is taken as it was."""
LOG_FRESH = 10.0
"""The same of the adapter loader's log, while it is at work."""
_ARRIVED = " verified in "
"""What the loader says of an adapter that has arrived whole."""
_ABOUT_GPUS = ("gpu-insufficient", "rollout-needs-spare-gpu")
_ABOUT_SECRETS = ("image-unauthorized", "secret-key-missing", "secret-missing", "pull-secret-missing")
_ABOUT_CLASSES = ("pvc-class-missing",)


class Watch:
    """What a cluster shows, kept up to date. Everything on one event loop."""

    def __init__(self, api: ClusterClient, deny: Callable[[str], None] = lambda _: None, *, read_secrets: bool = True) -> None:
        """`deny` is called once for each thing that may not be read, with a sentence."""
        self.api = api
        self.store = Store()
        self._deny = deny
        self._read_secrets = read_secrets
        self._denied: set[str] = set()
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._first: dict[tuple[str, str], asyncio.Event] = {}
        self._asked: dict[str, float] = {}
        self._arrived: dict[str, int] = {}
        self._asking = asyncio.Lock()
        self._probing: asyncio.Task[bool] | None = None
        self._limiter = RateLimiter(REQUESTS)

    def follow(self, namespace: str, more: Iterable[Kind] = ()) -> None:
        """Watches a namespace, if it is not watched yet: `KINDS`, and what else is named."""
        for place, kind in enumerate((*PRIMARY_KINDS, *more, *SECONDARY_KINDS)):
            key = kind.plural, namespace if kind.namespaced else ""
            if key not in self._tasks:
                self._first[key] = asyncio.Event()
                self._tasks[key] = asyncio.create_task(self._keep(kind, key[1], STAGGER * place))
        self._limiter.requests = REQUESTS * max(1, len({space for _, space in self._tasks if space}))

    async def wait_until_read(self, namespace: str, seconds: float) -> bool:
        """Waits until everything of a namespace was read once or refused; false when that takes too long."""
        events = [event for (_, space), event in self._first.items() if space in ("", namespace)]
        try:
            await asyncio.wait_for(asyncio.gather(*(each.wait() for each in events)), seconds)
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Ends every watch and the connection."""
        tasks: list[asyncio.Task[Any]] = [*self._tasks.values(), *([self._probing] if self._probing else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self.api.close()

    async def load(self, namespaces: Iterable[str], more: Iterable[Kind] = ()) -> None:
        """Reads everything once, without watching. Raises what stops all of it."""
        wanted = {(kind, namespace if kind.namespaced else "") for kind in (*KINDS, *more) for namespace in namespaces}
        await asyncio.gather(*(self._list(kind, namespace) for kind, namespace in wanted))
        if "401" in self._denied:
            raise RefusedError(401, "the credentials are not accepted")

    async def diagnose(self, name: str, namespace: str, part: str = SERVER, job: str = "") -> tuple[Snapshot, list[Diagnosis]]:
        """A service, or a Job of it, as it is now, and what is wrong with it. What a diagnosis leaves open is asked, and judged again."""
        snapshot = self.store.snapshot(name, namespace, self.api.now(), part, job)
        diagnoses = diagnose(snapshot)
        if await self._ask(snapshot, {diagnosis.cause for diagnosis in diagnoses}):
            snapshot = self.store.snapshot(name, namespace, self.api.now(), part, job)
            diagnoses = diagnose(snapshot)
        return snapshot, diagnoses

    async def count_adapters(self, snapshot: Snapshot) -> int | None:
        """How many adapters the loader of the newest pod has brought so far, by its log; None where that cannot be known."""
        pod = next(iter(snapshot.pods), None)
        loader = container(pod, LOADER_CONTAINER) if pod else None
        if pod is None or loader is None or loader.running_since is None:
            return None
        name = name_of(pod)
        if self._is_stale(f"log {name}", LOG_FRESH):
            path = f"/api/v1/namespaces/{snapshot.namespace}/pods/{name}/log"
            try:
                log = await self.api.text(path, container=LOADER_CONTAINER, tailLines="500", limitBytes="65536")
            except RefusedError:
                self._say_denied(f"logs may not be read in namespace {snapshot.namespace}: adapters are not counted (needs get pods/log)")
            except (UnreachableError, MissingError, GoneError):
                pass
            else:
                self._arrived[name] = sum(_ARRIVED in line for line in log.splitlines())
        return self._arrived.get(name)

    async def _keep(self, kind: Kind, namespace: str, turn: float) -> None:
        version, kind_limiter = "", RateLimiter(OF_ONE_KIND)
        while True:
            await acquire(1 if version else 2, kind_limiter, self._limiter)
            try:
                if not version:
                    version = await self._list(kind, namespace)
                if not version:
                    return
                async for change, object_ in self.api.watch(kind.path(namespace), version, **kind.query):
                    version = text_at(object_, "metadata", "resourceVersion") or version
                    if change != "BOOKMARK":
                        self.store.apply(kind, namespace, change, object_)
            except GoneError:
                version = ""
            except UnreachableError:
                if await self._until_it_answers():
                    version = ""  # a server that was away knows no version of before
            except (RefusedError, MissingError) as error:
                self._refuse(kind, namespace, error)
                return
            await asyncio.sleep(PAUSE + turn)

    async def _until_it_answers(self) -> bool:
        """One asks for all. Whether the server was away, and not only a connection."""
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._probe())
        return await asyncio.shield(self._probing)

    async def _probe(self) -> bool:
        pause, longest = PROBES
        was_away = False
        while True:
            await asyncio.sleep(pause * random.uniform(1.0, 1.3))
            await acquire(1, self._limiter)
            with contextlib.suppress(UnreachableError):
                with contextlib.suppress(RefusedError, MissingError, GoneError):
                    await self.api.text("/readyz")
                return was_away
            was_away, pause = True, min(longest, 2 * pause)

    async def _list(self, kind: Kind, namespace: str) -> str:
        """Reads a kind whole, and gives the version to go on from; none when it may not be read."""
        try:
            items, version = await self.api.list(kind.path(namespace), **kind.query)
        except (RefusedError, MissingError) as error:
            self._refuse(kind, namespace, error)
            version = ""
        else:
            self.store.replace(kind, namespace, items)
        if (kind.plural, namespace) in self._first:
            self._first[kind.plural, namespace].set()
        return version

    def _refuse(self, kind: Kind, namespace: str, error: Exception) -> None:
        if not isinstance(error, RefusedError) or (kind.optional and error.status != 401):
            return
        if error.status == 401:  # nothing may be read, and the engine says so itself
            self._denied.add("401")
            return
        where = f" in namespace {namespace}" if namespace else ""
        self._say_denied(f"{kind.plural} may not be read{where}: the story is told without them (needs get, list, watch)")

    def _say_denied(self, text: str) -> None:
        if text not in self._denied:
            self._denied.add(text)
            self._deny(text)

    async def _ask(self, snapshot: Snapshot, causes: set[str]) -> bool:
        """Asks for what the causes leave open and is not known freshly; whether anything was."""
        asked = False
        async with self._asking:
            if causes.intersection(_ABOUT_GPUS) and self._is_stale("pods"):
                asked = await self._ask_pods() or asked
            if causes.intersection(_ABOUT_CLASSES) and self._is_stale("classes"):
                with contextlib.suppress(RefusedError, MissingError, UnreachableError, GoneError):
                    items, _ = await self.api.list(STORAGE_CLASSES.path(None))
                    self.store.replace(STORAGE_CLASSES, "", items)
                    asked = True
            if causes.intersection(_ABOUT_SECRETS) and self._read_secrets:
                for name in secrets_of(snapshot):
                    if self._is_stale(f"secret {snapshot.namespace}/{name}"):
                        asked = await self._ask_secret(snapshot.namespace, name) or asked
        return asked

    def _is_stale(self, what: str, fresh: float = FRESH) -> bool:
        now = time.monotonic()
        if now - self._asked.get(what, -fresh) < fresh:
            return False
        self._asked[what] = now
        return True

    async def _ask_pods(self) -> bool:
        try:
            items, _ = await self.api.list(ALL_PODS.path(None), **ALL_PODS.query)
        except RefusedError:
            self._say_denied("pods of other namespaces may not be read: which GPUs are free cannot be said (needs list, cluster-wide)")
        except (UnreachableError, MissingError, GoneError):
            pass
        else:
            self.store.others = [ALL_PODS.slim(each) for each in items]
            return True
        return False

    async def _ask_secret(self, namespace: str, name: str) -> bool:
        try:
            self.store.secrets[namespace, name] = await read_secret(self.api, namespace, name)
        except RefusedError:
            self._say_denied(f"Secrets may not be read in namespace {namespace}: their keys cannot be said (needs get)")
        except (UnreachableError, GoneError):
            pass
        else:
            return True
        return False
