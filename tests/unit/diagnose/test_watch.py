"""Watches and the progress report, with servers that fail, deny access or restart."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from nim_component.cluster import rate_limiter
from nim_component.cluster.errors import GoneError, RefusedError, UnreachableError
from nim_component.cluster.kinds import KINDS
from nim_component.diagnose import on_demand
from nim_component.diagnose import watch as watch_module
from nim_component.diagnose.progress import reporter as reporter_module
from nim_component.diagnose.progress.reporter import ProgressReporter, describe_failure
from nim_component.diagnose.progress.tracked_rollout import TrackedRollout
from nim_component.diagnose.watch import Watch
from nim_component.lora_loader import hub

from .fake_client import FakeClient
from .kubernetes_objects import GPU, ago, crashed, pod, running, unschedulable, waiting

LABELS = {"labels": {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama"}}
NO_GPU = f"0/1 nodes are available: 1 Insufficient {GPU}."


@pytest.fixture(autouse=True)
def short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter_module, "TICK", 0.02)
    monkeypatch.setattr(reporter_module, "WARN_AFTER", 0.1)
    monkeypatch.setattr(reporter_module, "RECHECK_AFTER", 0.1)


def record_report(
    client: Any, seconds: float = 0.5, adapters: int = 0, fails: bool = False, child_kinds: tuple[str, ...] = ()
) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the progress report of the service `llama`, and the reported missing permissions."""
    lines: list[tuple[str, str]] = []
    denied: list[str] = []

    async def run() -> None:
        watch = Watch(client, denied.append)
        reporter = ProgressReporter(watch)
        rollout = TrackedRollout("llama", "ml", lambda level, text: lines.append((level, text)), adapters, child_kinds=child_kinds)
        reporter.track(rollout)
        task = asyncio.create_task(reporter.run())
        await asyncio.sleep(seconds)
        assert not task.done()
        if fails:
            await reporter.fail(rollout)
        task.cancel()
        await watch.close()

    asyncio.run(run())
    return lines, denied


def test_lasting_cause_is_warned_of_once():
    lines, denied = record_report(FakeClient(pods=[unschedulable(NO_GPU, gpu=2)]))
    assert [level for level, _ in lines] == ["progress", "warning"]
    assert lines[1][1].startswith(f"The pod requests 2 {GPU}, but the largest node has 1.\n  evidence: ")
    assert denied == []


CHILDREN = ("HTTPRoute", "ScaledObject")
REFUSED = {"type": "Accepted", "status": "False", "reason": "NoMatchingParent", "message": "no listener"}
NO_METRIC = {"type": "Ready", "status": "False", "reason": "TriggerError", "message": "Triggers are not working"}


def with_children(*pods: Any) -> FakeClient:
    """Return a server with a refused route, and with a ScaledObject without a metric."""
    route = {"metadata": {"name": "llama", **LABELS}, "status": {"parents": [{"parentRef": {"name": "public"}, "conditions": [REFUSED]}]}}
    scaled = {"metadata": {"name": "llama", **LABELS}, "status": {"conditions": [NO_METRIC]}}
    return FakeClient(pods=list(pods), httproutes=[route], scaledobjects=[scaled])


@pytest.mark.parametrize(("delay", "child_kinds", "warnings"), [(0.1, CHILDREN, 1), (5.0, CHILDREN, 0), (0.1, (), 0)])
def test_lasting_condition_of_child_is_warned_of(delay: float, child_kinds: Any, warnings: int, monkeypatch: pytest.MonkeyPatch):
    """Metrics have gaps during every rollout: they are no warning."""
    monkeypatch.setattr(reporter_module, "CHILD_WARN_AFTER", delay)
    client = with_children(running())
    lines, denied = record_report(client, child_kinds=child_kinds)
    found = [text for level, text in lines if level == "warning"]
    assert [text.partition(":")[0] for text in found] == ["The Gateway public does not accept the HTTPRoute"] * warnings
    assert (denied, sum("httproutes" in path for path in client.lists)) == ([], int(bool(child_kinds)))


def test_failure_shows_causes_of_pods_first():
    lines, _ = record_report(
        with_children(crashed("RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB")), fails=True, child_kinds=CHILDREN
    )
    (text,) = [text for level, text in lines if level == "error"]
    assert text.index("does not fit into") < text.index("does not accept the HTTPRoute")


def test_transient_cause_is_not_warned_of(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reporter_module, "WARN_AFTER", 0.3)
    client = FakeClient(pods=[unschedulable(NO_GPU)])
    client.changes = lambda kind: [("MODIFIED", {**running(ready=True)})] if kind == "pods" else []
    lines, _ = record_report(client)
    assert [level for level, _ in lines] == ["progress"]


def test_expired_watch_lists_again_without_deleted_objects(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watch_module, "RESTART_DELAY", 0.1)
    client = FakeClient(pods=[pod("old", age=5)])

    def changes(kind: str) -> Any:
        if kind == "pods" and len(client.watches) < 20 and "old" in str(client.objects["pods"]):
            client.objects["pods"] = [running(name="new")]
            return [GoneError("410")]
        return []

    client.changes = changes
    lines, _ = record_report(client, 1.5)
    assert [text for _, text in lines] == ["waiting for a node", "loading the model"]


@pytest.mark.parametrize("failure", ["ends", "expires", "unreachable", "unreachable for a while", "one kind fails"])
def test_failing_server_gets_few_requests(monkeypatch: pytest.MonkeyPatch, failure: str):
    minute = 2.0
    monkeypatch.setattr(watch_module, "PROBE_DELAYS", tuple(each * minute / 60 for each in watch_module.PROBE_DELAYS))
    for module, name in ((watch_module, "RESTART_DELAY"), (watch_module, "STAGGER"), (rate_limiter, "MINUTE")):
        monkeypatch.setattr(module, name, getattr(module, name) * minute / 60)
    client = FakeClient(pods=[pod()])
    started = time.monotonic()

    class Away(dict[Any, Any]):
        """Errors of all requests while the server is away."""

        def get(self, *_: Any) -> Any:
            away = failure == "unreachable" or minute / 6 < time.monotonic() - started < minute / 2
            return UnreachableError("ConnectError") if away else None

    if failure in ("ends", "expires"):
        client.changes = lambda _: ["end"] if failure == "ends" else [GoneError("410")]
    elif failure == "one kind fails":
        client.refused = {("list", "nodes"): UnreachableError("status 503")}
    else:
        client.refused = Away()
        broken = [minute / 6, UnreachableError("ConnectError")]
        client.changes = lambda _: broken if failure == "unreachable for a while" and time.monotonic() - started < minute / 6 else []

    record_report(client, minute)
    requests = len(client.lists) + len(client.watches) + client.probes
    assert requests <= 30
    if failure == "unreachable for a while":  # five probes in 20 s; the other requests are for the most important kinds
        assert {kind.plural for kind in KINDS if client.started.count(kind.plural) < 2} <= {"services", "nodes"}


def test_reads_for_many_services_leave_requests_for_watches(monkeypatch: pytest.MonkeyPatch):
    """300 services of a namespace have a pull Secret each, and all watches end once."""
    for name in ("RESTART_DELAY", "STAGGER"):
        monkeypatch.setattr(watch_module, name, getattr(watch_module, name) / 30)
    read: list[str] = []

    class SecretClient(FakeClient):
        async def get(self, path: str, seconds: float = 10, **_: str) -> Any:
            read.append(path)
            raise UnreachableError("status 429")

    def refused_pull(index: int) -> Any:
        labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": f"s{index}"}
        metadata = {"name": f"s{index}", "uid": f"s{index}", "labels": labels}
        return waiting("ErrImagePull", "rpc error: unauthorized", metadata=metadata, spec={"imagePullSecrets": [{"name": f"pull-{index}"}]})

    client = SecretClient(pods=[refused_pull(index) for index in range(300)])
    client.changes = lambda kind: ["end"] if client.started.count(kind) < 2 else []

    async def run() -> None:
        watch = Watch(client)
        watch.follow("ml")
        await watch.wait_until_read("ml", 5)
        until = time.monotonic() + 1.2
        while time.monotonic() < until:
            for index in range(300):
                await watch.diagnose(f"s{index}", "ml")
                await asyncio.sleep(0)
            await asyncio.sleep(0.05)
        await watch.close()

    asyncio.run(run())
    assert len(set(read)) == len(read) == watch_module.READS_PER_NAMESPACE
    assert {kind.plural for kind in KINDS if client.started.count(kind.plural) < 2} == set()
    assert len(client.lists) + len(client.watches) + len(read) <= watch_module.REQUESTS_PER_NAMESPACE


def test_unreachable_server_causes_no_output():
    client = FakeClient(pods=[pod()])
    client.refused = {("list", kind.plural): UnreachableError("gone") for kind in KINDS}
    lines, denied = record_report(client, 0.5, fails=True)
    assert (lines, denied) == ([], [])


@pytest.mark.parametrize("verb", ["list", "watch"])
@pytest.mark.parametrize("kind", [kind.plural for kind in KINDS])
def test_denied_kind_is_reported_once(verb: str, kind: str):
    client = FakeClient(pods=[unschedulable(NO_GPU, gpu=2)])
    client.refused = {(verb, kind): RefusedError(403, "no")}
    _, denied = record_report(client)
    where = "" if kind == "nodes" else " in namespace ml"
    assert [each for each in denied if "free GPUs" not in each] == [
        f"{kind} cannot be read{where}: the diagnosis leaves them out (requires get, list, watch)"
    ]


def test_denied_secrets_are_reported_once():
    class DenyingClient(FakeClient):
        async def get(self, path: str, seconds: float = 10, **_: str) -> Any:
            raise RefusedError(403, "no")

    waiting_pods = [
        waiting("ErrImagePull", "rpc error: unauthorized", metadata={"name": f"p{i}", "uid": f"p{i}", **LABELS}) for i in range(3)
    ]
    lines, denied = record_report(DenyingClient(pods=waiting_pods))
    assert denied == ["Secrets cannot be read in namespace ml: their keys are unknown (requires get)"]
    assert any("The registry refuses the pull of" in text for _, text in lines)


def test_denied_log_is_reported_once(monkeypatch: pytest.MonkeyPatch):
    class DenyingClient(FakeClient):
        async def text(self, path: str, **_: str) -> str:
            self.texts += 1
            raise RefusedError(403, "no")

    monkeypatch.setattr(on_demand, "LOG_MAX_AGE", 0.0)
    loader = {"name": "download-loras", "state": {"running": {"startedAt": ago(5)}}, "ready": False}
    client = DenyingClient(pods=[pod(node="gpu-0", lora=True, initContainerStatuses=[loader])])
    lines, denied = record_report(client, adapters=2)
    assert client.texts > 1
    assert denied == ["logs cannot be read in namespace ml: adapters are not counted (requires get on pods/log)"]
    assert lines == [("progress", "downloading 2 adapters")]


def test_invalid_credentials_cause_no_output():
    client = FakeClient(pods=[pod()])
    client.refused = {("list", kind.plural): RefusedError(401, "no") for kind in KINDS}
    assert record_report(client, fails=True) == ([], [])


def test_adapters_are_counted_in_the_loader_log():
    loader = {"name": "download-loras", "state": {"running": {"startedAt": ago(5)}}, "ready": False}
    client = FakeClient(pods=[pod(node="gpu-0", lora=True, initContainerStatuses=[loader])])
    client.log = "one: org/one@main is commit 1\none: 12 MB verified in 3.0 s (4 MB/s)\ntwo: 1 MB of 9 MB\n"
    lines, _ = record_report(client, adapters=2)
    assert lines == [("progress", "downloading adapter 2 of 2")]
    assert client.texts == 1
    assert on_demand.LOG_MAX_AGE >= 10
    assert on_demand._DOWNLOADED in inspect.getsource(hub)


def test_failure_without_cause_has_a_note():
    assert describe_failure([], ["loading the model"], 372) == "not ready after 6 min 12 s: loading the model.\nThe cluster shows no cause."


class RestartingClient(FakeClient):
    """Client of a server that restarts after some seconds, then has no earlier resource version."""

    def __init__(self, stops: float, away: float) -> None:
        super().__init__(pods=[pod("old", age=5)])
        self.stops, self.away = time.monotonic() + stops, away
        self.changes = lambda _: [stops, UnreachableError("ConnectError")] if time.monotonic() < self.stops else []

    @property
    def is_back(self) -> bool:
        return time.monotonic() > self.stops + self.away

    def raise_if_away(self) -> None:
        if self.stops < time.monotonic() and not self.is_back:
            raise UnreachableError("ConnectError")

    async def list(self, path: str, **query: str) -> tuple[list[Any], str]:
        self.raise_if_away()
        if self.is_back:
            self.objects["pods"] = [running(name="new")]
        return (await super().list(path, **query))[0], "2" if self.is_back else "1"

    async def watch(self, path: str, version: str, **query: str) -> AsyncIterator[tuple[str, Any]]:
        if self.is_back and version == "1":
            self.watches.append(path)
            raise GoneError("410")
        async for change in super().watch(path, version, **query):
            yield change

    async def text(self, path: str, **query: str) -> str:
        self.probes += 1
        self.raise_if_away()
        return "ok"


@pytest.mark.parametrize("away", [0.0, 0.3])
def test_report_continues_after_a_server_restart(monkeypatch: pytest.MonkeyPatch, away: float):
    monkeypatch.setattr(watch_module, "RESTART_DELAY", 0.01)
    monkeypatch.setattr(watch_module, "STAGGER", 0.001)
    monkeypatch.setattr(watch_module, "PROBE_DELAYS", (0.1, 0.1))
    client = RestartingClient(0.3, away)
    lines, _ = record_report(client, 1.5)
    assert [text for _, text in lines] == ["waiting for a node", "loading the model"]
    assert len(client.lists) + len(client.watches) + client.probes <= 30


def test_rate_limit_delays_the_least_important_kinds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watch_module, "RESTART_DELAY", 0.01)
    monkeypatch.setattr(watch_module, "STAGGER", 0.001)
    monkeypatch.setattr(watch_module, "PROBE_DELAYS", (0.05, 0.05))
    client = RestartingClient(0.2, 0.5)
    record_report(client, 1.2)
    listed = [path.rpartition("/")[2] for path in client.lists]
    assert listed.count("pods") == listed.count("deployments") == 2
    assert listed.count("nodes") == 1
