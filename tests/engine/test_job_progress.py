"""Progress report of Jobs and LeaderWorkerSets in a real `pulumi up`."""

from typing import Any

import pytest

from tests.cluster.client import Client
from tests.cluster.fixtures import cluster, control_plane, crds, make_namespace, namespace, nodes
from tests.cluster.nodes import GPU, ONE_GPU, node

from .test_multi_node import Controller
from .test_progress import Stack, run_failing, run_successful, stack

__all__ = ["cluster", "control_plane", "crds", "make_namespace", "namespace", "nodes", "stack"]

PREWARM = {"cache": {"prewarm": {"profiles": ["vllm-fp16-tp1-pp1"]}}}
ADAPTERS = {
    "hf_repo_ids": ["my-org/one", "my-org/two"],
    "lora_adapter_mem": "500Mi",
    "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"},
    "lora": {"volume": {}, "refresh_interval": 30},
}
JOBS = {"warm": (PREWARM, "llama (prewarm Job)"), "lora-job": (ADAPTERS, "llama (LoRA Job)")}


def annotate_pods(target: str, **annotations: str) -> dict[str, Any]:
    """Return overrides that annotate the pods of a Job, which is not retried."""
    pod_annotations = {f"cluster-tests/{key.replace('_', '-')}": each for key, each in annotations.items()}
    return {"overrides": {target: {"spec": {"backoffLimit": 0, "template": {"metadata": {"annotations": pod_annotations}}}}}}


@pytest.mark.parametrize("target", JOBS)
def test_job_is_reported_before_server(stack: Stack, nodes, target: str):
    fields, title = JOBS[target]
    nodes(ONE_GPU)
    slow = {"cluster-tests/ready-after": "5s"}
    stack.set_service(**fields, **annotate_pods(target, complete_after="5s"), pod_annotations=slow)
    code, output = stack.run("up", "--yes", "--skip-preview")
    assert code == 0, output
    running = {"warm": "downloading the model into the cache", "lora-job": "downloading 2 adapters"}[target]
    before, _, after = output.partition(f"{title}: {running}")
    assert "llama: " not in before
    assert f"{title}: done after " in after
    assert "llama: ready after " in after.partition(f"{title}: done after ")[2]
    assert "llama" not in output.partition("Diagnostics:")[2]


FAILING = {
    "warm": (
        "Error: 401 Unauthorized from api.ngc.nvidia.com",
        "1",
        "NGC refuses the API key for the model download",
        "Renew the key in the Secret of secrets.ngc_secret_key",
    ),
    "lora-job": (
        "adapter one (my-org/one@main): the repo is gated (403): accept its terms",
        "12",
        "The adapter's repository is gated",
        "Accept its terms on its page",
    ),
}


@pytest.mark.parametrize("target", JOBS)
def test_failed_job_is_diagnosed(stack: Stack, cluster: Client, namespace: str, nodes, target: str):
    fields, title = JOBS[target]
    message, code, cause, fix = FAILING[target]
    nodes(ONE_GPU)
    stack.set_service(**fields, **annotate_pods(target, fails=code, message=message))
    error = run_failing(stack).partition(f"error: {title}: not done after ")[2]
    assert cause in error
    assert f"fix: {fix}" in error
    assert cluster.find("apps/v1", "Deployment", "llama", namespace) is None  # the Deployment waits for the Job

    stack.set_service(**fields, **annotate_pods(target, complete_after="1s"))
    run_successful(stack)


def test_unschedulable_leader_worker_set_is_diagnosed(crds: None, stack: Stack, cluster: Client, namespace: str, nodes):
    """The controller does not run here, so the test creates the pods."""
    nodes([node("gpu-0", {GPU: 8})])
    multi_node = {"gpu": 8, "multi_node": {"nodes": 2}, "cache": {"access_mode": "ReadWriteMany"}}
    stack.set_service(**multi_node)
    process = stack.start("up", "--yes", "--skip-preview")
    controller = Controller(cluster, namespace)
    controller.wait_for_generation(1)
    controller.set_status(available=False)
    controller.start_pods()
    output, _ = process.communicate(timeout=300)
    print(output)
    assert process.returncode != 0
    diagnostics = output.partition("Diagnostics:")[2]
    warning, _, error = diagnostics.partition("error: llama: not ready after ")
    for text in (warning, error):
        assert f"No node has 8 free {GPU}: 0 of 8 are free" in text
