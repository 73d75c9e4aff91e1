"""`diagnosis.fail_fast`: the wait ends early, and one `up` without flags goes on or back."""

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.client import Client, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.fixtures import cluster, control_plane, crds, make_namespace, namespace, nodes
from tests.cluster.mistakes import MISTAKES, SERVICE, create_secrets
from tests.cluster.nodes import EIGHT_GPUS, GPU, ONE_GPU, node
from tests.cluster.waiting import images

from .project import ROOT, Project
from .resources import live_deployment, objects_in
from .test_job_progress import JOBS, annotate_pods
from .test_multi_node import Controller
from .test_progress import Stack, run_failing, run_successful, stack

__all__ = ["cluster", "control_plane", "crds", "make_namespace", "namespace", "nodes", "stack"]

GRACE = 10
FAST: dict[str, Any] = SERVICE | {"diagnosis": {"fail_fast": GRACE}, "startup_timeout": 600}
"""A service whose time-out is far above the duration of a test."""
NO_KEY = MISTAKES["secret key"].wrong
UNREAD_KEY = FAST | NO_KEY | {"secrets": {**NO_KEY["secrets"], "verify": False}}
ENDED = "The wait ended early: the cause lasted for 10 s, and time alone does not remove it (diagnosis.fail_fast)."


def fail_early(stack: Stack, cause: str) -> str:
    """Run an `up` that ends early with a cause, and return its diagnostics."""
    started = time.monotonic()
    diagnostics = run_failing(stack)
    assert time.monotonic() - started < GRACE + 60
    error = diagnostics.partition("error: llama: not ready after ")[2]
    for text in (
        cause,
        ENDED,
        "to continue: apply the fix, then `pulumi up --stack dev`",
        "to go back: restore the previous arguments, then `pulumi up --stack dev`",
    ):
        assert text in error
    assert "is not ready, and time alone does not change that" in diagnostics
    return diagnostics


def kept(cluster: Client, namespace: str) -> set[tuple[str, str]]:
    """Return the objects without those of controllers."""
    return {each for each in objects_in(cluster, namespace) if each[0] not in ("Pod", "ReplicaSet", "EndpointSlice")}


def test_missing_key_ends_early_then_fix_works(stack: Stack, cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    create_secrets(cluster, namespace)
    stack.set_service(**UNREAD_KEY)
    fail_early(stack, "The Secret ngc has no key NGC_API_KEY.")
    stack.set_service(**FAST)
    run_successful(stack)
    assert live_deployment(cluster, namespace)["status"]["readyReplicas"] == 1


def test_bad_image_ends_early_then_revert_works(stack: Stack, cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    create_secrets(cluster, namespace)
    stack.set_service(**FAST)
    run_successful(stack)
    before, objects = live_deployment(cluster, namespace), kept(cluster, namespace)

    stack.set_service(**FAST | MISTAKES["image"].wrong)
    fail_early(stack, MISTAKES["image"].cause)
    stack.set_service(**FAST)
    run_successful(stack)
    after = live_deployment(cluster, namespace)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"] == before["spec"]
    assert kept(cluster, namespace) == objects
    assert images(cluster, namespace) == {SERVICE["image"]}
    code, output = stack.run("preview", "--expect-no-changes")
    assert code == 0, output


def test_larger_node_helps_without_change_of_program(stack: Stack, cluster: Client, namespace: str, nodes):
    """The Deployment is unchanged, so the comparison at the end of the update waits for it."""
    nodes(ONE_GPU)
    create_secrets(cluster, namespace)
    stack.set_service(**FAST | {"gpu": 16, "pod_annotations": {"cluster-tests/ready-after": "30s"}})
    fail_early(stack, "The pod requests 16 nvidia.com/gpu, but the largest node has 1.")
    fail_early(stack, "The pod requests 16 nvidia.com/gpu, but the largest node has 1.")  # also without a change
    nodes([node("gpu-16", {GPU: 16})])
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code == 0, output
    assert "llama: ready after " in output
    assert live_deployment(cluster, namespace)["status"]["readyReplicas"] == 1


@pytest.mark.parametrize("target", ["warm", "lora-job"])
def test_job_ends_early_then_fix_works(stack: Stack, cluster: Client, namespace: str, nodes, target: str):
    fields, title = JOBS[target]
    nodes(ONE_GPU)
    create_secrets(cluster, namespace)
    missing = {"waits": "CreateContainerConfigError", "message": 'secret "other" not found'}
    stack.set_service(**FAST | fields | annotate_pods(target, **missing))
    diagnostics = run_failing(stack)
    error = diagnostics.partition(f"error: {title}: not done after ")[2]
    for text in ("The Secret other does not exist.", ENDED, "[DeadlineExceeded]"):
        assert text in error + diagnostics
    assert "exceeded its deadline" not in error
    stack.set_service(**FAST | fields | annotate_pods(target, complete_after="1s"))
    run_successful(stack)
    assert len([each for each in objects_in(cluster, namespace) if each[0] == "Job"]) == 1


def test_failed_job_is_replaced_without_change(stack: Stack, cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    create_secrets(cluster, namespace)
    fields, title = JOBS["warm"]
    broken = annotate_pods("warm", waits="InvalidImageName", message="couldn't parse image name")
    stack.set_service(**FAST | fields | broken)
    diagnostics = run_failing(stack)
    assert ENDED in diagnostics.partition(f"error: {title}: not done after ")[2]
    (job,) = cluster.list("batch/v1", "Job", namespace)
    run_failing(stack)
    (replaced,) = cluster.list("batch/v1", "Job", namespace)
    assert replaced["metadata"]["uid"] != job["metadata"]["uid"]
    assert replaced["metadata"]["name"] == job["metadata"]["name"]


def test_temporary_cause_keeps_waiting(stack: Stack, cluster: Client, namespace: str, nodes):
    """A rate limit lasts for twice the grace time, and then the pod becomes ready."""
    nodes(ONE_GPU)
    create_secrets(cluster, namespace)
    limited = {"cluster-tests/waits": "ErrImagePull", "cluster-tests/message": "rpc error: 429 toomanyrequests: manifest unknown"}
    stack.set_service(**FAST, pod_annotations=limited)
    process = stack.start("up", "--yes", "--skip-preview")
    wait_until("the pod", lambda: cluster.list("v1", "Pod", namespace), 60)
    time.sleep(2 * GRACE)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    print(output)
    assert ENDED not in output
    diagnostics = output.partition("Diagnostics:")[2]
    assert "Traceback" not in diagnostics
    assert "The registry limits how often" in diagnostics.partition("error: llama: not ready after ")[2]
    assert "the Deployment llama is not ready: the update was interrupted" in diagnostics


def test_interrupted_wait_needs_no_refresh(stack: Stack, cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    create_secrets(cluster, namespace)
    stack.set_service(**FAST)
    run_successful(stack)
    before = live_deployment(cluster, namespace)
    slow = {"cluster-tests/ready-after": "600s"}
    stack.set_service(**FAST, pod_annotations=slow)
    process = stack.start("up", "--yes", "--skip-preview")
    wait_until("the update", lambda: live_deployment(cluster, namespace)["metadata"]["generation"] > before["metadata"]["generation"], 60)
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    stack.set_service(**FAST)
    run_successful(stack)
    assert live_deployment(cluster, namespace)["spec"] == before["spec"]


def test_other_service_is_waited_for_until_ready(
    project: Callable[..., Project], control_plane: ControlPlane, cluster: Client, namespace: str, nodes
):
    nodes(EIGHT_GPUS)
    fast = {"namespace": namespace, "secrets": {"without_key": True}, "cache": {"empty_dir": True}, "diagnosis": {"fail_fast": GRACE}}
    slow = {"pod_annotations": {"cluster-tests/ready-after": "30s"}}
    services = {"broken": MISTAKES["image"].wrong, "slow": slow}
    made = project(ROOT, "dev", {"nim:defaults": fast, "nim:services": services}, str(control_plane.kubeconfig))
    code, output = made.run("up", "--yes", "--skip-preview")
    assert code != 0
    print(output)
    diagnostics = output.partition("Diagnostics:")[2]
    assert ENDED in diagnostics.partition("error: broken: not ready after ")[2]
    assert "error: slow" not in output
    assert "slow: ready after 3" in output
    assert live_deployment(cluster, namespace, "slow")["status"]["readyReplicas"] == 1

    made.change("broken", image=SERVICE["image"], pod_annotations={})
    code, output = made.run("up", "--yes", "--skip-preview")
    assert code == 0, output
    assert made.preview().keys() == {"same"}


def test_node_groups_end_early_then_fix_works(crds: None, stack: Stack, cluster: Client, namespace: str, nodes):
    """The controller does not run here, so the test creates the pods."""
    nodes([node("gpu-0", {GPU: 4})])
    multi_node = {"multi_node": {"nodes": 2}, "cache": {"access_mode": "ReadWriteMany"}, "diagnosis": {"fail_fast": GRACE}}
    stack.set_service(**multi_node, gpu=8)
    process = stack.start("up", "--yes", "--skip-preview")
    controller = Controller(cluster, namespace)
    controller.wait_for_generation(1)
    controller.set_status(available=False)
    controller.start_pods()
    output, _ = process.communicate(timeout=120)
    print(output)
    assert process.returncode != 0
    diagnostics = output.partition("Diagnostics:")[2]
    assert ENDED in diagnostics.partition("error: llama: not ready after ")[2]
    assert "the LeaderWorkerSet llama-group is not ready, and time alone does not change that" in diagnostics

    stack.set_service(**multi_node, gpu=4)
    process = stack.start("up", "--yes", "--skip-preview")
    controller.wait_for_generation(2)
    controller.set_status(available=True)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
