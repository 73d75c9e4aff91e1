"""A LeaderWorkerSet through the real engine. Its controller does not run here: the tests say what it would say."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.client import Client, Object, wait_until
from tests.cluster.fixtures import crds
from tests.cluster.nodes import GPU, node
from tests.cluster.objects import pods_of

from .project import Project
from .resources import of, there

__all__ = ["crds"]

OLD, NEW = "nvcr.io/nim/deepseek-ai/deepseek-r1:2.1.5", "nvcr.io/nim/deepseek-ai/deepseek-r1:2.1.6"
UP = ("up", "--yes", "--skip-preview")
VERSION, KIND, NAME = "leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "llama-group"


@pytest.fixture
def made(crds: None, on_cluster: Callable[..., Project]) -> Project:
    """A server over two nodes."""
    return on_cluster(llama={"image": OLD, "gpu": 8, "multi_node": {"nodes": 2}, "cache": {"access_mode": "ReadWriteMany"}})


class Controller:
    """What it does, by hand."""

    def __init__(self, cluster: Client, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace

    def find(self) -> Any:
        return self.cluster.find(VERSION, KIND, NAME, self.namespace)

    def seen(self, generation: int) -> Object:
        """The set, as soon as it is of that generation."""
        return wait_until(f"generation {generation}", lambda: (it := self.find()) and it["metadata"]["generation"] == generation and it)

    def say(self, available: bool) -> None:
        """The status of the newest generation."""
        generation = self.find()["metadata"]["generation"]
        condition = {"type": "Available", "status": str(available), "reason": "AllGroupsReady", "message": ""}
        condition |= {"lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": generation}
        status = {"observedGeneration": generation, "replicas": 1, "readyReplicas": int(available), "conditions": [condition]}
        resource = self.cluster.kind(VERSION, KIND)
        resource.status.patch(name=NAME, namespace=self.namespace, body={"status": status}, content_type="application/merge-patch+json")

    def start_pods(self) -> None:
        """A leader and its worker."""
        for index, pod in enumerate(pods_of(self.find())):
            pod["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/worker-index"] = str(index)
            self.cluster.create(pod)


@pytest.fixture
def controller(cluster: Client, namespace: str) -> Controller:
    return Controller(cluster, namespace)


def test_up_waits_until_the_groups_of_this_generation_are_there(made: Project, controller: Controller, nodes):
    nodes([node("gpu-0", {GPU: 8}), node("gpu-1", {GPU: 8})])
    process = made.start(*UP)
    controller.seen(1)
    controller.start_pods()
    controller.say(available=False)
    assert still_runs(process)
    controller.say(available=True)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert made.preview() == {"same": 5}

    made.change("llama", image=NEW)
    process = made.start(*UP)
    controller.seen(2)  # and its status says still that the groups of the first are there
    assert still_runs(process)
    controller.say(available=True)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert made.preview() == {"same": 5}


def still_runs(process: Any, seconds: float = 3) -> bool:
    with pytest.raises(Exception, match="timed out"):
        process.wait(timeout=seconds)
    return process.poll() is None


def test_another_number_of_nodes_is_another_set(made: Project, controller: Controller, cluster: Client, namespace: str, nodes):
    nodes([node(f"gpu-{n}", {GPU: 8}) for n in range(3)])
    at_once = {"metadata": {"annotations": {"pulumi.com/skipAwait": "true"}}}  # nobody would say that it is there
    made.change("llama", overrides={"group": at_once, "service": at_once})
    made.up()
    first = controller.find()["metadata"]["uid"]
    made.change("llama", multi_node={"nodes": 3})
    assert made.preview()["replace"] == 1
    steps = of("llama-group", made.up())
    assert [each for each in steps if each != "replace"] == ["delete-replaced", "create-replacement"]
    second = controller.find()
    assert second["metadata"]["uid"] != first
    assert second["spec"]["leaderWorkerTemplate"]["size"] == 3
    assert {kind for kind, _ in there(cluster, namespace)} >= {KIND, "Service", "PersistentVolumeClaim"}
    made.stack.destroy()
    wait_until("an empty namespace", lambda: not there(cluster, namespace))
