"""Thread of the program that reads the clusters while the engine works."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from ...cluster.client import ClusterClient
from ...cluster.connection import Connection
from ...cluster.kubeconfig import NoClusterError
from ..watch import Watch
from .early_end import WaitEnd, WaitSettings, end_job_early, wait_for_rollout
from .reporter import ProgressReporter
from .tracked_rollout import TrackedRollout

IDLE_SECONDS = 60.0
"""Seconds until a watch without rollouts ends: a service's Deployment follows its Job."""

T = TypeVar("T")


class ReaderThread:
    """One reporter per cluster. The coroutines run on the event loop of the thread."""

    def __init__(self) -> None:
        self.interrupted = threading.Event()
        """Set when the update is interrupted."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reporters: dict[Connection, tuple[ProgressReporter, Watch, asyncio.Task[None]]] = {}
        self._jobs: set[asyncio.Task[None]] = set()

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run a coroutine on the thread, which starts with the first one."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="nim-progress", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def begin(
        self,
        connection: Connection,
        rollout: TrackedRollout,
        settings: WaitSettings | None = None,
        report_denial: Callable[[str], None] = lambda _: None,
        *,
        read_secrets: bool,
    ) -> None:
        """Start reporting a rollout. With settings, a Job ends early for a permanent cause."""
        if connection not in self._reporters:
            try:
                client = ClusterClient.connect(connection.kubeconfig, connection.context)
            except NoClusterError:
                return
            watch = Watch(client, report_denial, read_secrets=read_secrets)
            reporter = ProgressReporter(watch)
            self._reporters[connection] = reporter, watch, asyncio.create_task(reporter.run())
        reporter, watch, _ = self._reporters[connection]
        reporter.track(rollout)
        if settings is not None and rollout.kind == "Job":
            task = asyncio.create_task(end_job_early(watch, rollout, settings.grace, connection))
            self._jobs.add(task)
            task.add_done_callback(self._jobs.discard)

    async def wait(self, connection: Connection, rollout: TrackedRollout, generation: int, settings: WaitSettings, limit: float) -> WaitEnd:
        """Wait until a workload is rolled out."""
        if connection not in self._reporters:
            return WaitEnd("unreadable", "the kubeconfig cannot be used")
        return await wait_for_rollout(self._reporters[connection][1], rollout, generation, settings, limit, self.interrupted)

    async def end(self, connection: Connection, rollout: TrackedRollout) -> None:
        """End the report of a rollout that succeeded."""
        if connection in self._reporters:
            self._reporters[connection][0].finish(rollout)
            await self._close_if_idle(connection)

    async def fail(self, connection: Connection, rollout: TrackedRollout, errors: Sequence[str]) -> None:
        """Report the diagnosis of a rollout that failed."""
        if connection in self._reporters:
            await self._reporters[connection][0].fail(rollout, errors)
            self.submit(self._close_if_idle(connection))

    async def _close_if_idle(self, connection: Connection) -> None:
        await asyncio.sleep(IDLE_SECONDS)
        reporter, watch, task = self._reporters.get(connection, (None, None, None))
        if reporter is not None and watch is not None and task is not None and reporter.is_idle:
            del self._reporters[connection]
            task.cancel()
            await watch.close()
