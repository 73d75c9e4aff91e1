"""The watch and the reporter, with a server that misbehaves."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import pytest

from nim_component.cluster import rate_limiter
from nim_component.cluster.errors import GoneError, MissingError, RefusedError, UnreachableError
from nim_component.cluster.kinds import KINDS
from nim_component.diagnose import on_demand
from nim_component.diagnose import watch as watch_module
from nim_component.diagnose.progress import reporter as reporter_module
from nim_component.diagnose.progress.reporter import ProgressReporter, TrackedRollout, describe_failure
from nim_component.diagnose.watch import Watch

from .kubernetes_objects import GPU, NOW, ago, node, pod, running, unschedulable, waiting

LABELS = {"labels": {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama"}}
NO_GPU = f"0/1 nodes are available: 1 Insufficient {GPU}."


class FakeApi:
    """Lists what it holds; a watch gives what `changes` yields for its path, then stays open."""

    def __init__(self, **objects: Any) -> None:
        self.objects: dict[str, list[Any]] = {"nodes": [node(gpu=1)], **objects}
        self.changes: Callable[[str], Any] = lambda _: []
        self.refused: dict[tuple[str, str], Exception] = {}
        self.lists: list[str] = []
        self.watches: list[str] = []
        self.begun: list[str] = []
        self.log = ""
        self.texts = self.gets = 0

    def now(self) -> datetime:
        return NOW

    async def list(self, path: str, **_: str) -> tuple[list[Any], str]:
        self.lists.append(path)
        kind = path.rpartition("/")[2]
        if error := self.refused.get(("list", kind)):
            raise error
        return self.objects.get(kind, []), "1"

    async def watch(self, path: str, version: str, **_: str) -> AsyncIterator[tuple[str, Any]]:
        self.watches.append(path)
        kind = path.rpartition("/")[2]
        if error := self.refused.get(("watch", kind)):
            raise error
        self.begun.append(kind)
        for change in self.changes(kind):
            if isinstance(change, float):
                await asyncio.sleep(change)
                continue
            if isinstance(change, Exception):
                raise change
            if change == "end":
                return
            yield change
        await asyncio.sleep(3600)

    async def get(self, path: str, seconds: float = 10, **_: str) -> Any:
        if path == "/version":
            return {}
        raise MissingError(path)

    async def text(self, path: str, **_: str) -> str:
        if path == "/readyz":
            self.gets += 1
            if error := self.refused.get(("get", "readyz")):
                raise error
            return "ok"
        self.texts += 1
        return self.log

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter_module, "TICK", 0.02)
    monkeypatch.setattr(reporter_module, "WARN_AFTER", 0.1)
    monkeypatch.setattr(reporter_module, "RECHECK_AFTER", 0.1)


def tell(api: Any, seconds: float = 0.5, adapters: int = 0, fails: bool = False) -> tuple[list[tuple[str, str]], list[str]]:
    """What is told of `llama`, and what is said to be denied."""
    lines: list[tuple[str, str]] = []
    denied: list[str] = []

    async def run() -> None:
        watch = Watch(api, denied.append)
        reporter = ProgressReporter(watch)
        rollout = TrackedRollout("llama", "ml", lambda level, text: lines.append((level, text)), adapters)
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


def test_a_cause_that_stands_is_warned_of_once():
    lines, denied = tell(FakeApi(pods=[unschedulable(NO_GPU, gpu=2)]))
    assert [level for level, _ in lines] == ["progress", "warning"]
    assert lines[1][1].startswith(f"The pod requests 2 {GPU}, but the largest node has 1.\n  evidence: ")
    assert denied == []


def test_a_cause_that_passes_is_not_warned_of(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reporter_module, "WARN_AFTER", 0.3)
    api = FakeApi(pods=[unschedulable(NO_GPU)])
    api.changes = lambda kind: [("MODIFIED", {**running(ready=True)})] if kind == "pods" else []
    lines, _ = tell(api)
    assert [level for level, _ in lines] == ["progress"]


def test_a_watch_that_has_expired_lists_again_and_forgets_what_is_gone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watch_module, "RESTART_DELAY", 0.1)
    api = FakeApi(pods=[pod("old", age=5)])

    def changes(kind: str) -> Any:
        if kind == "pods" and len(api.watches) < 20 and "old" in str(api.objects["pods"]):
            api.objects["pods"] = [running(name="new")]
            return [GoneError("410")]
        return []

    api.changes = changes
    lines, _ = tell(api, 1.5)
    assert [text for _, text in lines] == ["waiting for a node", "loading the model"]


@pytest.mark.parametrize("how", ["ends", "expires", "gone", "gone and back", "fails for one kind"])
def test_a_server_that_misbehaves_is_asked_seldom(monkeypatch: pytest.MonkeyPatch, how: str):
    minute = 2.0
    monkeypatch.setattr(watch_module, "PROBE_DELAYS", tuple(each * minute / 60 for each in watch_module.PROBE_DELAYS))
    for module, name in ((watch_module, "RESTART_DELAY"), (watch_module, "STAGGER"), (rate_limiter, "MINUTE")):
        monkeypatch.setattr(module, name, getattr(module, name) * minute / 60)
    api = FakeApi(pods=[pod()])
    began = time.monotonic()

    class Away(dict[Any, Any]):
        """Every request fails, while the server is away."""

        def get(self, *_: Any) -> Any:
            away = how == "gone" or minute / 6 < time.monotonic() - began < minute / 2
            return UnreachableError("ConnectError") if away else None

    if how in ("ends", "expires"):
        api.changes = lambda _: ["end"] if how == "ends" else [GoneError("410")]
    elif how == "fails for one kind":
        api.refused = {("list", "nodes"): UnreachableError("status 503")}
    else:
        api.refused = Away()
        broken = [minute / 6, UnreachableError("ConnectError")]
        api.changes = lambda _: broken if how == "gone and back" and time.monotonic() - began < minute / 6 else []

    tell(api, minute)
    asked = len(api.lists) + len(api.watches) + api.gets
    assert asked <= 30
    if how == "gone and back":  # twenty seconds away: five probes, and what is left is spent on what tells most
        assert {kind.plural for kind in KINDS if api.begun.count(kind.plural) < 2} <= {"services", "nodes"}


def test_a_server_that_is_gone_is_waited_for():
    api = FakeApi(pods=[pod()])
    api.refused = {("list", kind.plural): UnreachableError("gone") for kind in KINDS}
    lines, denied = tell(api, 0.5, fails=True)
    assert (lines, denied) == ([], [])


@pytest.mark.parametrize("verb", ["list", "watch"])
@pytest.mark.parametrize("kind", [kind.plural for kind in KINDS])
def test_a_denial_is_said_once(verb: str, kind: str):
    api = FakeApi(pods=[unschedulable(NO_GPU, gpu=2)])
    api.refused = {(verb, kind): RefusedError(403, "no")}
    _, denied = tell(api)
    where = "" if kind == "nodes" else " in namespace ml"
    assert [each for each in denied if "free GPUs" not in each] == [
        f"{kind} cannot be read{where}: the diagnosis leaves them out (requires get, list, watch)"
    ]


def test_secrets_that_may_not_be_read_are_said_once():
    class Refusing(FakeApi):
        async def get(self, path: str, seconds: float = 10, **_: str) -> Any:
            raise RefusedError(403, "no")

    waits = [waiting("ErrImagePull", "rpc error: unauthorized", metadata={"name": f"p{i}", "uid": f"p{i}", **LABELS}) for i in range(3)]
    lines, denied = tell(Refusing(pods=waits))
    assert denied == ["Secrets cannot be read in namespace ml: their keys are unknown (requires get)"]
    assert any("The registry refuses the pull of" in text for _, text in lines)


def test_a_log_that_may_not_be_read_is_said_once(monkeypatch: pytest.MonkeyPatch):
    class Refusing(FakeApi):
        async def text(self, path: str, **_: str) -> str:
            self.texts += 1
            raise RefusedError(403, "no")

    monkeypatch.setattr(on_demand, "LOG_MAX_AGE", 0.0)
    loader = {"name": "download-loras", "state": {"running": {"startedAt": ago(5)}}, "ready": False}
    api = Refusing(pods=[pod(node="gpu-0", lora=True, initContainerStatuses=[loader])])
    lines, denied = tell(api, adapters=2)
    assert api.texts > 1
    assert denied == ["logs cannot be read in namespace ml: adapters are not counted (requires get on pods/log)"]
    assert lines == [("progress", "downloading 2 adapters")]


def test_credentials_that_are_refused_make_it_silent():
    api = FakeApi(pods=[pod()])
    api.refused = {("list", kind.plural): RefusedError(401, "no") for kind in KINDS}
    assert tell(api, fails=True) == ([], [])


def test_adapters_are_counted_by_the_loaders_log_and_seldom():
    loader = {"name": "download-loras", "state": {"running": {"startedAt": ago(5)}}, "ready": False}
    api = FakeApi(pods=[pod(node="gpu-0", lora=True, initContainerStatuses=[loader])])
    api.log = "one: org/one@main is commit 1\none: 12 MB verified in 3.0 s (4 MB/s)\ntwo: 1 MB of 9 MB\n"
    lines, _ = tell(api, adapters=2)
    assert lines == [("progress", "downloading adapter 2 of 2")]
    assert api.texts == 1
    assert on_demand.LOG_MAX_AGE >= 10


def test_the_diagnosis_of_a_failure_without_a_cause_says_so():
    assert describe_failure([], ["loading the model"], 372) == "not ready after 6 min 12 s: loading the model.\nThe cluster shows no cause."


class Restarting(FakeApi):
    """Goes a moment after the story has begun, is away for a while, and remembers nothing of before."""

    def __init__(self, begins: float, away: float) -> None:
        super().__init__(pods=[pod("old", age=5)])
        self.begins, self.away = time.monotonic() + begins, away
        self.changes = lambda _: [begins, UnreachableError("ConnectError")] if time.monotonic() < self.begins else []

    @property
    def is_back(self) -> bool:
        return time.monotonic() > self.begins + self.away

    def answer(self) -> None:
        if self.begins < time.monotonic() and not self.is_back:
            raise UnreachableError("ConnectError")

    async def list(self, path: str, **query: str) -> tuple[list[Any], str]:
        self.answer()
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
        self.gets += 1
        self.answer()
        return "ok"


@pytest.mark.parametrize("away", [0.0, 0.3])
def test_after_a_restart_of_the_server_a_story_goes_on_at_once(monkeypatch: pytest.MonkeyPatch, away: float):
    monkeypatch.setattr(watch_module, "RESTART_DELAY", 0.01)
    monkeypatch.setattr(watch_module, "STAGGER", 0.001)
    monkeypatch.setattr(watch_module, "PROBE_DELAYS", (0.1, 0.1))
    api = Restarting(0.3, away)
    lines, _ = tell(api, 1.5)
    assert [text for _, text in lines] == ["waiting for a node", "loading the model"]
    assert len(api.lists) + len(api.watches) + api.gets <= 30


def test_what_cannot_be_asked_anew_at_once_is_what_tells_least(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watch_module, "RESTART_DELAY", 0.01)
    monkeypatch.setattr(watch_module, "STAGGER", 0.001)
    monkeypatch.setattr(watch_module, "PROBE_DELAYS", (0.05, 0.05))
    api = Restarting(0.2, 0.5)
    tell(api, 1.2)
    asked = [path.rpartition("/")[2] for path in api.lists]
    assert asked.count("pods") == asked.count("deployments") == 2
    assert asked.count("nodes") == 1


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_budget_lets_through_what_it_says_and_no_more(monkeypatch: pytest.MonkeyPatch, count: int):
    monkeypatch.setattr(rate_limiter, "MINUTE", 0.2)
    sent: list[float] = []

    async def ask(limiter: rate_limiter.RateLimiter) -> None:
        while True:
            await rate_limiter.acquire(count, limiter)
            sent.extend([time.monotonic()] * count)

    async def run() -> None:
        limiter = rate_limiter.RateLimiter(5)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(ask(limiter) for _ in range(3))), 1.0)

    asyncio.run(run())
    assert max(sum(0 <= each - first < 0.199 for each in sent) for first in sent) == 5 // count * count
    assert len(sent) >= 4 * (5 // count * count)
