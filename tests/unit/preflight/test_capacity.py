"""Checks of free GPUs and quotas, with running pods of the stack and of others."""

from dataclasses import replace
from typing import Any

import pytest

from nim_component import CacheArgs, MultiNodeArgs
from nim_component.preflight import StackState, run_checks
from nim_component.preflight.requirements import StackRequirements

from ..diagnose.kubernetes_objects import GPU, node
from .clusters import facts, gpu_user, problems, requirements_of

MULTI_NODE = {"gpu": 8, "multi_node": MultiNodeArgs(nodes=2), "cache": CacheArgs(access_mode="ReadWriteMany")}
RWX_VOLUME = {"spec": {"storageClassName": "fast", "accessModes": ["ReadWriteMany"]}}


def quota(name: str, hard: str, used: str) -> dict[str, Any]:
    return {"metadata": {"name": "q"}, "status": {"hard": {name: hard}, "used": {name: used}}}


def test_gpus_of_own_pods_are_free():
    own, other = gpu_user(8, "llama-5d9-x", "ml"), gpu_user(8, "llama-5d9-x", "other")
    assert problems(run_checks(requirements_of(gpu=8), facts(pods=(own,)), state=StackState())) == []
    assert problems(run_checks(requirements_of(gpu=8), facts(pods=(other,)), state=StackState())) != []


def test_gpus_of_unrelated_pod_are_used():
    """The pod has the instance label of the service, but not the name label of a server."""
    labels = {"app.kubernetes.io/name": "trainer", "app.kubernetes.io/instance": "llama"}
    pod = {**gpu_user(8, "llama-5d9-x", "ml"), "metadata": {"name": "llama-5d9-x", "namespace": "ml", "labels": labels}}
    assert problems(run_checks(requirements_of(gpu=8), facts(pods=(pod,)), state=StackState())) != []


def test_multi_node_service_needs_several_nodes():
    requirements = requirements_of(**MULTI_NODE)
    (service,) = requirements.services
    assert (service.name, service.replicas, service.workload) == ("llama", 2, ("LeaderWorkerSet", "ml", "llama-group"))
    assert service.keys == frozenset({("ngc", "NGC_API_KEY")})
    one_node = facts(kinds=requirements.kinds, volumes=(RWX_VOLUME,))
    assert problems(run_checks(requirements, one_node, state=StackState())) == [
        f"fail GPUs of llama: requires 2 x 8 {GPU}; 1 of 2 pods fit (free: gpu-0 0)"
        " | Free GPUs, add nodes, or lower gpu or replicas. With a node autoscaler, no action may be necessary."
    ]
    two_nodes = replace(one_node, nodes=(node(gpu=8), node("gpu-1", 8)))
    assert problems(run_checks(requirements, two_nodes, state=StackState())) == []
    own = gpu_user(8, "llama-group-0-1", "ml")
    assert problems(run_checks(requirements, replace(two_nodes, pods=(own,)), state=StackState())) == []


def test_unhealthy_gpu_is_reported_as_such():
    """The node has 8 GPUs and offers 7. Fewer GPUs for the service are not the fix."""
    (text,) = problems(run_checks(requirements_of(gpu=8), facts(nodes=(node(gpu=7, capacity=8),)), state=StackState()))
    assert text == (
        f"fail GPUs of llama: requires 8 {GPU} on one node; the node gpu-0 has 8 {GPU}, of which 1 is unhealthy | Repair the GPU: see the "
        "Xid errors in the kernel log of gpu-0 (`dmesg`) and in its device plugin's log. Or use another node."
    )
    (larger,) = problems(run_checks(requirements_of(gpu=16), facts(nodes=(node(gpu=7, capacity=8),)), state=StackState()))
    assert larger.endswith("the largest node has 7 | Set gpu to at most 7, or add a larger node.")
    nodes = (node(gpu=4), node("gpu-1", gpu=0, capacity=8))
    (unready,) = problems(run_checks(requirements_of(gpu=8), facts(nodes=nodes), state=StackState()))
    assert "the node gpu-1 reports 8" in unready
    assert "Set gpu" not in unready


def two_replicas() -> StackRequirements:
    """Return a service of two pods with 4 GPUs each."""
    return requirements_of(gpu=4, replicas=2, cache=CacheArgs(empty_dir=True))


def test_unhealthy_gpu_blocks_second_pod():
    nodes = (node(gpu=7, capacity=8),)
    (text,) = problems(run_checks(two_replicas(), facts(nodes=nodes), state=StackState()))
    assert "1 of 2 pods fit (free: gpu-0 3) | The node gpu-0 has 8" in text
    assert "Repair the GPU" in text
    (healthy,) = problems(run_checks(two_replicas(), facts(nodes=(node(gpu=7),)), state=StackState()))
    assert "unhealthy" not in healthy


def test_node_without_device_plugin_is_reported():
    (text,) = problems(run_checks(requirements_of(gpu=8), facts(nodes=(node(gpu=0, capacity=8),)), state=StackState()))
    assert f"no node offers {GPU}; the node gpu-0 reports 8 {GPU} as its capacity, but offers none" in text
    assert "kubectl get pods -A -o wide --field-selector spec.nodeName=gpu-0" in text


def test_quota_use_of_deployed_service_is_ignored():
    full = quota(f"requests.{GPU}", "2", "2")
    deployed: Any = {("Deployment", "ml", "llama"): {}}
    with_service = facts(quotas={"ml": (full,)}, own_objects=deployed)
    assert problems(run_checks(requirements_of(gpu=2), with_service, state=StackState(frozenset({("Deployment", "ml", "llama")})))) == []
    assert problems(run_checks(requirements_of(gpu=2), facts(quotas={"ml": (full,)}), state=StackState())) != []


@pytest.mark.parametrize("name", ["cpu", "requests.cpu", "limits.cpu"])
def test_quota_counts_under_each_name(name: str):
    (text,) = problems(run_checks(requirements_of(), facts(quotas={"ml": (quota(name, "1", "1"),)}), state=StackState()))
    assert f"too little is left: {name}: 1 of 1 used" in text
