"""One watch a kind and namespace, shared by every service that is looked at; and what is asked once when a finding calls for it."""

import asyncio
import base64
import contextlib
import json
import random
import time
from collections.abc import Callable, Iterable

from .api import Api, GoneError, MissingError, RefusedError, UnreachableError
from .findings import Finding
from .objects import LOADER, SecretFacts, Snapshot, at, container, items_at, mapping_at, name_of, text_at, texts_at
from .rules import diagnose
from .store import ALL_PODS, KINDS, SERVER_PART, STORAGE_CLASSES, Kind, Store

LONGEST_PAUSE = 30.0
"""Seconds between two tries to reach a server that does not answer; the first ones come sooner."""
STEADY = 30.0
"""Seconds after which a watch is taken for a good one, and its end for nothing."""
FRESH = 60.0
"""Seconds for which what was asked once is taken as it was."""
LOG_FRESH = 10.0
"""The same of the adapter loader's log, while it is at work."""
_ARRIVED = " verified in "
"""What the loader says of an adapter that has arrived whole."""
_ABOUT_GPUS = ("gpu-insufficient", "rollout-needs-spare-gpu")
_ABOUT_SECRETS = ("image-unauthorized", "secret-key-missing", "secret-missing", "pull-secret-missing")
_ABOUT_CLASSES = ("claim-class-missing",)


class Watch:
    """What a cluster shows, kept up to date. Everything on one event loop."""

    def __init__(self, api: Api, deny: Callable[[str], None] = lambda _: None, *, read_secrets: bool = True) -> None:
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

    def follow(self, namespace: str, more: Iterable[Kind] = ()) -> None:
        """Watches a namespace, if it is not watched yet: `KINDS`, and what else is named."""
        for kind in (*KINDS, *more):
            key = kind.plural, namespace if kind.namespaced else ""
            if key not in self._tasks:
                self._first[key] = asyncio.Event()
                self._tasks[key] = asyncio.create_task(self._keep(kind, key[1]))

    async def first(self, namespace: str, seconds: float) -> bool:
        """Waits until everything of a namespace was read once or refused; false when that takes too long."""
        events = [event for (_, space), event in self._first.items() if space in ("", namespace)]
        try:
            await asyncio.wait_for(asyncio.gather(*(each.wait() for each in events)), seconds)
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Ends every watch and the connection."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        with contextlib.suppress(Exception):
            await self.api.close()

    async def load(self, namespaces: Iterable[str], more: Iterable[Kind] = ()) -> None:
        """Reads everything once, without watching. Raises what stops all of it."""
        wanted = {(kind, namespace if kind.namespaced else "") for kind in (*KINDS, *more) for namespace in namespaces}
        await asyncio.gather(*(self._list(kind, namespace) for kind, namespace in wanted))
        if "401" in self._denied:
            raise RefusedError(401, "the credentials are not accepted")

    async def look(self, name: str, namespace: str, part: str = SERVER_PART, job: str = "") -> tuple[Snapshot, list[Finding]]:
        """A service, or a Job of it, as it is now, and what is wrong with it. What a finding leaves open is asked, and judged again."""
        snapshot = self.store.snapshot(name, namespace, self.api.now(), part, job)
        findings = diagnose(snapshot)
        if await self._ask(snapshot, {finding.cause for finding in findings}):
            snapshot = self.store.snapshot(name, namespace, self.api.now(), part, job)
            findings = diagnose(snapshot)
        return snapshot, findings

    async def count_adapters(self, snapshot: Snapshot) -> int | None:
        """How many adapters the loader of the newest pod has brought so far, by its log; None where that cannot be known."""
        pod = next(iter(snapshot.pods), None)
        loader = container(pod, LOADER) if pod else None
        if pod is None or loader is None or loader.running_since is None:
            return None
        name = name_of(pod)
        if self._is_stale(f"log {name}", LOG_FRESH):
            path = f"/api/v1/namespaces/{snapshot.namespace}/pods/{name}/log"
            try:
                log = await self.api.text(path, container=LOADER, tailLines="500", limitBytes="65536")
            except RefusedError:
                self._say_denied(f"logs may not be read in namespace {snapshot.namespace}: adapters are not counted (needs get pods/log)")
            except (UnreachableError, MissingError, GoneError):
                pass
            else:
                self._arrived[name] = sum(_ARRIVED in line for line in log.splitlines())
        return self._arrived.get(name)

    async def _keep(self, kind: Kind, namespace: str) -> None:
        version, pause = "", 0.0
        while True:
            began = time.monotonic()
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
                pass
            except (RefusedError, MissingError) as error:
                self._refuse(kind, namespace, error)
                return
            # A server that ends every watch at once is not asked more often than one that does not answer.
            pause = 1.0 if time.monotonic() - began > STEADY else min(LONGEST_PAUSE, max(1.0, pause * 2))
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))

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


async def read_secret(api: Api, namespace: str, name: str) -> SecretFacts | None:
    """What may be known of a Secret; None when it is not there. Its values are let go of here."""
    try:
        secret = await api.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    except MissingError:
        return None
    keys = tuple(sorted(mapping_at(secret, "data")))
    return SecretFacts(text_at(secret, "type"), keys, _registries(text_at(secret, "data", ".dockerconfigjson")))


def _registries(encoded: str) -> tuple[str, ...]:
    try:
        auths = mapping_at(json.loads(base64.b64decode(encoded)), "auths")
    except ValueError:
        return ()
    hosts = {each.removeprefix("https://").removeprefix("http://").partition("/")[0] for each in auths}
    # The hub has gone by several names.
    return tuple(sorted("docker.io" if host.endswith("docker.io") else host for host in hosts))


def secrets_of(snapshot: Snapshot) -> list[str]:
    """The Secrets that the newest pod refers to: for its images, and in its environment as the template has it."""
    names: set[str] = set()
    for pod in snapshot.pods[:1]:
        names.update(text_at(each, "name") for each in items_at(pod, "spec", "imagePullSecrets"))
    template = at(snapshot.deployment or snapshot.job, "spec", "template", "spec")
    if snapshot.group is not None:
        template = at(snapshot.group, "spec", "leaderWorkerTemplate", "leaderTemplate", "spec")
    for where in ("containers", "initContainers"):
        for each in items_at(template, where):
            for variable in items_at(each, "env"):
                names.add(texts_at(variable, "valueFrom", "secretKeyRef").get("name", ""))
    return sorted(names - {""})[:6]
