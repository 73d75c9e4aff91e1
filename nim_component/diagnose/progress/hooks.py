"""The story inside `pulumi up`: resource hooks on what is waited for (Deployment, LeaderWorkerSet, Jobs) start and end it, a thread of its
own reads the cluster meanwhile.

It is a guest: whatever goes wrong here is swallowed. It is silent in a preview, under mocks, without the extra `diagnose`, without a
cluster, and with an engine or SDK that has no hooks.
"""

import asyncio
import contextlib
import contextvars
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi

from ...args import NIM
from ...cluster.client import Api
from ...cluster.connection import Connection, connection_of
from ...cluster.kinds import SERVER_PART
from ...cluster.kubeconfig import NoClusterError
from ...cluster.objects import text_at, texts_at
from ...names import JOBS, SELECTOR_LABELS
from ..phases import TITLES, duration
from ..watch import Watch
from .interrupts import hold_interrupts
from .reporter import LAST_LOOK, Level, Telling, Told
from .run_state import run_state

IDLE = 60.0
"""Seconds for which a cluster is read on though nothing is waited for: after a service's Job comes its Deployment."""


@dataclass
class Service:
    """A service of which something may be created or updated, and waited for, in this run."""

    component: pulumi.Resource
    adapters: int
    read_secrets: bool
    connection: Connection | None = None
    told: Told | None = None


def narrate(component: pulumi.Resource, type_: str, child: str, nim: NIM) -> "pulumi.ResourceHookBinding | None":
    """The hooks for what `component` is about to register under this type and the logical name `child`; none where the cluster is not
    known. To be asked for when `can_narrate()`."""
    connection = connection_of(component, nim.diagnosis)
    if connection is None:
        return None
    narrator = _narrator_of_this_run()
    if narrator is None:
        return None
    service = Service(component, len(nim.hf_repo_ids or ()), nim.secrets.verify)

    def know(values: list[Any]) -> None:
        urn, service.connection = values
        narrator.services[f"{urn.rpartition('::')[0]}${type_}::{child}"] = service

    pulumi.Output.all(component.urn, connection).apply(know)
    return narrator.hooks


def _narrator_of_this_run() -> "Narrator | None":
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    memory = run_state()
    if "narrator" not in memory:
        memory["narrator"] = Narrator(loop)
    return memory["narrator"]


class Narrator:
    """The hooks of every service of a run, and the thread that reads. To be made on the program's own event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.services: dict[str, Service] = {}
        """By URN of what is waited for."""
        self._program, self._context = loop, contextvars.copy_context()
        hold_interrupts(loop, lambda: any(service.told is not None for service in self.services.values()))
        self._reading: asyncio.AbstractEventLoop | None = None
        self._tellings: dict[Connection, tuple[Telling, Watch, asyncio.Task[None]]] = {}
        begin, end = pulumi.ResourceHook("nim-component-begin", self.begin), pulumi.ResourceHook("nim-component-end", self.end)
        failed = pulumi.ErrorHook("nim-component-failed", self.fail)
        self.hooks = pulumi.ResourceHookBinding(
            before_create=[begin], before_update=[begin], after_create=[end], after_update=[end], on_error=[failed]
        )

    def begin(self, args: pulumi.ResourceHookArgs) -> None:
        """The engine is about to create or update something, and to wait for it."""
        with contextlib.suppress(Exception):
            service = self.services.get(args.urn)
            if service is None or service.connection is None:
                return
            service.told = told_of(args, partial(self._say, service.component), service.adapters)
            self._submit(self._begin(service, service.connection, service.told))

    def end(self, args: pulumi.ResourceHookArgs) -> None:
        """It has come up."""
        with contextlib.suppress(Exception):
            service = self.services.get(args.urn)
            if service is not None and service.told is not None and service.connection is not None:
                told, service.told = service.told, None
                if told.story.told:  # else nobody could look, and there is no story to end
                    told.say("progress", f"{told.end} after {duration(time.monotonic() - told.began)}")
                self._submit(self._end(service.connection, told))

    async def fail(self, args: pulumi.ErrorHookArgs) -> bool:
        """It has not. The diagnosis is logged while the engine's error is on its way; the engine does not try again for our sake."""
        with contextlib.suppress(Exception):
            service = self.services.get(args.urn)
            if service is not None and service.told is not None and service.connection is not None:
                try:
                    work = self._submit(self._fail(service.connection, service.told))
                    await asyncio.wait_for(asyncio.wrap_future(work), LAST_LOOK + 1)
                    await asyncio.sleep(0.05)  # the log's own turn on this loop
                finally:
                    service.told = None
        return False

    async def _begin(self, service: Service, connection: Connection, told: Told) -> None:
        if connection not in self._tellings:
            try:
                api = Api.connect(connection.kubeconfig, connection.context)
            except NoClusterError:
                return
            watch = Watch(api, partial(self._say, service.component, "progress"), read_secrets=service.read_secrets)
            telling = Telling(watch)
            self._tellings[connection] = telling, watch, asyncio.create_task(telling.run())
        self._tellings[connection][0].begin(told)

    async def _end(self, connection: Connection, told: Told) -> None:
        if connection in self._tellings:
            self._tellings[connection][0].end(told)
            await self._close_if_idle(connection)

    async def _fail(self, connection: Connection, told: Told) -> None:
        if connection in self._tellings:
            await self._tellings[connection][0].fail(told)
            self._submit(self._close_if_idle(connection))

    async def _close_if_idle(self, connection: Connection) -> None:
        await asyncio.sleep(IDLE)
        telling, watch, task = self._tellings.get(connection, (None, None, None))
        if telling is not None and watch is not None and task is not None and telling.idle:
            del self._tellings[connection]
            task.cancel()
            await watch.close()

    def _submit(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        if self._reading is None:
            self._reading = asyncio.new_event_loop()
            threading.Thread(target=self._reading.run_forever, name="nim-narrator", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._reading)

    def _say(self, component: pulumi.Resource, level: Level, text: str) -> None:
        """From the reading thread: the program's own loop logs, since it alone knows the engine."""
        with contextlib.suppress(RuntimeError):  # the program has ended
            self._program.call_soon_threadsafe(self._log, component, level, text, context=self._context)

    def _log(self, component: pulumi.Resource, level: Level, text: str) -> None:
        """Progress is ephemeral: the end of the output is short. The component's URN is known by now; the Deployment's is not."""
        with contextlib.suppress(Exception):
            if level == "progress":
                pulumi.log.info(text, component, ephemeral=True)
            elif level == "warning":
                pulumi.log.warn(text, component)
            else:
                pulumi.log.error(text, component)


def told_of(args: pulumi.ResourceHookArgs, say: Callable[[Level, str], None], adapters: int) -> Told:
    """What is told of a resource: whose it is stands in its labels, or a Job's in those of its pods."""
    name, namespace = (text_at(args.new_inputs, "metadata", part) for part in ("name", "namespace"))
    kind = args.type.rpartition(":")[2]
    labels = texts_at(args.new_inputs, *(("spec", "template") if kind == "Job" else ()), "metadata", "labels")
    service, part = labels.get(SELECTOR_LABELS[1]) or name, labels.get(SELECTOR_LABELS[0], "")
    title = f"{service} ({TITLES[part]})" if part in TITLES else service

    def say_of_it(level: Level, text: str) -> None:
        say(level, f"{title}: {text}")

    return Told(
        service,
        namespace or "default",
        say_of_it,
        adapters,
        kind=kind,
        part=part if part in JOBS else SERVER_PART,
        job=name if kind == "Job" else "",
    )
