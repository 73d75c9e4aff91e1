"""Interrupted and killed runs of `up`, and their recovery by docs/troubleshooting.md."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.cluster.client import Client, wait_until
from tests.cluster.nodes import GPU as GPU_RESOURCE
from tests.cluster.nodes import NO_GPU, ONE_GPU, node
from tests.cluster.waiting import images, wait_for_unschedulable

from .project import Project
from .resources import live_deployment, objects_in, operations_on

OLD, NEW = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0", "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"
UPSERT = {"PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true"}


@pytest.fixture
def waiting(cluster: Client, namespace: str):
    """Return a function that starts an `up` which waits for a missing GPU.

    It is killed after the test.
    """
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
    """Kill the CLI and all its processes, like a lost machine.

    They are process groups of one session.
    """
    listed = subprocess.run(["ps", "-e", "-o", "pid=,sess="], capture_output=True, text=True, check=True).stdout.splitlines()
    for pid in [int(pid) for pid, session in map(str.split, listed) if session == str(process.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def end(process: "subprocess.Popen[str]", kind: signal.Signals) -> None:
    """Send a signal to the CLI, like Ctrl-C or a CI runner; SIGKILL goes to all its processes."""
    if kind is signal.SIGKILL:
        kill_everything(process)
    else:
        os.killpg(process.pid, kind)
    process.communicate(timeout=60)
    assert process.returncode != 0


def interrupt(process: "subprocess.Popen[str]") -> str:
    """Send SIGINT to the CLI, and return its output."""
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    return output


def check(made: Project) -> str:
    """Return the output of `nim-component check`, which finds a problem."""
    command = [sys.executable, "-m", "nim_component", "check", "--stack", made.stack.name, "--cwd", str(made.folder)]
    run = subprocess.run(command, env={**os.environ, **made.environment, "COLUMNS": "500"}, capture_output=True, text=True, check=False)
    assert run.returncode == 3, run.stdout + run.stderr
    return run.stdout


def test_revert_after_interrupted_update_is_no_success(on_cluster: Callable[..., Project], waiting, cluster: Client, namespace: str, nodes):
    """The state has the old spec, so Pulumi reports "unchanged" over the broken Deployment."""
    nodes(ONE_GPU)
    made = on_cluster(llama={})
    made.up()
    made.change("llama", gpu=16)
    printed = interrupt(waiting(made))
    assert "to continue: `pulumi up --stack dev`" in printed
    assert "to go back: restore the previous arguments, then `pulumi up --refresh --stack dev`" in printed

    made.change("llama", gpu=1)
    assert 'limits["nvidia.com/gpu"] is "16" in the cluster, "1" in the state' in check(made)
    code, output = made.run("up", "--yes")
    assert code != 0, output
    assert 'limits["nvidia.com/gpu"] is "16" in the cluster, "1" in the program' in output
    assert "The Deployment is not available: 0 of 1 pods are available." in output
    assert "The pod requests 16 nvidia.com/gpu, but the largest node has 1." in output
    assert "fix: Apply the program to the live objects: `pulumi up --refresh --stack dev`." in output

    code, output = made.run("up", "--yes", "--refresh")
    assert code == 0, output
    assert live_deployment(cluster, namespace)["status"]["readyReplicas"] == 1
    code, output = made.run("up", "--yes")
    assert code == 0, output
    assert "differs from the program" not in output
    assert "not compared with the program" not in output


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_next_up_completes_after_interrupt(
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


def test_objects_of_killed_up_are_adopted(on_cluster: Callable[..., Project], waiting, cluster: Client, namespace: str, nodes):
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
    wait_until("an empty namespace", lambda: not objects_in(cluster, namespace))


def test_objects_of_killed_up_block_changed_arguments(on_cluster: Callable[..., Project], waiting, cluster: Client, namespace: str, nodes):
    nodes(NO_GPU)
    made = on_cluster(llama={"image": OLD})
    end(waiting(made), signal.SIGKILL)
    assert made.run("cancel", "--yes")[0] == 0

    nodes(ONE_GPU)
    made.change("llama", image=NEW, port=9000)
    code, output = made.run("up", "--yes", "--skip-preview", **UPSERT)
    assert code != 0
    assert "Apply failed with" in output  # the existing object still has the fields of its own field manager

    cluster.delete("apps/v1", "Deployment", "llama", namespace)  # the object that the error names
    made.up()
    assert images(cluster, namespace) == {NEW}
    assert made.preview() == {"same": 5}
    made.stack.destroy()
    wait_until("an empty namespace", lambda: not objects_in(cluster, namespace))


def test_next_up_completes_killed_update(on_cluster: Callable[..., Project], waiting, cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = on_cluster(llama={"image": OLD})
    made.up()
    before = live_deployment(cluster, namespace)

    made.change("llama", image=NEW, gpu=2)
    end(waiting(made), signal.SIGKILL)
    assert made.run("cancel", "--yes")[0] == 0
    nodes([node("gpu-1", {GPU_RESOURCE: 2})])
    assert operations_on("llama-deployment", made.up()) == ["update"]
    assert live_deployment(cluster, namespace)["metadata"]["uid"] == before["metadata"]["uid"]
    assert images(cluster, namespace) == {NEW}
    assert made.preview() == {"same": 5}
