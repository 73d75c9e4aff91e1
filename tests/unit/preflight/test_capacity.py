"""Checks of free GPUs and quotas, with running pods of the stack and of others."""

from dataclasses import replace
from typing import Any

import pytest

from nim_component import CacheArgs, MultiNodeArgs
from nim_component.preflight import StackState, run_checks

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
