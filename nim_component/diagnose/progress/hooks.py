"""Progress report for `pulumi up`. Best effort: never raises and never fails an update.

With `diagnosis.fail_fast`, an after hook also waits for the pods, and fails the update if they do
not become ready.

Pulumi's resource hooks on a Deployment, a LeaderWorkerSet or a Job start and end the report.
A separate thread reads the cluster meanwhile.

Nothing is reported in a preview, under mocks, without the extra `diagnose`, without a cluster,
or with an engine or SDK without hooks.
"""

import asyncio
import contextlib
import contextvars
import time
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any

import pulumi

from ...args import NIM
from ...cluster.connection import resolve_connection
from ...cluster.objects import Object, number_at
from ...names import SERVER
from ...text.amounts import format_duration
from ..diagnosis import Diagnosis
from .autoscaler_hold import HOLD_ERRORS, HOLD_SECONDS, describe_failed_hold, hold, release
from .child_conditions import list_child_kinds
from .early_end import RolloutError, WaitEnd, WaitSettings, describe_early_end, describe_end, must_wait
from .interrupts import delay_interrupts
from .reader_thread import ReaderThread
from .recovery import describe_recovery, is_interrupted
from .reported_resource import ReportedResource
from .reporter import FINAL_DIAGNOSIS_SECONDS
from .run_state import run_state
from .tracked_rollout import Level, track_rollout


def bind_hooks(
    component: pulumi.Resource, type_: str, child: str, nim: NIM, limits: tuple[int, int] = (0, 0)
) -> "pulumi.ResourceHookBinding | None":
    """Return the hooks for a child of `component`, or None if the cluster is unknown.

    To be called before the child is registered, and only if `can_report_progress()`.

    Args:
        component: The NIMService.
        type_: The child's Pulumi type.
        child: The child's logical name.
        nim: The arguments of the service.
        limits: Seconds that `diagnosis.fail_fast` waits after a creation, and after an update.
    """
    connection = resolve_connection(component, nim.diagnosis)
    if connection is None:
        return None
    hooks = _hooks_of_this_run()
    if hooks is None:
        return None
    grace = nim.diagnosis.grace_seconds
    wait = None if grace is None else WaitSettings(grace, *limits)
    resource = ReportedResource(component, len(nim.hf_repo_ids or ()), nim.secrets.verify, child_kinds=list_child_kinds(nim), wait=wait)

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


def has_failed(component: pulumi.Resource) -> bool:
    """Return True if the program has waited for the component in this run without success."""
    hooks: ProgressHooks | None = run_state().get("progress hooks")
    return hooks is not None and any(each.has_failed for each in hooks.resources.values() if each.component is component)


def list_reported(component: pulumi.Resource) -> frozenset[Diagnosis]:
    """Return the diagnoses that were reported in this run for the component's workloads."""
    hooks: ProgressHooks | None = run_state().get("progress hooks")
    resources = hooks.resources.values() if hooks is not None else ()
    return frozenset(diagnosis for each in resources if each.component is component for diagnosis in list(each.warned.values()))


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
        self._reader = ReaderThread()
        delay_interrupts(loop, lambda: any(each.rollout is not None for each in self.resources.values()), self._reader.interrupted.set)
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
            self._start(args, resource)

    async def hold(self, args: pulumi.ResourceHookArgs) -> None:
        """Hold the autoscaler that this update deletes, so that it does not change `replicas`."""
        with contextlib.suppress(Exception):
            resource = self.resources.get(args.urn)
            if resource is None or resource.connection is None or not args.type.endswith(":Deployment"):
                return
            try:
                work = self._reader.submit(hold(resource.connection, dict(args.new_inputs or {})))
                resource.hold = await asyncio.wait_for(asyncio.wrap_future(work), HOLD_SECONDS)
            except HOLD_ERRORS as error:
                self._log(resource.component, "warning", describe_failed_hold(args.name, error))

    def _start(self, args: pulumi.ResourceHookArgs, resource: ReportedResource) -> None:
        if resource.connection is None:
            return
        resource.rollout = track_rollout(args, partial(self._report, resource.component), resource.adapters)
        resource.rollout.child_kinds = resource.child_kinds if resource.rollout.workload == SERVER else ()
        if resource.wait is not None:
            resource.rollout.note = describe_early_end(resource.wait.grace, pulumi.get_stack())
        resource.warned = resource.rollout.warned
        deny = partial(self._report, resource.component, "progress")
        self._reader.submit(
            self._reader.begin(resource.connection, resource.rollout, resource.wait, deny, read_secrets=resource.read_secrets)
        )

    def end(self, args: pulumi.ResourceHookArgs) -> Awaitable[None] | None:
        """End the report: the resource is ready, or with `fail_fast` wait until it is."""
        resource = self.resources.get(args.urn)
        if resource is not None and resource.wait is not None and must_wait(args):
            return self._wait(args, resource, resource.wait)
        self._finish(resource)
        return None

    def _finish(self, resource: ReportedResource | None) -> None:
        with contextlib.suppress(Exception):
            if resource is not None and resource.rollout is not None and resource.connection is not None:
                rollout, resource.rollout = resource.rollout, None
                if rollout.phase_log.reported:  # otherwise the cluster could not be read
                    rollout.report("progress", f"{rollout.success} after {format_duration(time.monotonic() - rollout.started)}")
                self._reader.submit(self._reader.end(resource.connection, rollout))

    async def _wait(self, args: pulumi.ResourceHookArgs, resource: ReportedResource, settings: WaitSettings) -> None:
        """Wait for a workload in place of the provider.

        Raises:
            RolloutError: The workload is not ready. The engine fails the update.
        """
        limit = settings.create if args.old_inputs is None else settings.update
        await self._wait_until_ready(resource, number_at(args.new_outputs, "metadata", "generation"), settings, limit)

    async def wait_for_unchanged(self, component: pulumi.Resource, kind: str, rendered: Object) -> None:
        """Wait for a workload that Pulumi did not change in this run, as after an early end.

        Raises:
            RolloutError: The workload is not ready.
        """
        for resource in self.resources.values():
            if resource.component is component and resource.wait is not None and resource.wait.update:
                self._start(pulumi.ResourceHookArgs("", "", "", f":{kind}", new_inputs=rendered), resource)
                await self._wait_until_ready(resource, 0, resource.wait, resource.wait.update)
                return

    async def _wait_until_ready(self, resource: ReportedResource, generation: int, settings: WaitSettings, limit: float) -> None:
        rollout, connection = resource.rollout, resource.connection
        try:
            if rollout is None or connection is None:
                raise RolloutError(describe_end(WaitEnd("unreadable", "its cluster is unknown"), rollout))
            end = await asyncio.wrap_future(self._reader.submit(self._reader.wait(connection, rollout, generation, settings, limit)))
            if end.reason != "ready":
                self._report_recovery(resource, [end.reason])
                await self._release(resource)
                await asyncio.wrap_future(self._reader.submit(self._reader.fail(connection, rollout, [end.reason])))
                await asyncio.sleep(0.05)  # _log runs on this loop
                raise RolloutError(describe_end(end, rollout))
        except BaseException:
            resource.rollout, resource.has_failed = None, True
            raise
        self._finish(resource)

    async def fail(self, args: pulumi.ErrorHookArgs) -> bool:
        """Log the diagnosis of the failed resource. Return False: the engine must not retry."""
        with contextlib.suppress(Exception):
            resource = self.resources.get(args.urn)
            if resource is not None:
                self._report_recovery(resource, args.errors)
                await self._release(resource)
            if resource is not None and resource.rollout is not None and resource.connection is not None:
                try:
                    work = self._reader.submit(self._reader.fail(resource.connection, resource.rollout, args.errors))
                    await asyncio.wait_for(asyncio.wrap_future(work), FINAL_DIAGNOSIS_SECONDS + 1)
                    await asyncio.sleep(0.05)  # _log runs on this loop
                finally:
                    resource.rollout = None
        return False

    def _report_recovery(self, resource: ReportedResource, errors: Sequence[str]) -> None:
        if is_interrupted(errors) and not self._has_reported_recovery:
            self._has_reported_recovery = True
            self._log(resource.component, "warning", describe_recovery(pulumi.get_stack()))

    async def _release(self, resource: ReportedResource) -> None:
        """Release the autoscaler that the failed update held."""
        if resource.hold is not None and resource.connection is not None:
            work, resource.hold = self._reader.submit(release(resource.connection, resource.hold)), None
            with contextlib.suppress(*HOLD_ERRORS):
                await asyncio.wait_for(asyncio.wrap_future(work), HOLD_SECONDS)

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
