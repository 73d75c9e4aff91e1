"""LeaderWorkerSets on the real engine.

Their controller does not run here: the tests set its status.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.client import Client, Object, wait_until
from tests.cluster.fixtures import crds
from tests.cluster.nodes import GPU, node
from tests.cluster.objects import pods_of

from .project import Project
from .resources import objects_in, operations_on

__all__ = ["crds"]

OLD, NEW = "nvcr.io/nim/deepseek-ai/deepseek-r1:2.1.5", "nvcr.io/nim/deepseek-ai/deepseek-r1:2.1.6"
UP = ("up", "--yes", "--skip-preview")
VERSION, KIND, NAME = "leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "llama-group"


@pytest.fixture
def made(crds: None, on_cluster: Callable[..., Project]) -> Project:
    """Return a project with a service on two nodes."""
    return on_cluster(llama={"image": OLD, "gpu": 8, "multi_node": {"nodes": 2}, "cache": {"access_mode": "ReadWriteMany"}})


class Controller:
    """The work of the LeaderWorkerSet controller."""

    def __init__(self, cluster: Client, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace

    def find(self) -> Any:
        return self.cluster.find(VERSION, KIND, NAME, self.namespace)

    def wait_for_generation(self, generation: int) -> Object:
        """Wait until the LeaderWorkerSet has a generation, and return it."""
        return wait_until(
            f"generation {generation}", lambda: (found := self.find()) and found["metadata"]["generation"] == generation and found
        )

    def set_status(self, available: bool) -> None:
        """Set the status of the current generation."""
        generation = self.find()["metadata"]["generation"]
        condition = {"type": "Available", "status": str(available), "reason": "AllGroupsReady", "message": ""}
        condition |= {"lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": generation}
        status = {"observedGeneration": generation, "replicas": 1, "updatedReplicas": 1, "readyReplicas": int(available)}
        status |= {"conditions": [condition]}
        resource = self.cluster.kind(VERSION, KIND)
        resource.status.patch(name=NAME, namespace=self.namespace, body={"status": status}, content_type="application/merge-patch+json")

    def start_pods(self) -> None:
        """Create a leader and its worker."""
        for index, pod in enumerate(pods_of(self.find())):
            pod["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/worker-index"] = str(index)
            self.cluster.create(pod)


@pytest.fixture
def controller(cluster: Client, namespace: str) -> Controller:
    return Controller(cluster, namespace)


def test_up_waits_for_current_generation(made: Project, controller: Controller, nodes):
    nodes([node("gpu-0", {GPU: 8}), node("gpu-1", {GPU: 8})])
    process = made.start(*UP)
    controller.wait_for_generation(1)
    controller.start_pods()
    controller.set_status(available=False)
    assert is_still_running(process)
    controller.set_status(available=True)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert made.preview() == {"same": 5}

    made.change("llama", image=NEW)
    process = made.start(*UP)
    controller.wait_for_generation(2)  # the status is still that of the first generation
    assert is_still_running(process)
    controller.set_status(available=True)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert made.preview() == {"same": 5}


def is_still_running(process: Any, seconds: float = 3) -> bool:
    with pytest.raises(Exception, match="timed out"):
        process.wait(timeout=seconds)
    return process.poll() is None


def test_node_count_change_replaces_leader_worker_set(made: Project, controller: Controller, cluster: Client, namespace: str, nodes):
    nodes([node(f"gpu-{n}", {GPU: 8}) for n in range(3)])
    skip_await = {"metadata": {"annotations": {"pulumi.com/skipAwait": "true"}}}  # no controller sets the status
    made.change("llama", overrides={"group": skip_await, "service": skip_await})
    made.up()
    first = controller.find()["metadata"]["uid"]
    made.change("llama", multi_node={"nodes": 3})
    assert made.preview()["replace"] == 1
    steps = operations_on("llama-group", made.up())
    assert [each for each in steps if each != "replace"] == ["delete-replaced", "create-replacement"]
    second = controller.find()
    assert second["metadata"]["uid"] != first
    assert second["spec"]["leaderWorkerTemplate"]["size"] == 3
    assert {kind for kind, _ in objects_in(cluster, namespace)} >= {KIND, "Service", "PersistentVolumeClaim"}
    made.stack.destroy()
    wait_until("an empty namespace", lambda: not objects_in(cluster, namespace))
