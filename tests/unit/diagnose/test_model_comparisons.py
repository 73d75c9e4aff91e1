"""Comparisons of served models of many services: within the limit, and each in its turn."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any, cast

import pytest

from nim_component.diagnose import model_comparisons
from nim_component.diagnose.explain import Explainer
from nim_component.diagnose.model_comparisons import ModelComparisons
from nim_component.diagnose.snapshot import Snapshot
from nim_component.diagnose.watch import COMPARISONS_PER_NAMESPACE, READS_PER_NAMESPACE, REQUESTS_PER_NAMESPACE

from .fake_client import FakeClient
from .kubernetes_objects import deployment, running, service, snapshot

NAMES = [f"s{index}" for index in range(6)]
TEMPLATE = {"spec": {"containers": [{"name": "nim", "env": [{"name": "NIM_SERVED_MODEL_NAME", "value": "mine"}]}]}}


def ready(name: str, template: Any = TEMPLATE) -> Snapshot:
    """Return a ready service that requests one model by name."""
    return replace(snapshot(running(ready=True), deployments=[deployment(template=template)], services=[service()]), name=name)


class ListingClient(FakeClient):
    """Client of a cluster whose servers all list one model."""

    def __init__(self, **objects: Any) -> None:
        super().__init__(**objects)
        self.read: list[str] = []

    async def get(self, path: str, seconds: float = 10, **_: str) -> Any:
        if path != "/version":
            self.read.append(path.rpartition("http:")[2].partition(":")[0])
        return {"object": "list", "data": [{"id": "mine"}]}


class Budget:
    """Limit of reads that is filled again for each round."""

    left = 0

    def begin(self, reads: int) -> bool:
        """Use a number of reads."""
        if self.left < reads:
            return False
        self.left -= reads
        return True


@pytest.fixture(autouse=True)
def always_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every model list be too old at the next round."""
    monkeypatch.setattr(model_comparisons, "MAX_AGE", 0.0)


def run_rounds(comparisons: ModelComparisons, budget: Budget, rounds: int, snapshots: list[Snapshot], reads: int = 2) -> None:
    """Compare services in rounds with a number of reads each."""

    async def run() -> None:
        for _ in range(rounds):
            budget.left = reads
            for each in snapshots:
                await comparisons.read(each, None)
                await asyncio.sleep(0.002)

    asyncio.run(run())


def test_every_service_has_its_turn():
    client, budget = ListingClient(), Budget()
    comparisons = ModelComparisons(cast(Any, client), budget.begin, print)
    run_rounds(comparisons, budget, 3, [ready(name) for name in NAMES])
    assert sorted(client.read) == NAMES
    run_rounds(comparisons, budget, 3, [ready(name) for name in NAMES])
    assert Counter(client.read) == dict.fromkeys(NAMES, 2)


def test_service_that_no_longer_waits_blocks_no_other():
    """It is deleted, or it requests no model any more, while it waits for its turn."""
    client, budget = ListingClient(), Budget()
    comparisons = ModelComparisons(cast(Any, client), budget.begin, print)
    run_rounds(comparisons, budget, 1, [ready(name) for name in NAMES], reads=1)
    comparisons.keep({("ml", name) for name in NAMES[:3]})
    without_name = {"spec": {"containers": [{"name": "nim"}]}}
    remaining = [ready("s0"), ready("s1"), ready("s2", without_name)]
    run_rounds(comparisons, budget, 4, remaining, reads=1)
    assert Counter(client.read) == {"s0": 3, "s1": 2}


def test_service_that_was_not_ready_is_read_first():
    client, budget = ListingClient(), Budget()
    comparisons = ModelComparisons(cast(Any, client), budget.begin, print)
    run_rounds(comparisons, budget, 1, [ready("s0"), ready("s1")])
    comparisons.forget(("ml", "s1"))
    run_rounds(comparisons, budget, 1, [ready("s1"), ready("s0")], reads=1)
    assert client.read == ["s0", "s1", "s1"]


def test_comparisons_of_many_services_leave_requests_for_watches():
    """40 services of a namespace are ready, and are followed."""
    labels = [{"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": f"s{index}"} for index in range(40)]

    def labelled(object_: Any, index: int) -> Any:
        metadata = {**object_["metadata"], "name": f"s{index}", "uid": f"s{index}", "labels": labels[index]}
        return {**object_, "metadata": metadata}

    client = ListingClient(
        deployments=[labelled(deployment(template=TEMPLATE), index) for index in range(40)],
        pods=[labelled(running(ready=True), index) for index in range(40)],
        services=[labelled(service(), index) for index in range(40)],
    )

    async def run() -> None:
        explainer = Explainer(cast(Any, client))
        found = 0
        try:
            async with asyncio.timeout(3):
                async for changed in explainer.follow(["ml"]):
                    found += len(changed)
        except TimeoutError:
            assert found == 40
        finally:
            await explainer.close()

    asyncio.run(run())
    assert len(client.read) == len(set(client.read)) == COMPARISONS_PER_NAMESPACE < READS_PER_NAMESPACE
    assert len(client.lists) + len(client.watches) + len(client.read) <= REQUESTS_PER_NAMESPACE
