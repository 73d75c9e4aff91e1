"""LeaderWorkerSets: validation by the definition, Pod Security and scheduling of the pods."""

from typing import Any

import pytest

from .client import Client, DynamicApiError, wait_until
from .nodes import GPU, node
from .objects import apply_all, pick, pods_of
from .services import multi_node
from .waiting import ready_endpoints, wait_for_unschedulable


@pytest.mark.parametrize("fields", [{}, {"generation": "1.x"}, {"replicas": 3, "rollout": "surge"}], ids=str)
def test_leader_worker_set_is_accepted(crds: None, cluster: Client, namespace: str, fields: dict[str, Any]):
    objects = multi_node(namespace, **fields)
    apply_all(cluster, objects)
    applied = apply_all(cluster, objects)
    live = pick(applied, "LeaderWorkerSet")
    assert live["metadata"]["generation"] == 1
    assert live["spec"]["leaderWorkerTemplate"]["size"] == 2


def test_unknown_field_is_refused(crds: None, cluster: Client, namespace: str):
    wrong = pick(multi_node(namespace), "LeaderWorkerSet")
    wrong["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["run_as_user"] = 1
    with pytest.raises(DynamicApiError, match="run_as_user"):
        cluster.apply(wrong)


def test_leader_and_worker_need_one_node_each(crds: None, cluster: Client, namespace: str, nodes):
    nodes([node("gpu-0", {GPU: 8}), node("gpu-1", {GPU: 8})])
    objects = multi_node(namespace)
    apply_all(cluster, [each for each in objects if each["kind"] != "LeaderWorkerSet"])
    leader, worker = pods_of(pick(objects, "LeaderWorkerSet"))
    for pod in (leader, worker):
        cluster.create(pod)

    def used_nodes() -> set[str]:
        return {pod["spec"]["nodeName"] for pod in cluster.pods(namespace) if pod["status"].get("phase") == "Running"}

    assert wait_until("two running pods", lambda: len(used_nodes()) == 2)
    third = {**worker, "metadata": {**worker["metadata"], "name": "third"}}
    cluster.create(third)
    assert "Insufficient nvidia.com/gpu" in wait_for_unschedulable(cluster, namespace)


def test_only_leader_is_an_endpoint(crds: None, cluster: Client, namespace: str, nodes):
    nodes([node("gpu-0", {GPU: 8}), node("gpu-1", {GPU: 8})])
    objects = multi_node(namespace)
    apply_all(cluster, [each for each in objects if each["kind"] != "LeaderWorkerSet"])
    for pod in pods_of(pick(objects, "LeaderWorkerSet")):
        cluster.create(pod)

    wait_until("the leader's endpoint", lambda: bool(ready_endpoints(cluster, namespace)))
    wait_until("both pods", lambda: sum(pod["status"].get("phase") == "Running" for pod in cluster.pods(namespace)) == 2)
    leader, _ = (pod["metadata"]["name"] for pod in pods_of(pick(objects, "LeaderWorkerSet")))
    assert ready_endpoints(cluster, namespace) == [leader]
