"""An `up` that was ended while it waited, and how the next one goes on: docs/troubleshooting.md."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.cluster.client import Client, wait_until
from tests.cluster.nodes import GPU as GPU_RESOURCE
from tests.cluster.nodes import NO_GPU, ONE_GPU, node
from tests.cluster.waiting import images, wait_for_unschedulable

from .project import Project
from .resources import live_deployment, of, there

OLD, NEW = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0", "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"
UPSERT = {"PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true"}


@pytest.fixture
def waiting(cluster: Client, namespace: str):
    """Starts an `up` that waits for a GPU which is not there; what is left of it ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(made: Project) -> "subprocess.Popen[str]":
        started.append(made.start("up", "--yes", "--skip-preview"))
        wait_for_unschedulable(cluster, namespace)
        wait_until("the Service", lambda: cluster.find("v1", "Service", "llama", namespace))
        return started[-1]

    yield start
    for each in started:
        kill_everything(each)


def kill_everything(process: "subprocess.Popen[str]") -> None:
    """As when the machine goes: the CLI and what it has started, which are process groups of their own in one session."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,sess="], capture_output=True, text=True, check=True).stdout.splitlines()
    for pid in [int(pid) for pid, session in map(str.split, listed) if session == str(process.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def end(process: "subprocess.Popen[str]", kind: signal.Signals) -> None:
    """Ends the CLI: as Ctrl-C and a runner's stop do, or all that it has started with it."""
    if kind is signal.SIGKILL:
        kill_everything(process)
    else:
        os.killpg(process.pid, kind)
    process.communicate(timeout=60)
    assert process.returncode != 0


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_the_next_up_finishes_what_was_told_to_stop(
    kind: signal.Signals, on_cluster: Callable[..., Project], waiting, cluster: Client, namespace: str, nodes
):
    nodes(NO_GPU)
    made = on_cluster(llama={})
    end(waiting(made), kind)
    before = live_deployment(cluster, namespace)
    assert before["status"].get("readyReplicas", 0) == 0

    nodes(ONE_GPU)
    made.up()
    after = live_deployment(cluster, namespace)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["readyReplicas"] == 1
    assert made.preview() == {"same": 5}


def test_what_a_killed_up_has_left_is_taken_back(on_cluster: Callable[..., Project], waiting, cluster: Client, namespace: str, nodes):
    nodes(NO_GPU)
    made = on_cluster(llama={})
    end(waiting(made), signal.SIGKILL)
    before = live_deployment(cluster, namespace)

    nodes(ONE_GPU)
    code, output = made.run("up", "--yes", "--skip-preview")
    assert code != 0
    assert "the stack is currently locked by 1 lock(s)" in output
    assert made.run("cancel", "--yes")[0] == 0
    code, output = made.run("up", "--yes", "--skip-preview")
    assert code != 0
    assert "already exists" in output

    code, output = made.run("up", "--yes", "--skip-preview", **UPSERT)
    assert code == 0, output
    after = live_deployment(cluster, namespace)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["readyReplicas"] == 1
    assert made.preview() == {"same": 5}
    made.stack.destroy()
    wait_until("an empty namespace", lambda: not there(cluster, namespace))


def test_what_a_killed_up_has_left_gives_way_to_another_program(
    on_cluster: Callable[..., Project], waiting, cluster: Client, namespace: str, nodes
):
    nodes(NO_GPU)
    made = on_cluster(llama={"image": OLD})
    end(waiting(made), signal.SIGKILL)
    assert made.run("cancel", "--yes")[0] == 0

    nodes(ONE_GPU)
    made.change("llama", image=NEW, port=9000)
    code, output = made.run("up", "--yes", "--skip-preview", **UPSERT)
    assert code != 0
    assert 'spec.ports[1].name: Duplicate value: "http"' in output  # what is left has its own fields still

    for version, kind in (("apps/v1", "Deployment"), ("v1", "Service")):
        cluster.delete(version, kind, "llama", namespace)
    made.up()
    assert images(cluster, namespace) == {NEW}
    assert made.preview() == {"same": 5}
    made.stack.destroy()
    wait_until("an empty namespace", lambda: not there(cluster, namespace))


def test_a_killed_update_is_finished_by_the_next_up(on_cluster: Callable[..., Project], waiting, cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = on_cluster(llama={"image": OLD})
    made.up()
    before = live_deployment(cluster, namespace)

    made.change("llama", image=NEW, gpu=2)
    end(waiting(made), signal.SIGKILL)
    assert made.run("cancel", "--yes")[0] == 0
    nodes([node("gpu-1", {GPU_RESOURCE: 2})])
    assert of("llama-deployment", made.up()) == ["update"]
    assert live_deployment(cluster, namespace)["metadata"]["uid"] == before["metadata"]["uid"]
    assert images(cluster, namespace) == {NEW}
    assert made.preview() == {"same": 5}
