"""Progress report for `pulumi up`. Best effort: never raises and never fails an update.

Pulumi's resource hooks on a Deployment, a LeaderWorkerSet or a Job start and end the report.
A separate thread reads the cluster meanwhile.

Nothing is reported in a preview, under mocks, without the extra `diagnose`, without a cluster,
or with an engine or SDK without hooks.
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
from typing import Any, TypeVar

import pulumi

from ...args import NIM
from ...cluster.client import ClusterClient
from ...cluster.connection import Connection, resolve_connection
from ...cluster.kubeconfig import NoClusterError
from ...cluster.objects import text_at, texts_at
from ...names import JOBS, SELECTOR_LABELS, SERVER
from ..phases import JOB_TITLES, format_duration
from ..watch import Watch
from .autoscaler_hold import HOLD_ERRORS, HOLD_SECONDS, Hold, describe_failed_hold, hold, release
from .interrupts import delay_interrupts
from .recovery import describe_recovery, is_interrupted
from .reporter import FINAL_DIAGNOSIS_SECONDS, Level, ProgressReporter, TrackedRollout
from .run_state import run_state

T = TypeVar("T")
IDLE_SECONDS = 60.0
"""Seconds until a watch without rollouts ends: a service's Deployment follows its Job."""


@dataclass
class ReportedResource:
    """A resource that Pulumi may create or update, and wait for, in this run."""

    component: pulumi.Resource
    adapters: int
    read_secrets: bool
    connection: Connection | None = None
    rollout: TrackedRollout | None = None
    """The rollout while Pulumi waits for it."""
    hold: Hold | None = None
    """Hold of the autoscaler that this update deletes."""
    has_changed: bool = False
    """True if Pulumi has created or updated the resource in this run."""


def bind_hooks(component: pulumi.Resource, type_: str, child: str, nim: NIM) -> "pulumi.ResourceHookBinding | None":
    """Return the hooks for a child of `component`, or None if the cluster is unknown.

    To be called before the child is registered, and only if `can_report_progress()`.

    Args:
        component: The NIMService.
        type_: The child's Pulumi type.
        child: The child's logical name.
        nim: The arguments of the service.
    """
    connection = resolve_connection(component, nim.diagnosis)
    if connection is None:
        return None
    hooks = _hooks_of_this_run()
    if hooks is None:
        return None
    resource = ReportedResource(component, len(nim.hf_repo_ids or ()), nim.secrets.verify)

    def register(values: list[Any]) -> None:
        urn, resource.connection = values
        hooks.resources[f"{urn.rpartition('::')[0]}${type_}::{child}"] = resource

    pulumi.Output.all(component.urn, connection).apply(register)
    return hooks.binding


def has_changed(component: pulumi.Resource) -> bool:
    """Return True if Pulumi has created or updated a workload of the component in this run.

    Also True if this is unknown.
    """
    hooks: ProgressHooks | None = run_state().get("progress hooks")
    return hooks is None or any(each.has_changed for each in hooks.resources.values() if each.component is component)


def _hooks_of_this_run() -> "ProgressHooks | None":
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    state = run_state()
    if "progress hooks" not in state:
        state["progress hooks"] = ProgressHooks(loop)
    return state["progress hooks"]


class ProgressHooks:
    """Hooks of every service of a run, and the thread that reads the cluster.

    To be created on the program's event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.resources: dict[str, ReportedResource] = {}
        """By URN."""
        self._has_reported_recovery = False
        self._program_loop, self._context = loop, contextvars.copy_context()
        delay_interrupts(loop, lambda: any(each.rollout is not None for each in self.resources.values()))
        self._reader_loop: asyncio.AbstractEventLoop | None = None
        self._reporters: dict[Connection, tuple[ProgressReporter, Watch, asyncio.Task[None]]] = {}
        begin, end = pulumi.ResourceHook("nim-component-begin", self.begin), pulumi.ResourceHook("nim-component-end", self.end)
        held = pulumi.ResourceHook("nim-component-hold", self.hold)
        failed = pulumi.ErrorHook("nim-component-failed", self.fail)
        self.binding = pulumi.ResourceHookBinding(
            before_create=[begin], before_update=[begin, held], after_create=[end], after_update=[end], on_error=[failed]
        )

    def begin(self, args: pulumi.ResourceHookArgs) -> None:
        """Start the report: the engine is about to create or update the resource."""
        with contextlib.suppress(Exception):
            resource = self.resources.get(args.urn)
            if resource is None or resource.connection is None:
                return
            resource.has_changed = True
            resource.rollout = track_rollout(args, partial(self._report, resource.component), resource.adapters)
            self._submit(self._begin(resource, resource.connection, resource.rollout))

    async def hold(self, args: pulumi.ResourceHookArgs) -> None:
        """Hold the autoscaler that this update deletes, so that it does not change `replicas`."""
        with contextlib.suppress(Exception):
            resource = self.resources.get(args.urn)
            if resource is None or resource.connection is None or not args.type.endswith(":Deployment"):
                return
            try:
                work = self._submit(hold(resource.connection, dict(args.new_inputs or {})))
                resource.hold = await asyncio.wait_for(asyncio.wrap_future(work), HOLD_SECONDS)
            except HOLD_ERRORS as error:
                self._log(resource.component, "warning", describe_failed_hold(args.name, error))

    def end(self, args: pulumi.ResourceHookArgs) -> None:
        """End the report: the resource is ready."""
        with contextlib.suppress(Exception):
            resource = self.resources.get(args.urn)
            if resource is not None and resource.rollout is not None and resource.connection is not None:
                rollout, resource.rollout = resource.rollout, None
                if rollout.phase_log.reported:  # otherwise the cluster could not be read
                    rollout.report("progress", f"{rollout.success} after {format_duration(time.monotonic() - rollout.started)}")
                self._submit(self._end(resource.connection, rollout))

    async def fail(self, args: pulumi.ErrorHookArgs) -> bool:
        """Log the diagnosis of the failed resource. Return False: the engine must not retry."""
        with contextlib.suppress(Exception):
            resource = self.resources.get(args.urn)
            if resource is not None and is_interrupted(args.errors) and not self._has_reported_recovery:
                self._has_reported_recovery = True
                self._log(resource.component, "warning", describe_recovery(pulumi.get_stack()))
            if resource is not None and resource.hold is not None and resource.connection is not None:
                work, resource.hold = self._submit(release(resource.connection, resource.hold)), None
                with contextlib.suppress(*HOLD_ERRORS):
                    await asyncio.wait_for(asyncio.wrap_future(work), HOLD_SECONDS)
            if resource is not None and resource.rollout is not None and resource.connection is not None:
                try:
                    work = self._submit(self._fail(resource.connection, resource.rollout, args.errors))
                    await asyncio.wait_for(asyncio.wrap_future(work), FINAL_DIAGNOSIS_SECONDS + 1)
                    await asyncio.sleep(0.05)  # _log runs on this loop
                finally:
                    resource.rollout = None
        return False

    async def _begin(self, resource: ReportedResource, connection: Connection, rollout: TrackedRollout) -> None:
        if connection not in self._reporters:
            try:
                client = ClusterClient.connect(connection.kubeconfig, connection.context)
            except NoClusterError:
                return
            watch = Watch(client, partial(self._report, resource.component, "progress"), read_secrets=resource.read_secrets)
            reporter = ProgressReporter(watch)
            self._reporters[connection] = reporter, watch, asyncio.create_task(reporter.run())
        self._reporters[connection][0].track(rollout)

    async def _end(self, connection: Connection, rollout: TrackedRollout) -> None:
        if connection in self._reporters:
            self._reporters[connection][0].finish(rollout)
            await self._close_if_idle(connection)

    async def _fail(self, connection: Connection, rollout: TrackedRollout, errors: list[str]) -> None:
        if connection in self._reporters:
            await self._reporters[connection][0].fail(rollout, errors)
            self._submit(self._close_if_idle(connection))

    async def _close_if_idle(self, connection: Connection) -> None:
        await asyncio.sleep(IDLE_SECONDS)
        reporter, watch, task = self._reporters.get(connection, (None, None, None))
        if reporter is not None and watch is not None and task is not None and reporter.is_idle:
            del self._reporters[connection]
            task.cancel()
            await watch.close()

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        if self._reader_loop is None:
            self._reader_loop = asyncio.new_event_loop()
            threading.Thread(target=self._reader_loop.run_forever, name="nim-progress", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._reader_loop)

    def _report(self, component: pulumi.Resource, level: Level, text: str) -> None:
        """Log from the reader thread.

        Only the program's event loop has a connection to the engine.
        """
        with contextlib.suppress(RuntimeError):  # the program has ended
            self._program_loop.call_soon_threadsafe(self._log, component, level, text, context=self._context)

    def _log(self, component: pulumi.Resource, level: Level, text: str) -> None:
        """Log for the component: its URN is known by now, the Deployment's is not.

        Progress is ephemeral, so it does not appear in the summary at the end of the output.
        """
        with contextlib.suppress(Exception):
            if level == "progress":
                pulumi.log.info(text, component, ephemeral=True)
            elif level == "warning":
                pulumi.log.warn(text, component)
            else:
                pulumi.log.error(text, component)


def track_rollout(args: pulumi.ResourceHookArgs, report: Callable[[Level, str], None], adapters: int) -> TrackedRollout:
    """Return the rollout of a resource.

    The service's name is in its labels, for a Job in its pods' labels.
    """
    name, namespace = (text_at(args.new_inputs, "metadata", key) for key in ("name", "namespace"))
    kind = args.type.rpartition(":")[2]
    labels = texts_at(args.new_inputs, *(("spec", "template") if kind == "Job" else ()), "metadata", "labels")
    service, workload = labels.get(SELECTOR_LABELS[1]) or name, labels.get(SELECTOR_LABELS[0], "")
    title = f"{service} ({JOB_TITLES[workload]})" if workload in JOB_TITLES else service

    def report_with_title(level: Level, text: str) -> None:
        report(level, f"{title}: {text}")

    return TrackedRollout(
        service,
        namespace or "default",
        report_with_title,
        adapters,
        kind=kind,
        workload=workload if workload in JOBS else SERVER,
        job=name if kind == "Job" else "",
    )
