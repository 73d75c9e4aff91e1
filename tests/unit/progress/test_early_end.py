"""Early end of a wait: the time of a permanent cause, the end of each wait, and the texts."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from nim_component.cluster.connection import Connection
from nim_component.cluster.errors import MissingError, RefusedError, UnreachableError
from nim_component.diagnose.progress import early_end
from nim_component.diagnose.progress.early_end import (
    PermanentCauseTimer,
    WaitEnd,
    WaitSettings,
    describe_end,
    end_job_early,
    must_wait,
    wait_for_rollout,
)
from nim_component.diagnose.progress.tracked_rollout import TrackedRollout
from nim_component.diagnose.snapshot import Snapshot
from nim_component.diagnose.workload_state import is_rolled_out
from nim_component.names import PREWARM_JOB

from ..diagnose.kubernetes_objects import NOW, job, job_pod, running, snapshot, waiting

MISSING = snapshot(waiting("CreateContainerConfigError", 'secret "ngc" not found'))
LOADING = snapshot(running(10))


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early_end, "TICK", 0.01)


def live(generation: int = 2, observed: int = 2, replicas: int = 1, updated: int = 1, available: int = 1) -> dict[str, Any]:
    """Return a Deployment with a status."""
    status = {"observedGeneration": observed, "replicas": replicas, "updatedReplicas": updated, "availableReplicas": available}
    return {"kind": "Deployment", "metadata": {"name": "llama", "generation": generation}, "spec": {"replicas": 1}, "status": status}


@pytest.mark.parametrize(
    ("workload", "expected"),
    [
        (live(), True),
        (live(generation=3, observed=3), True),
        (live(generation=1, observed=1), False),  # before the update
        (live(observed=1), False),
        (live(available=0), False),
        (live(updated=0), False),
        (live(replicas=2), False),  # an old pod
    ],
    ids=["ready", "newer", "stale", "unprocessed", "unavailable", "old template", "old pod"],
)
def test_rolled_out_workload_has_only_new_pods(workload: dict[str, Any], expected: bool):
    assert is_rolled_out(workload, 2) is expected


def test_cause_must_last_for_grace_time():
    now = [0.0]
    timer = PermanentCauseTimer(10, lambda: now[0])

    def observe(seconds: float, state: Snapshot) -> str:
        now[0] = seconds
        found = timer.observe(state)
        return "" if found is None else found.cause

    assert [observe(*each) for each in ((0, MISSING), (9, MISSING), (9.5, LOADING), (10, MISSING), (19, MISSING))] == [""] * 5
    assert observe(20, MISSING) == "secret-missing"


class Cluster:
    """Watch with a sequence of snapshots, and the object that a GET returns."""

    def __init__(self, *states: Snapshot, found: Any = None) -> None:
        self.states, self.found = list(states), found or live(available=0)
        self.store = self.client = self
        self.paths: list[str] = []

    def now(self) -> Any:
        return NOW

    async def get(self, path: str) -> Any:
        self.paths.append(path)
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def snapshot(self, *_: Any) -> Snapshot:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


def with_workload(state: Snapshot, **status: int) -> Snapshot:
    """Return a snapshot with a Deployment, whose template matches the pods."""
    template = {"metadata": {"labels": {"app": "llama"}}}
    labelled = {"metadata": {"labels": {"app": "llama", "pod-template-hash": "5d9"}}}
    found = {**live(**{"available": 0, **status}), "spec": {"replicas": 1, "template": template}}
    sets = [{"metadata": {"name": "llama-5d9"}, "spec": {"template": labelled}}]
    return Snapshot(state.name, state.namespace, NOW, {**state.kinds, "deployments": [found], "replicasets": sets})


def wait(cluster: Any, grace: int = 0, limit: float = 0.1, interrupted: bool = False) -> tuple[WaitEnd, TrackedRollout]:
    rollout = TrackedRollout("llama", "ml", lambda *_: None, object_name="llama")
    event = threading.Event()
    if interrupted:
        event.set()
    return asyncio.run(wait_for_rollout(cluster, rollout, 2, WaitSettings(grace), limit, event)), rollout


def test_wait_ends_when_watched_workload_is_ready():
    cluster = Cluster(with_workload(LOADING), with_workload(LOADING), with_workload(LOADING, available=1))
    end, rollout = wait(cluster, limit=5)
    assert end.reason == "ready"
    assert rollout.permanent is None
    assert cluster.paths == ["/apis/apps/v1/namespaces/ml/deployments/llama"]


def test_wait_ends_when_workload_itself_is_ready():
    assert wait(Cluster(LOADING, found=live()))[0].reason == "ready"


def test_wait_ends_for_permanent_cause():
    end, rollout = wait(Cluster(with_workload(MISSING)), limit=5)
    assert end.reason == "permanent"
    assert rollout.permanent is not None
    assert rollout.permanent.cause == "secret-missing"
    assert rollout.last_snapshot is not None


def test_secret_within_grace_time_keeps_waiting():
    states = [*[with_workload(MISSING)] * 5, with_workload(LOADING), with_workload(LOADING, available=1)]
    assert wait(Cluster(*states), grace=10, limit=5)[0].reason == "ready"


def test_workload_before_update_keeps_waiting():
    """The watch may still have the old object, with a cause that the update removes."""
    end, rollout = wait(Cluster(with_workload(MISSING, generation=1, observed=1)))
    assert end.reason == "timeout"
    assert rollout.permanent is None


def test_wait_times_out_and_can_be_interrupted():
    assert wait(Cluster(with_workload(LOADING)))[0].reason == "timeout"
    assert wait(Cluster(with_workload(LOADING)), limit=60, interrupted=True)[0].reason == "interrupted"


@pytest.mark.parametrize("error", [RefusedError(403, "deployments is forbidden"), MissingError("not found")], ids=["refused", "deleted"])
def test_unreadable_workload_is_not_ready(error: Exception):
    end, _ = wait(Cluster(LOADING, found=error), limit=60)
    assert end.reason == "unreadable"
    assert end.text


def test_unreachable_server_is_waited_for():
    assert wait(Cluster(with_workload(LOADING), found=UnreachableError("no answer")))[0].reason == "timeout"


def end_job(
    monkeypatch: pytest.MonkeyPatch, state: Snapshot, error: Exception | None = None
) -> tuple[list[Any], TrackedRollout, list[Any]]:
    """Return the patches, the rollout, and the lines that were reported."""
    sent: list[Any] = []
    lines: list[Any] = []

    class Client:
        async def __aenter__(self) -> Any:
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

        async def patch(self, path: str, body: Any, _manager: str) -> None:
            if error is not None:
                raise error
            sent.append((path, body))

    monkeypatch.setattr(early_end.WritingClient, "connect", lambda *_: Client())
    rollout = TrackedRollout("llama", "ml", lambda *line: lines.append(line), kind="Job", workload=PREWARM_JOB, job="llama-warm")

    async def run() -> None:
        task = asyncio.create_task(end_job_early(Cluster(state), rollout, 0, Connection(None, None)))  # pyright: ignore
        await asyncio.sleep(0.1)
        rollout.is_tracked = False
        await task

    asyncio.run(run())
    return sent, rollout, lines


BLOCKED = snapshot(job_pod(state={"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "ngc" not found'}}), jobs=[job()])
PULLING = snapshot(job_pod(state={"waiting": {"reason": "ContainerCreating", "message": ""}}), jobs=[job()])


def test_deadline_of_blocked_job_is_shortened(monkeypatch: pytest.MonkeyPatch):
    sent, rollout, lines = end_job(monkeypatch, BLOCKED)
    assert sent == [("/apis/batch/v1/namespaces/ml/jobs/llama-warm", {"spec": {"activeDeadlineSeconds": 1}})]
    assert rollout.permanent is not None
    assert lines == []


def test_deadline_of_working_job_stays(monkeypatch: pytest.MonkeyPatch):
    sent, rollout, _ = end_job(monkeypatch, PULLING)
    assert sent == []
    assert rollout.permanent is None


def test_job_without_patch_permission_keeps_its_deadline(monkeypatch: pytest.MonkeyPatch):
    sent, rollout, lines = end_job(monkeypatch, BLOCKED, RefusedError(403, "jobs is forbidden"))
    assert sent == []
    assert rollout.permanent is None
    assert [level for level, _ in lines] == ["warning"]
    assert "requires patch on jobs" in lines[0][1]


def hook_args(kind: str = "apps/v1:Deployment", uid: str = "u", **annotations: str) -> pulumi.ResourceHookArgs:
    inputs = {"metadata": {"annotations": annotations}}
    return pulumi.ResourceHookArgs("", "", "", f"kubernetes:{kind}", new_inputs=inputs, new_outputs={"metadata": {"uid": uid}})


def test_only_awaited_live_workload_is_waited_for():
    assert must_wait(hook_args())
    assert must_wait(hook_args("leaderworkerset.x-k8s.io/v1:LeaderWorkerSet"))
    assert not must_wait(hook_args("batch/v1:Job"))
    assert not must_wait(hook_args(uid=""))  # rendered to files
    assert not must_wait(hook_args(**{"pulumi.com/skipAwait": "true"}))


def test_end_names_workload_and_reason():
    rollout: Any = SimpleNamespace(kind="Deployment", object_name="llama")
    assert describe_end(WaitEnd("permanent"), rollout) == "the Deployment llama is not ready, and time alone does not change that"
    assert describe_end(WaitEnd("timeout"), rollout) == "the Deployment llama is not ready: timed out waiting for it"
    assert describe_end(WaitEnd("interrupted"), rollout) == "the Deployment llama is not ready: the update was interrupted"
    text = describe_end(WaitEnd("unreadable", "403"), None)
    assert text == "it is unknown whether the workload is ready: it cannot be read (403). Grant get on it, or remove diagnosis.fail_fast."
