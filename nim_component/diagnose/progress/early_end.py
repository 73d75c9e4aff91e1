"""Early end of a wait for a permanent cause (`diagnosis.fail_fast`).

The Kubernetes provider ends its wait for a Deployment or a LeaderWorkerSet only when it is ready,
at the time-out, or when it is cancelled. After a cancelled update, the state has the old spec.
Therefore the program waits in place of the provider: the provider returns when the object is
applied, and an after hook waits. If that hook fails, the engine fails the update and records the
object as it was applied. See docs/decisions/0010-fail-fast.md.

For a Job the provider waits. It returns when the Job has failed, so its deadline is shortened.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from ...cluster.connection import Connection
from ...cluster.errors import ClusterError, GoneError, MissingError, RefusedError, UnreachableError
from ...cluster.kinds import WORKLOAD_KINDS
from ...cluster.kubeconfig import NoClusterError
from ...cluster.objects import Object, number_at, text_at, texts_at
from ...cluster.writing_client import WritingClient
from ...names import SKIP_AWAIT
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..permanent_causes import find_permanent_cause
from ..snapshot import Snapshot
from ..watch import Watch
from ..workload_state import is_rolled_out
from .tracked_rollout import TrackedRollout

TICK = 0.5
"""Seconds between two looks at the store."""
READ_AFTER = 30.0
"""Seconds between two reads of the object itself, in case its watch ended."""
FIELD_MANAGER = "nim-component"
"""Owner of the changed deadline in `metadata.managedFields`."""
ENDED_DEADLINE = 1
"""Deadline in seconds of a Job that ends early."""

Reason = Literal["ready", "permanent", "timeout", "interrupted", "unreadable"]


class RolloutError(Exception):
    """A workload that is not ready. Its text is a part of the engine's error."""


@dataclass(frozen=True)
class WaitSettings:
    """Limits of a wait, in seconds."""

    grace: int
    """Time for which a permanent cause must last."""
    create: int = 0
    """Limit after a creation."""
    update: int = 0
    """Limit after an update."""


@dataclass(frozen=True)
class WaitEnd:
    """End of a wait."""

    reason: Reason
    text: str = ""
    """Error of the API server, if the object could not be read."""


@dataclass
class PermanentCauseTimer:
    """Time for which the same permanent cause has lasted."""

    grace: float
    clock: Callable[[], float] = time.monotonic
    _cause: str = ""
    _since: float = field(default=0.0)

    def observe(self, snapshot: Snapshot) -> Diagnosis | None:
        """Return the cause once it has lasted for `grace` seconds."""
        found = find_permanent_cause(snapshot)
        if found is None or found.cause != self._cause:
            self._cause, self._since = "" if found is None else found.cause, self.clock()
        return found if found is not None and self.clock() - self._since >= self.grace else None


def must_wait(args: pulumi.ResourceHookArgs) -> bool:
    """Return True for a workload in a cluster, unless the user has disabled the wait for it.

    Without a uid, the provider renders to files.
    """
    is_skipped = texts_at(args.new_inputs, "metadata", "annotations").get(SKIP_AWAIT, "").lower() == "true"
    return not args.type.endswith(":Job") and bool(text_at(args.new_outputs, "metadata", "uid")) and not is_skipped


async def wait_for_rollout(
    watch: Watch, rollout: TrackedRollout, generation: int, settings: WaitSettings, limit: float, interrupted: threading.Event
) -> WaitEnd:
    """Wait until a Deployment or a LeaderWorkerSet is rolled out.

    Args:
        watch: Watch of the namespace.
        rollout: The rollout; a permanent cause is stored in it.
        generation: Generation of the object that was applied.
        settings: Settings of the service.
        limit: Seconds until the wait times out.
        interrupted: Set when the update is interrupted.
    """
    kind, started, read_at = WORKLOAD_KINDS[rollout.kind], time.monotonic(), -READ_AFTER
    path = f"{kind.path(rollout.namespace)}/{rollout.object_name}"
    timer = PermanentCauseTimer(settings.grace)
    while True:
        now = time.monotonic()
        if now - read_at >= READ_AFTER:
            read_at = now
            try:
                if is_rolled_out({**await watch.client.get(path), "kind": rollout.kind}, generation):
                    return WaitEnd("ready")
            except (RefusedError, MissingError) as error:
                return WaitEnd("unreadable", sanitize(str(error)))
            except (UnreachableError, GoneError):
                pass  # the provider waits, too, while the API server is away
        snapshot = watch.store.snapshot(rollout.name, rollout.namespace, watch.client.now(), rollout.workload)
        live = _find_workload(snapshot, rollout.kind)
        if live is not None and is_rolled_out(live, generation):
            return WaitEnd("ready")
        is_current = live is not None and number_at(live, "metadata", "generation") >= generation
        if is_current and rollout.end_for(timer.observe(snapshot), snapshot):
            return WaitEnd("permanent")
        if interrupted.is_set():
            return WaitEnd("interrupted")
        if now - started >= limit:
            return WaitEnd("timeout")
        await asyncio.sleep(TICK)


def _find_workload(snapshot: Snapshot, kind: str) -> Object | None:
    live = snapshot.leader_worker_set if kind == "LeaderWorkerSet" else snapshot.deployment
    return None if live is None else {**live, "kind": kind}


async def end_job_early(watch: Watch, rollout: TrackedRollout, grace: int, connection: Connection) -> None:
    """Let a Job fail when a permanent cause has lasted for `grace` seconds.

    A Job is replaced at the next update, so nothing remains of the change. Without the permission
    to change it, the Job keeps its deadline.
    """
    timer = PermanentCauseTimer(grace)
    while rollout.is_tracked:
        snapshot = watch.store.snapshot(rollout.name, rollout.namespace, watch.client.now(), rollout.workload, rollout.job)
        if rollout.end_for(timer.observe(snapshot), snapshot):
            await _shorten_deadline(rollout, connection)
            return
        await asyncio.sleep(TICK)


async def _shorten_deadline(rollout: TrackedRollout, connection: Connection) -> None:
    path = f"{WORKLOAD_KINDS['Job'].path(rollout.namespace)}/{rollout.job}"
    try:
        async with WritingClient.connect(connection.kubeconfig, connection.context) as client:
            await client.patch(path, {"spec": {"activeDeadlineSeconds": ENDED_DEADLINE}}, FIELD_MANAGER)
    except (NoClusterError, ClusterError) as error:
        rollout.permanent = None
        rollout.report("warning", f"the Job does not end early: it cannot be changed (requires patch on jobs): {sanitize(str(error))}")


def describe_early_end(grace: int, stack: str) -> str:
    """Return why the wait ended, and the commands that continue or undo the update."""
    return (
        f"The wait ended early: the cause lasted for {grace} s, and time alone does not remove it (diagnosis.fail_fast).\n"
        f"  to continue: apply the fix, then `pulumi up --stack {stack}`\n"
        f"  to go back: restore the previous arguments, then `pulumi up --stack {stack}`"
    )


def describe_end(end: WaitEnd, rollout: TrackedRollout | None) -> str:
    """Return the engine's error for a wait that ended without success."""
    name = "the workload" if rollout is None else f"the {rollout.kind} {rollout.object_name}"
    match end.reason:
        case "unreadable":
            fix = "Grant get on it, or remove diagnosis.fail_fast."
            return f"it is unknown whether {name} is ready: it cannot be read ({end.text}). {fix}"
        case "timeout":
            return f"{name} is not ready: timed out waiting for it"
        case "interrupted":
            return f"{name} is not ready: the update was interrupted"
        case _:
            return f"{name} is not ready, and time alone does not change that"
