"""Names that controllers derive from the names of a service's objects, at the longest name."""

from typing import Any

import pytest

from nim_component import MultiNodeArgs
from nim_component.args.service_name import LONGEST_SERVICE_NAME, find_longest_multi_node_name

from .client import Client, Object, wait_until
from .nodes import EIGHT_GPUS
from .objects import apply_all, pick, pods_of, render
from .services import SHARED, keyless
from .waiting import wait_for_rollout

LONGEST = "n" * LONGEST_SERVICE_NAME
LONGEST_LABEL = "c" * 63
KEDA_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/part-of", "scaledobject.keda.sh/name")


def events(cluster: Client, namespace: str) -> list[str]:
    return [each.get("message", "") for each in cluster.list("v1", "Event", namespace)]


def node_group(namespace: str, name: str, index: int | None) -> Object:
    """Return the StatefulSet that the LeaderWorkerSet controller 0.9 creates.

    Args:
        namespace: Namespace.
        name: Name of the LeaderWorkerSet.
        index: Index of the node group, for the StatefulSet of its workers; None for the leaders.
    """
    service_name = name.removesuffix("-group")
    nim = keyless(image="nvcr.io/nim/deepseek-ai/deepseek-r1:2.1.5", gpu=1, multi_node=MultiNodeArgs(nodes=2), cache=SHARED)
    leader, worker = pods_of(pick(render(nim, namespace, "llama"), "LeaderWorkerSet"))
    pod = leader if index is None else worker
    labels = {
        "leaderworkerset.sigs.k8s.io/name": name,
        **({} if index is None else {"leaderworkerset.sigs.k8s.io/group-index": str(index)}),
    }
    metadata = {"labels": {**pod["metadata"]["labels"], "app.kubernetes.io/instance": service_name, **labels}}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name if index is None else f"{name}-{index}", "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": 1,
            "serviceName": name,
            "selector": {"matchLabels": labels},
            "podManagementPolicy": "Parallel",
            "template": {"metadata": metadata, "spec": pod["spec"]},
            **({} if index is None else {"ordinals": {"start": 1}}),
        },
    }


@pytest.mark.parametrize(("replicas", "rollout"), [(1, None), (1, "surge"), (10, "rolling"), (10, "surge"), (1000, "surge")])
def test_longest_multi_node_name_gets_pods(cluster: Client, namespace: str, replicas: int, rollout: str | None):
    """The leader's and the last worker's StatefulSet both create their pods."""
    name = "n" * find_longest_multi_node_name(replicas, rollout) + "-group"
    last = replicas - 1 + (rollout == "surge")
    for index in (None, last):
        cluster.create(node_group(namespace, name, index))
    assert wait_until("two pods", lambda: len(cluster.pods(namespace)) == 2)
    assert {pod["metadata"]["name"] for pod in cluster.pods(namespace)} == {f"{name}-0", f"{name}-{last}-1"}


def test_longest_revision_label_has_63_characters(cluster: Client, namespace: str):
    """Each node group has another hash. Three of four hashes have 10 digits, the others fewer."""
    name = "n" * find_longest_multi_node_name(10, None) + "-group"
    for index in range(8):
        cluster.create(node_group(namespace, name, index))
    pods = wait_until("eight pods", lambda: found if len(found := cluster.pods(namespace)) == 8 else None)
    assert max(len(pod["metadata"]["labels"]["controller-revision-hash"]) for pod in pods) == 63


def test_longer_multi_node_name_gets_no_pods(cluster: Client, namespace: str):
    """The name has two characters too many, because the hash may have 9 digits."""
    name = "n" * (find_longest_multi_node_name(1, None) + 2) + "-group"
    cluster.create(node_group(namespace, name, 0))
    refused = "must be no more than 63"
    assert wait_until("the controller's event", lambda: [each for each in events(cluster, namespace) if refused in each])
    assert cluster.pods(namespace) == []


def test_longest_name_gets_pods(cluster: Client, namespace: str, nodes):
    """ReplicaSets, and pods of a Deployment and a Job, with their labels."""
    nodes(EIGHT_GPUS)
    cache = {"access_mode": "ReadWriteMany", "prewarm": {"profiles": ["vllm"]}}
    adapters = {"hf_repo_ids": ["my-org/a"], "lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}}
    lora = {"lora": {"refresh_interval": 30, "volume": {}}}
    objects = render(keyless(cache=cache, disruption_budget={"min_available": 0}, **adapters, **lora), namespace, LONGEST)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    jobs = {each["metadata"]["name"] for each in objects if each["kind"] == "Job"}
    assert len(jobs) == 2 and max(map(len, jobs)) == 63
    assert wait_until("both Jobs", lambda: {job_of(pod) for pod in cluster.pods(namespace)} >= jobs)
    slices = cluster.list("discovery.k8s.io/v1", "EndpointSlice", namespace, labels=f"kubernetes.io/service-name={LONGEST}")
    assert len(slices) == 1


def job_of(pod: Object) -> str | None:
    return pod["metadata"]["labels"].get("batch.kubernetes.io/job-name")


def test_longest_name_gets_ephemeral_pvc(cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    objects = render(keyless(cache={"ephemeral": True}), namespace, LONGEST)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    (pod,) = cluster.pods(namespace)
    assert cluster.find("v1", "PersistentVolumeClaim", f"{pod['metadata']['name']}-cache-ephemeral", namespace)


def test_longest_names_get_resource_claim(cluster: Client, namespace: str):
    claims = [{"name": LONGEST_LABEL, "devices": [{"name": "gpu"}]}]
    apply_all(cluster, render(keyless(gpu=0, resource_claims=claims), namespace, LONGEST))

    def created() -> list[Object]:
        return cluster.list("resource.k8s.io/v1", "ResourceClaim", namespace)

    (claim,) = wait_until("the ResourceClaim", created)
    assert claim["metadata"]["annotations"]["resource.kubernetes.io/pod-claim-name"] == LONGEST_LABEL


@pytest.mark.parametrize("prefix", ["", "keda-hpa-"])
def test_longest_autoscaler_is_accepted(cluster: Client, namespace: str, prefix: str):
    """KEDA 2.21 names its HorizontalPodAutoscaler `keda-hpa-<name>`, also in a label."""
    scaled = keyless(cache=SHARED, autoscaling={"max_replicas": 2, "presets": ["queue"]})
    autoscaler = pick(render(scaled, namespace, LONGEST), "HorizontalPodAutoscaler")
    labels: dict[str, Any] = dict.fromkeys(KEDA_LABELS, f"{prefix}{LONGEST}") if prefix else {}
    autoscaler["metadata"] |= {"name": f"{prefix}{LONGEST}", "labels": {**autoscaler["metadata"]["labels"], **labels}}
    assert cluster.apply(autoscaler)["metadata"]["name"] == f"{prefix}{LONGEST}"
