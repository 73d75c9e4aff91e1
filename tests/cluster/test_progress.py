"""Progress hooks on a real control plane, called like the engine calls them."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest
from pulumi.runtime.mocks import MockMonitor, Mocks
from pulumi.runtime.stack import wait_for_rpcs

from nim_component import NIM
from nim_component.cluster.connection import Connection
from nim_component.diagnose.progress.hooks import ProgressHooks, ReportedResource

from .client import Client, Object
from .mistakes import KEY, MISTAKES, SERVICE, create_secrets
from .nodes import ONE_GPU
from .objects import apply_all, render
from .waiting import is_rolled_out

URN = "urn:pulumi:dev::nim::nim:index:NIMService${type}::llama-child"
Lines = list[tuple[str, str]]


class Component:
    """A component whose URN is known."""


class Update:
    """The report of one `pulumi up` while it waits for an object of the service `llama`."""

    def __init__(self, kubeconfig: str | None, lines: Lines, object_: Object | None = None, adapters: int = 0) -> None:
        self.connection = Connection(kubeconfig, None)
        self.lines = lines
        self.object_ = object_ or {"apiVersion": "apps/v1", "kind": "Deployment"}
        self.adapters = adapters

    def run(
        self, namespace: str, wait: Callable[[], bool], seconds: float = 20, until: Callable[[], bool] = lambda: False
    ) -> tuple[bool, float]:
        """Call the hooks, and wait like the engine between them.

        Returns:
            True if the object became ready, and the seconds that the hooks took.
        """

        async def main() -> tuple[bool, float]:
            hooks = ProgressHooks(asyncio.get_running_loop())
            component = cast(pulumi.Resource, Component())
            kind = f"kubernetes:{self.object_['apiVersion']}:{self.object_['kind']}"
            urn = URN.format(type=kind)
            hooks.resources[urn] = ReportedResource(component, self.adapters, read_secrets=True, connection=self.connection)
            inputs: dict[str, Any] = {"metadata": {"name": "llama", "namespace": namespace}, **self.object_}
            spent = -time.monotonic()
            hooks.begin(pulumi.ResourceHookArgs(urn, "", "llama-child", kind, new_inputs=inputs))
            spent += time.monotonic()
            end = time.monotonic() + seconds
            while not (up := await asyncio.to_thread(wait)) and time.monotonic() < end and not until():
                await asyncio.sleep(0.1)
            spent -= time.monotonic()
            if up:
                hooks.end(pulumi.ResourceHookArgs(urn, "", "llama-child", kind, new_inputs=inputs))
            else:
                retry = await hooks.fail(pulumi.ErrorHookArgs(urn, "", "llama-child", kind, new_inputs=inputs))
                assert retry is False
            return up, spent + time.monotonic()

        return asyncio.run(main())

    def lines_of(self, level: str) -> list[str]:
        return [text for each, text in self.lines if each == level]


class NoMocks(Mocks):
    def new_resource(self, args: Any) -> Any:
        raise NotImplementedError

    def call(self, args: Any) -> Any:
        raise NotImplementedError


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Return the lines of the engine's log."""
    seen: Lines = []
    for level in ("info", "warn", "error"):

        def log(text: str, resource: Any = None, stream_id: Any = None, ephemeral: bool = False, level: str = level) -> None:
            assert isinstance(resource, Component)
            assert ephemeral == (level == "info")
            seen.append((level, text))

        monkeypatch.setattr(pulumi.log, level, log)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(NoMocks(), monitor=MockMonitor(NoMocks()))
    loop.run_until_complete(wait_for_rpcs())  # of the stack resource
    yield seen
    asyncio.set_event_loop(None)
    loop.close()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_fix_of_mistake_works(control_plane, cluster: Client, namespace: str, nodes, lines: Lines, mistake: str):
    wrong, right, cause, fix = MISTAKES[mistake]
    nodes(ONE_GPU)
    create_secrets(cluster, namespace)
    apply_all(cluster, render(NIM(**SERVICE | wrong), namespace))
    update = Update(str(control_plane.kubeconfig), lines)
    came_up, spent = update.run(namespace, lambda: rolled_out(cluster, namespace), 14, until=lambda: cause in str(update.lines_of("warn")))
    assert not came_up
    assert spent < 3
    assert any(cause in text and fix in text for text in update.lines_of("warn"))
    (error,) = update.lines_of("error")
    assert error.startswith("llama: not ready after ")
    assert cause in error
    assert fix in error
    fixes = [line for line in error.splitlines() if not line.startswith("  next: `kubectl -n ")]
    assert "kubectl" not in "\n".join(fixes)
    assert KEY not in str(lines)
    lines.clear()
    apply_all(cluster, render(NIM(**SERVICE | right), namespace))
    came_up, spent = update.run(namespace, lambda: bool(update.lines_of("info")) and rolled_out(cluster, namespace), 30)
    assert came_up
    assert spent < 0.5
    assert update.lines_of("error") == []
    assert any("ready after" in text for text in update.lines_of("info"))


def rolled_out(cluster: Client, namespace: str) -> bool:
    deployment: Object = cluster.get("apps/v1", "Deployment", "llama", namespace)
    return is_rolled_out(deployment)


@pytest.mark.parametrize("kubeconfig", ["/nowhere/kubeconfig", "{}", "{not yaml", "apiVersion: v1\nclusters: 3\n"])
def test_unusable_kubeconfig_disables_the_report(lines: Lines, kubeconfig: str):
    update = Update(kubeconfig, lines)
    came_up, spent = update.run("default", lambda: False, 1)
    assert not came_up
    assert spent < 3
    assert update.lines_of("warn") == update.lines_of("error") == update.lines_of("info") == []


def test_unreachable_cluster_disables_the_report(lines: Lines, tmp_path: Path):
    config = tmp_path / "kubeconfig"
    config.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n"
        "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}]\nusers: [{name: u, user: {token: t}}]\n"
    )
    update = Update(str(config), lines)
    came_up, spent = update.run("default", lambda: False, 3)
    assert not came_up
    assert spent < 3.5
    assert lines == []
