"""Node groups as the LeaderWorkerSet controller forms, replaces and restarts them."""

from typing import Any

import pytest

from nim_component import NIM, CacheArgs, MultiNodeArgs, NIMSecrets
from tests.cluster.client import Client, Object, condition, wait_until
from tests.cluster.nodes import GPU, node
from tests.cluster.objects import apply_all, pick, render
from tests.cluster.waiting import images

OLD, NEW = "nvcr.io/nim/deepseek-ai/deepseek-r1:2.1.5", "nvcr.io/nim/deepseek-ai/deepseek-r1:2.1.6"
PREFIX = "leaderworkerset.sigs.k8s.io"

pytestmark = pytest.mark.usefixtures("leader_worker_sets")


def group(namespace: str, name: str = "llama", *, size: int = 2, **fields: Any) -> list[Object]:
    """Return the objects of a service whose pods take a node with 8 GPUs each."""
    given: dict[str, Any] = {
        "secrets": NIMSecrets.keyless(),
        "image": OLD,
        "gpu": 8,
        "multi_node": MultiNodeArgs(nodes=size),
        "cache": CacheArgs(access_mode="ReadWriteMany"),
    }
    return render(NIM(**given | fields), namespace, name)


def machines(count: int) -> list[Object]:
    """Return nodes with 8 GPUs each."""
    return [node(f"gpu-{at}", {GPU: 8}) for at in range(count)]


def running(cluster: Client, namespace: str) -> dict[str, Object]:
    """Return the pods of node groups that are Running and not being deleted, by name."""
    return {
        pod["metadata"]["name"]: pod
        for pod in cluster.pods(namespace)
        if pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
    }


def wait_for_pods(cluster: Client, namespace: str, *names: str, seconds: float = 60) -> dict[str, Object]:
    """Wait until exactly these pods run, and return them."""

    def poll() -> dict[str, Object] | None:
        found = running(cluster, namespace)
        return found if set(found) == set(names) else None

    return wait_until(f"the pods {', '.join(names)}", poll, seconds=seconds)


def variables(pod: Object) -> dict[str, str]:
    """Return the plain environment variables of a pod's server."""
    return {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"] if "value" in each}


def is_available(cluster: Client, namespace: str, name: str = "llama") -> bool:
    """Return whether the condition holds for which Pulumi waits."""
    live = cluster.get("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", name, namespace)
    return condition(live, "Available").get("status") == "True"


def test_group_knows_its_leader(cluster: Client, namespace: str, nodes):
    nodes(machines(2))
    objects = group(namespace)
    apply_all(cluster, objects)
    name = pick(objects, "LeaderWorkerSet")["metadata"]["name"]
    pods = wait_for_pods(cluster, namespace, f"{name}-0", f"{name}-0-1")
    leader, worker = pods[f"{name}-0"], pods[f"{name}-0-1"]
    assert {pod["spec"]["nodeName"] for pod in pods.values()} == {"gpu-0", "gpu-1"}
    # The rank is read from this label: NIM_NODE_RANK.
    assert [pod["metadata"]["labels"][f"{PREFIX}/worker-index"] for pod in (leader, worker)] == ["0", "1"]
    address = f"{name}-0.{name}.{namespace}"
    assert [variables(pod)["LWS_LEADER_ADDRESS"] for pod in (leader, worker)] == [address, address]
    assert worker["spec"]["containers"][0]["args"] == ["nim-serve-ray", "--head-address", "$(LWS_LEADER_ADDRESS):6379"]
    # The address is resolved by a headless Service, and before the server is ready.
    assert (leader["spec"]["hostname"], leader["spec"]["subdomain"]) == (f"{name}-0", name)
    headless = cluster.get("v1", "Service", name, namespace)
    assert (headless["spec"]["clusterIP"], headless["spec"]["publishNotReadyAddresses"]) == ("None", True)
    wait_until("the condition that Pulumi waits for", lambda: is_available(cluster, namespace, name))


def test_only_leaders_receive_requests(cluster: Client, namespace: str, nodes):
    nodes(machines(4))
    objects = group(namespace, replicas=2)
    apply_all(cluster, objects)
    name = pick(objects, "LeaderWorkerSet")["metadata"]["name"]
    wait_for_pods(cluster, namespace, f"{name}-0", f"{name}-0-1", f"{name}-1", f"{name}-1-1")

    def endpoints() -> set[str]:
        slices = cluster.list("discovery.k8s.io/v1", "EndpointSlice", namespace, labels="kubernetes.io/service-name=llama")
        return {end["targetRef"]["name"] for each in slices for end in each.get("endpoints") or [] if end["conditions"].get("ready")}

    wait_until("both leaders", lambda: endpoints() == {f"{name}-0", f"{name}-1"})


def test_lost_worker_restarts_its_group(cluster: Client, namespace: str, nodes):
    nodes(machines(4))
    objects = group(namespace, replicas=2)
    apply_all(cluster, objects)
    name = pick(objects, "LeaderWorkerSet")["metadata"]["name"]
    names = (f"{name}-0", f"{name}-0-1", f"{name}-1", f"{name}-1-1")
    before = {pod: each["metadata"]["uid"] for pod, each in wait_for_pods(cluster, namespace, *names).items()}
    cluster.delete("v1", "Pod", f"{name}-0-1", namespace)

    def replaced() -> set[str] | None:
        now = {pod: each["metadata"]["uid"] for pod, each in running(cluster, namespace).items()}
        new = {pod for pod, uid in now.items() if uid != before[pod]}
        return new if set(now) == set(names) and len(new) >= 2 else None

    assert wait_until("new pods in the first group", replaced) == {f"{name}-0", f"{name}-0-1"}


@pytest.mark.parametrize("replicas", [1, 2])
def test_update_needs_no_spare_node(cluster: Client, namespace: str, nodes, replicas: int):
    nodes(machines(2 * replicas))
    apply_all(cluster, objects := group(namespace, replicas=replicas))
    name = pick(objects, "LeaderWorkerSet")["metadata"]["name"]
    names = [f"{name}-{at}{suffix}" for at in range(replicas) for suffix in ("", "-1")]
    wait_for_pods(cluster, namespace, *names)
    wait_until("the first version", lambda: is_available(cluster, namespace, name))
    apply_all(cluster, group(namespace, replicas=replicas, image=NEW))
    wait_until("the new image alone", lambda: images(cluster, namespace) == {NEW}, seconds=90)
    wait_for_pods(cluster, namespace, *names)
    wait_until("the new version", lambda: is_available(cluster, namespace, name))


def test_larger_group_replaces_the_smaller(cluster: Client, namespace: str, nodes):
    nodes(machines(3))
    apply_all(cluster, objects := group(namespace))
    name = pick(objects, "LeaderWorkerSet")["metadata"]["name"]
    before = wait_for_pods(cluster, namespace, f"{name}-0", f"{name}-0-1")
    apply_all(cluster, group(namespace, size=3))
    after = wait_for_pods(cluster, namespace, f"{name}-0", f"{name}-0-1", f"{name}-0-2", seconds=90)
    assert {variables(pod)["NIM_NUM_COMPUTE_NODES"] for pod in after.values()} == {"3"}
    assert {variables(pod)["LWS_GROUP_SIZE"] for pod in after.values()} == {"3"}
    assert not {pod["metadata"]["uid"] for pod in before.values()} & {pod["metadata"]["uid"] for pod in after.values()}


def test_zero_replicas_have_no_pods(cluster: Client, namespace: str, nodes):
    nodes(machines(2))
    apply_all(cluster, objects := group(namespace))
    name = pick(objects, "LeaderWorkerSet")["metadata"]["name"]
    wait_for_pods(cluster, namespace, f"{name}-0", f"{name}-0-1")
    apply_all(cluster, group(namespace, replicas=0))
    wait_until("no pods", lambda: not cluster.pods(namespace))
