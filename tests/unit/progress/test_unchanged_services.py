"""Services that Pulumi did not change: the wait for those that are not available."""

import asyncio
from typing import Any

import pytest

from nim_component.cluster.connection import Connection
from nim_component.cluster.errors import UnreachableError
from nim_component.diagnose.progress import unchanged_services
from nim_component.diagnose.progress.early_end import RolloutError
from nim_component.diagnose.progress.expected_services import ExpectedService, ExpectedWorkload
from nim_component.diagnose.progress.unchanged_services import wait_if_unavailable

SPEC = {"replicas": 1}


def live(available: int, replicas: int = 1) -> Any:
    status = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": available}
    return {"metadata": {"name": "llama", "generation": 1}, "spec": {"replicas": replicas}, "status": status}


class Hooks:
    """Hooks that record for which workload they wait."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.waited: list[str] = []

    async def wait_for_unchanged(self, _component: Any, kind: str, rendered: Any) -> None:
        self.waited.append(f"{kind}/{rendered['metadata']['name']}")
        if self.error is not None:
            raise self.error


def look(
    monkeypatch: pytest.MonkeyPatch, found: Any, error: Exception | None = None, failed: bool = False, **fields: Any
) -> tuple[list[str], str]:
    """Return the workloads that were waited for, and the failure of the service."""

    class Client:
        async def __aenter__(self) -> Any:
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

        async def get(self, _path: str) -> Any:
            if isinstance(found, Exception):
                raise found
            return found

    hooks = Hooks(error)
    monkeypatch.setattr(unchanged_services.ClusterClient, "connect", lambda *_: Client())
    monkeypatch.setattr(unchanged_services, "run_state", lambda: {"progress hooks": hooks})
    monkeypatch.setattr(unchanged_services, "has_failed", lambda _: failed)
    workload = ExpectedWorkload("Deployment", {"metadata": {"name": "llama"}, "spec": SPEC})
    settings: dict[str, Any] = {"has_changed": False, "fails_fast": True, **fields}
    component: Any = None
    service = ExpectedService(component, "llama", "ml", 8000, Connection(None, None), [workload], **settings)
    return hooks.waited, asyncio.run(wait_if_unavailable(service)).failure


def test_unavailable_service_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    assert look(monkeypatch, live(0)) == (["Deployment/llama"], "")


def test_wait_without_success_fails_the_service(monkeypatch: pytest.MonkeyPatch):
    waited, failure = look(monkeypatch, live(0), RolloutError("the Deployment llama is not ready"))
    assert waited == ["Deployment/llama"]
    assert failure == "llama: the Deployment llama is not ready"


def test_service_that_a_hook_awaited_fails_once(monkeypatch: pytest.MonkeyPatch):
    waited, failure = look(monkeypatch, live(0), failed=True)
    assert waited == []
    assert failure == "llama is not ready. Another error of this update contains the cause."


@pytest.mark.parametrize(
    ("found", "fields"),
    [
        (live(1), {}),
        (live(0), {"has_changed": True}),
        (live(0), {"fails_fast": False}),
        (live(0, replicas=3), {}),
        (UnreachableError("no answer"), {}),
    ],
    ids=["available", "awaited by a hook", "without fail_fast", "another spec", "unreadable"],
)
def test_other_services_are_not_waited_for(monkeypatch: pytest.MonkeyPatch, found: Any, fields: dict[str, Any]):
    assert look(monkeypatch, found, **fields) == ([], "")
