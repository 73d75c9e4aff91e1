"""Progress report of a real `pulumi up` on the control plane of `tests/cluster`."""

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
from tests.cluster.mistakes import KEY, MISTAKES, SERVICE, create_secrets
from tests.cluster.nodes import NO_GPU, ONE_GPU

from .conftest import ROOT

__all__ = ["cluster", "control_plane", "make_namespace", "namespace", "nodes"]

PROGRAM = """
import pulumi
from nim_component import NIM, NIMService
from nim_component.manifests import timing
timing.PULL_ALLOWANCE = timing.MARGIN = 5  # a time-out of 40 s in place of 15 minutes
config = pulumi.Config("nim")
NIMService("llama", NIM(**config.require_object("service")))
"""


class Stack:
    """A program with one service `llama`, and the commands of the CLI on it."""

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

    def set_service(self, **fields: Any) -> None:
        """Set the arguments of the service.

        Its time-outs are the shortest, so that a failure does not take half an hour.
        """
        without_key = {"secrets": {"without_key": True}, "cache": {"empty_dir": True}}
        service = {**without_key, "namespace": self.namespace, "startup_timeout": 30, **fields}
        (self.folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"nim:service": service}}))

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a command of the CLI in its own process group."""
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
        """Run a command of the CLI, and return its exit code and output."""
        process = self.start(*command)
        output, _ = process.communicate(timeout=300)
        print(output)
        return process.returncode, output


@pytest.fixture
def stack(tmp_path: Path, control_plane: ControlPlane, namespace: str) -> Iterator[Stack]:
    created = Stack(tmp_path, namespace, str(control_plane.kubeconfig))
    yield created
    created.run("stack", "rm", "dev", "--yes", "--force")


def test_successful_up_reports_phases_without_diagnostics(stack: Stack, nodes):
    nodes(ONE_GPU)
    stack.set_service(pod_annotations={"cluster-tests/ready-after": "5s"})
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code == 0, output
    assert "llama: scheduled on gpu-0, waiting for its volumes" in output
    assert "llama: ready after " in output
    assert "llama: " not in output.partition("Diagnostics:")[2]


def test_failing_up_warns_early_and_diagnoses(stack: Stack, nodes):
    nodes(ONE_GPU)
    stack.set_service(gpu=2)
    process = stack.start("up", "--yes", "--skip-preview")
    lines: list[tuple[float, str]] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append((time.monotonic(), line))
    assert process.wait() != 0
    output = "".join(line for _, line in lines)
    print(output)
    created = next(at for at, line in lines if "$[?@.replicas==" in line)
    warned = next(at for at, line in lines if "warning: llama: The pod requests 2 nvidia.com/gpu, but the largest node has 1." in line)
    assert warned - created < 10
    diagnostics = output.partition("Diagnostics:")[2]
    assert "error: llama: not ready after " in diagnostics
    assert "waiting for a node." in diagnostics
    assert "fix: Set gpu to at most 1, or add a node with 2 GPUs" in diagnostics
    assert "timed out waiting for the condition" in diagnostics

    stack.set_service(gpu=1)
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code == 0, output


def run_failing(stack: Stack) -> str:
    """Run an `up` that fails, without any key in its output, and return its diagnostics."""
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code != 0
    assert KEY not in output
    diagnostics = output.partition("Diagnostics:")[2]
    assert diagnostics
    return diagnostics


def run_successful(stack: Stack) -> None:
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code == 0, output


@pytest.mark.parametrize("mistake", ["image", "GPU count", "StorageClass"])
def test_fix_of_mistake_works(stack: Stack, cluster: Client, namespace: str, nodes, mistake: str):
    wrong, right, cause, fix = MISTAKES[mistake]
    nodes(ONE_GPU)
    create_secrets(cluster, namespace)
    stack.set_service(**SERVICE)
    run_successful(stack)

    stack.set_service(**SERVICE | wrong)
    diagnostics = run_failing(stack)
    warning, _, error = diagnostics.partition("error: llama: not ready after ")
    for text in (warning, error):
        assert cause in text
        assert f"fix: {fix}" in text
    assert "timed out waiting for the condition" in diagnostics
    assert "kubectl" not in "\n".join(line for line in diagnostics.splitlines() if "  next: `kubectl -n " not in line)

    stack.set_service(**SERVICE | right)
    run_successful(stack)


def test_missing_secret_key_fails_preview(stack: Stack, cluster: Client, namespace: str, nodes):
    wrong, right, cause, fix = MISTAKES["secret key"]
    unread = {"secrets": {**wrong["secrets"], "verify": False}}
    nodes(ONE_GPU)
    create_secrets(cluster, namespace)
    stack.set_service(**SERVICE | wrong)
    assert f"Secret {namespace}/ngc has no key 'NGC_API_KEY'; its keys are: api-key" in run_failing(stack)
    assert cluster.find("apps/v1", "Deployment", "llama", namespace) is None

    stack.set_service(**SERVICE | wrong | unread)
    error = run_failing(stack).partition("error: llama: not ready after ")[2]
    assert cause in error
    assert f"fix: {fix.partition(' (it has')[0]}" in error  # the keys of the Secret are not read

    stack.set_service(**SERVICE | right)
    run_successful(stack)


def test_crash_message_is_the_evidence(stack: Stack, nodes):
    nodes(ONE_GPU)
    stack.set_service()
    run_successful(stack)
    message = "CUDA error: no kernel image is available"
    stack.set_service(pod_annotations={"cluster-tests/ends": "1", "cluster-tests/reason": "Error", "cluster-tests/message": message})
    diagnostics = run_failing(stack)
    assert f"evidence: {message}" in diagnostics.partition("error: llama: not ready after ")[2]


def test_preview_reports_only_the_longest_wait(stack: Stack, nodes):
    nodes(NO_GPU)
    stack.set_service()
    code, output = stack.run("preview")
    assert code == 0, output
    assert "llama:" not in output
    line = "`pulumi up` waits at most 1 min for llama (node and image 1 min + model 1 min, margin 1 min)."
    assert output.partition("Diagnostics:")[2].count(line) == 1


@pytest.mark.parametrize("kubeconfig", ["/nowhere", None], ids=["unusable", "off"])
def test_unusable_or_disabled_diagnosis_reports_nothing(stack: Stack, nodes, kubeconfig: str | None):
    nodes(ONE_GPU)
    stack.set_service(diagnosis={"enabled": False} if kubeconfig is None else {"kubeconfig": kubeconfig})
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code == 0, output
    assert "llama: " not in output


def test_interrupted_up_reports_its_cause(stack: Stack, cluster: Client, namespace: str, nodes):
    nodes(NO_GPU)
    stack.set_service()
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
    # The engine's own error, not that of a missing hook.
    assert "context canceled" in diagnostics
    assert "to go back: restore the previous arguments, then `pulumi up --refresh" in diagnostics
    assert "hook" not in output
