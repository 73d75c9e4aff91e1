"""The story inside a real `pulumi up`, on the control plane of `tests/cluster`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.client import Client, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.fixtures import cluster, control_plane, make_namespace, namespace, nodes
from tests.cluster.mistakes import KEY, MISTAKES, SERVICE, make_secrets
from tests.cluster.nodes import NO_GPU, ONE_GPU

from .conftest import ROOT

__all__ = ["cluster", "control_plane", "make_namespace", "namespace", "nodes"]

PROGRAM = """
import pulumi
from nim_component import NIM, NIMService
from nim_component.manifests import timing
timing.PULL_ALLOWANCE = timing.MARGIN = 5  # a time-out is waited for: 40 s in place of a quarter of an hour
config = pulumi.Config("nim")
NIMService("llama", NIM(**config.require_object("service")))
"""


class Stack:
    """A program with one service `llama`, and what its commands say."""

    def __init__(self, folder: Path, namespace: str, kubeconfig: str) -> None:
        self.folder, self.namespace = folder, namespace
        (folder / "state").mkdir()
        runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "nim", "runtime": runtime}))
        (folder / "__main__.py").write_text(PROGRAM)
        self.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONPATH": str(ROOT),
            "KUBECONFIG": kubeconfig,
        }
        self.run("stack", "init", "dev")

    def serve(self, **fields: Any) -> None:
        """What the program is to deploy. The budget is the shortest there is, so that a failure does not take half an hour."""
        without_key = {"secrets": {"without_key": True}, "cache": {"empty_dir": True}}
        service = {**without_key, "namespace": self.namespace, "startup_timeout": 30, **fields}
        (self.folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"nim:service": service}}))

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """A command of the CLI, in a process group of its own."""
        return subprocess.Popen(
            ["pulumi", *command, "--non-interactive", "--color=never"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str) -> tuple[int, str]:
        """A command of the CLI: its exit code, and all that a person would read."""
        process = self.start(*command)
        output, _ = process.communicate(timeout=300)
        print(output)
        return process.returncode, output


@pytest.fixture
def stack(tmp_path: Path, control_plane: ControlPlane, namespace: str) -> Iterator[Stack]:
    made = Stack(tmp_path, namespace, str(control_plane.kubeconfig))
    yield made
    made.run("stack", "rm", "dev", "--yes", "--force")


def test_a_successful_up_tells_its_phases_and_ends_short(stack: Stack, nodes):
    nodes(ONE_GPU)
    stack.serve(pod_annotations={"cluster-tests/ready-after": "5s"})
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code == 0, output
    assert "llama: scheduled on gpu-0, waiting for its volumes" in output
    assert "llama: ready after " in output
    assert "llama: " not in output.partition("Diagnostics:")[2]


def test_a_failing_up_warns_early_and_diagnoses_beside_the_engines_error(stack: Stack, nodes):
    nodes(ONE_GPU)
    stack.serve(gpu=2)
    process = stack.start("up", "--yes", "--skip-preview")
    lines: list[tuple[float, str]] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append((time.monotonic(), line))
    assert process.wait() != 0
    output = "".join(line for _, line in lines)
    print(output)
    created = next(at for at, line in lines if "Resource has condition Available=False" in line)
    warned = next(at for at, line in lines if "warning: llama: The pod wants 2 nvidia.com/gpu, and the largest node has 1." in line)
    assert warned - created < 10
    diagnostics = output.partition("Diagnostics:")[2]
    assert "error: llama: not ready after " in diagnostics
    assert "waiting for a node." in diagnostics
    assert "fix: Set gpu to at most 1, or add a node with 2 GPUs" in diagnostics
    assert "timed out waiting for the condition" in diagnostics

    stack.serve(gpu=1)
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code == 0, output


def fail(stack: Stack) -> str:
    """An `up` that fails: what stands at its end. No key stands anywhere."""
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code != 0
    assert KEY not in output
    diagnostics = output.partition("Diagnostics:")[2]
    assert diagnostics
    return diagnostics


def succeed(stack: Stack) -> None:
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code == 0, output


@pytest.mark.parametrize("mistake", ["image", "GPU count", "claim"])
def test_a_mistake_is_told_with_a_cure_that_works(stack: Stack, cluster: Client, namespace: str, nodes, mistake: str):
    wrong, right, cause, fix = MISTAKES[mistake]
    nodes(ONE_GPU)
    make_secrets(cluster, namespace)
    stack.serve(**SERVICE)
    succeed(stack)

    stack.serve(**SERVICE | wrong)
    diagnostics = fail(stack)
    warning, _, error = diagnostics.partition("error: llama: not ready after ")
    for told in (warning, error):
        assert cause in told
        assert f"fix: {fix}" in told
    assert "timed out waiting for the condition" in diagnostics
    assert "kubectl" not in diagnostics

    stack.serve(**SERVICE | right)
    succeed(stack)


def test_a_wrong_key_is_told_before_anything_is_changed_and_where_secrets_are_not_read_with_the_pod(
    stack: Stack, cluster: Client, namespace: str, nodes
):
    wrong, right, cause, fix = MISTAKES["secret key"]
    unread = {"secrets": {**wrong["secrets"], "verify": False}}
    nodes(ONE_GPU)
    make_secrets(cluster, namespace)
    stack.serve(**SERVICE | wrong)
    assert f"Secret {namespace}/ngc has no key 'NGC_API_KEY'; its keys are: api-key" in fail(stack)
    assert cluster.find("apps/v1", "Deployment", "llama", namespace) is None

    stack.serve(**SERVICE | wrong | unread)
    error = fail(stack).partition("error: llama: not ready after ")[2]
    assert cause in error
    assert f"fix: {fix.partition(' (it has')[0]}" in error  # which keys it has is not looked at

    stack.serve(**SERVICE | right)
    succeed(stack)


def test_an_update_that_crashes_ends_with_the_last_words_of_the_pod(stack: Stack, nodes):
    nodes(ONE_GPU)
    stack.serve()
    succeed(stack)
    says = "CUDA error: no kernel image is available"
    stack.serve(pod_annotations={"cluster-tests/ends": "1", "cluster-tests/reason": "Error", "cluster-tests/says": says})
    diagnostics = fail(stack)
    assert f"evidence: {says}" in diagnostics.partition("error: llama: not ready after ")[2]


def test_a_preview_says_nothing(stack: Stack, nodes):
    nodes(NO_GPU)
    stack.serve()
    code, output = stack.run("preview")
    assert code == 0, output
    assert "llama:" not in output


@pytest.mark.parametrize("kubeconfig", ["/nowhere", None], ids=["unusable", "off"])
def test_it_is_silent_where_it_cannot_or_may_not_read(stack: Stack, nodes, kubeconfig: str | None):
    nodes(ONE_GPU)
    stack.serve(diagnosis={"enabled": False} if kubeconfig is None else {"kubeconfig": kubeconfig})
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code == 0, output
    assert "llama: " not in output


def test_an_interrupted_up_says_why_it_was_waiting(stack: Stack, cluster: Client, namespace: str, nodes):
    nodes(NO_GPU)
    stack.serve()
    process = stack.start("up", "--yes", "--skip-preview")
    find: Callable[[], Any] = lambda: cluster.find("apps/v1", "Deployment", "llama", namespace)  # noqa: E731
    wait_until("the Deployment", find, 60)
    time.sleep(6)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    print(output)
    assert "Traceback" not in output
    diagnostics = output.partition("Diagnostics:")[2]
    assert "No node offers nvidia.com/gpu" in diagnostics.partition("error: llama: not ready after ")[2]
    # The engine's own error, and not that its hooks were gone.
    assert "context canceled" in diagnostics
    assert "hook" not in output
