"""Node groups as the LeaderWorkerSet controller forms, replaces and restarts them."""

from pathlib import Path

import pytest

from nim_component import MultiNodeArgs
from nim_component.args.service_name import find_longest_multi_node_name
from nim_component.names import name_leader_worker_set
from tests.cluster.client import Client, Object, condition, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.nodes import GPU, node
from tests.cluster.objects import apply_all
from tests.cluster.services import multi_node
from tests.cluster.test_commands import run
from tests.cluster.waiting import images, is_running, ready_endpoints, wait_for_unschedulable

NEW = "nvcr.io/nim/deepseek-ai/deepseek-r1:2.1.6"
NAME = name_leader_worker_set("llama")
PREFIX = "leaderworkerset.sigs.k8s.io"

pytestmark = pytest.mark.usefixtures("leader_worker_sets")


def machines(count: int) -> list[Object]:
    """Return nodes with 8 GPUs each."""
    return [node(f"gpu-{at}", {GPU: 8}) for at in range(count)]


def running(cluster: Client, namespace: str) -> dict[str, Object]:
    """Return the pods of node groups that are Running and not being deleted, by name."""
    return {pod["metadata"]["name"]: pod for pod in cluster.pods(namespace) if is_running(pod)}


def wait_for_pods(cluster: Client, namespace: str, *names: str, seconds: float = 60) -> dict[str, Object]:
    """Wait until exactly these pods run, and return them."""

    def poll() -> dict[str, Object] | None:
        found = running(cluster, namespace)
        return found if set(found) == set(names) else None

    return wait_until(f"the pods {', '.join(names)}", poll, seconds=seconds)


def variables(pod: Object) -> dict[str, str]:
    """Return the plain environment variables of a pod's server."""
    return {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"] if "value" in each}


def is_available(cluster: Client, namespace: str, name: str = NAME) -> bool:
    """Return whether the condition holds for which Pulumi waits."""
    live = cluster.get("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", name, namespace)
    return condition(live, "Available").get("status") == "True"


def test_pods_have_the_address_of_their_leader(cluster: Client, namespace: str, nodes):
    nodes(machines(2))
    apply_all(cluster, multi_node(namespace))
    pods = wait_for_pods(cluster, namespace, f"{NAME}-0", f"{NAME}-0-1")
    leader, worker = pods[f"{NAME}-0"], pods[f"{NAME}-0-1"]
    assert {pod["spec"]["nodeName"] for pod in pods.values()} == {"gpu-0", "gpu-1"}
    # The rank is read from this label: NIM_NODE_RANK.
    assert [pod["metadata"]["labels"][f"{PREFIX}/worker-index"] for pod in (leader, worker)] == ["0", "1"]
    address = f"{NAME}-0.{NAME}.{namespace}"
    assert [variables(pod)["LWS_LEADER_ADDRESS"] for pod in (leader, worker)] == [address, address]
    assert worker["spec"]["containers"][0]["args"] == ["nim-serve-ray", "--head-address", "$(LWS_LEADER_ADDRESS):6379"]
    # The address is resolved by a headless Service, and before the server is ready.
    assert (leader["spec"]["hostname"], leader["spec"]["subdomain"]) == (f"{NAME}-0", NAME)
    headless = cluster.get("v1", "Service", NAME, namespace)
    assert (headless["spec"]["clusterIP"], headless["spec"]["publishNotReadyAddresses"]) == ("None", True)
    wait_until("the condition that Pulumi waits for", lambda: is_available(cluster, namespace))


def test_only_leaders_receive_requests(cluster: Client, namespace: str, nodes):
    nodes(machines(4))
    apply_all(cluster, multi_node(namespace, replicas=2))
    wait_for_pods(cluster, namespace, f"{NAME}-0", f"{NAME}-0-1", f"{NAME}-1", f"{NAME}-1-1")
    wait_until("both leaders", lambda: set(ready_endpoints(cluster, namespace, "llama")) == {f"{NAME}-0", f"{NAME}-1"})


def test_lost_worker_restarts_its_node_group(cluster: Client, namespace: str, nodes):
    nodes(machines(4))
    apply_all(cluster, multi_node(namespace, replicas=2))
    names = (f"{NAME}-0", f"{NAME}-0-1", f"{NAME}-1", f"{NAME}-1-1")
    before = {pod: each["metadata"]["uid"] for pod, each in wait_for_pods(cluster, namespace, *names).items()}
    cluster.delete("v1", "Pod", f"{NAME}-0-1", namespace)

    def replaced() -> set[str] | None:
        now = {pod: each["metadata"]["uid"] for pod, each in running(cluster, namespace).items()}
        new = {pod for pod, uid in now.items() if uid != before[pod]}
        return new if set(now) == set(names) and len(new) >= 2 else None

    assert wait_until("new pods in the first group", replaced) == {f"{NAME}-0", f"{NAME}-0-1"}


@pytest.mark.parametrize("replicas", [1, 2])
def test_update_needs_no_spare_node(cluster: Client, namespace: str, nodes, replicas: int):
    nodes(machines(2 * replicas))
    apply_all(cluster, multi_node(namespace, replicas=replicas))
    names = [f"{NAME}-{at}{suffix}" for at in range(replicas) for suffix in ("", "-1")]
    wait_for_pods(cluster, namespace, *names)
    wait_until("the first version", lambda: is_available(cluster, namespace))
    apply_all(cluster, multi_node(namespace, replicas=replicas, image=NEW))
    wait_until("the new image alone", lambda: images(cluster, namespace) == {NEW}, seconds=90)
    wait_for_pods(cluster, namespace, *names)
    wait_until("the new version", lambda: is_available(cluster, namespace))


def test_larger_node_group_replaces_the_smaller(cluster: Client, namespace: str, nodes):
    nodes(machines(3))
    apply_all(cluster, multi_node(namespace))
    before = wait_for_pods(cluster, namespace, f"{NAME}-0", f"{NAME}-0-1")
    apply_all(cluster, multi_node(namespace, multi_node=MultiNodeArgs(nodes=3)))
    after = wait_for_pods(cluster, namespace, f"{NAME}-0", f"{NAME}-0-1", f"{NAME}-0-2", seconds=90)
    assert {variables(pod)["NIM_NUM_COMPUTE_NODES"] for pod in after.values()} == {"3"}
    assert {variables(pod)["LWS_GROUP_SIZE"] for pod in after.values()} == {"3"}
    assert not {pod["metadata"]["uid"] for pod in before.values()} & {pod["metadata"]["uid"] for pod in after.values()}


def test_zero_replicas_have_no_pods(cluster: Client, namespace: str, nodes):
    nodes(machines(2))
    apply_all(cluster, multi_node(namespace))
    wait_for_pods(cluster, namespace, f"{NAME}-0", f"{NAME}-0-1")
    apply_all(cluster, multi_node(namespace, replicas=0))
    wait_until("no pods", lambda: not cluster.pods(namespace))


def test_restarted_container_restarts_its_node_group(cluster: Client, namespace: str, nodes):
    """The processes of a node group lose each other if one of them restarts."""
    nodes(machines(2))
    apply_all(cluster, multi_node(namespace))
    before = wait_for_pods(cluster, namespace, f"{NAME}-0", f"{NAME}-0-1")
    worker = before[f"{NAME}-0-1"]
    statuses = [{**each, "restartCount": 1} for each in worker["status"]["containerStatuses"]]
    cluster.patch({"apiVersion": "v1", "kind": "Pod", **worker}, {"status": {"containerStatuses": statuses}}, subresource="status")

    def replaced() -> bool:
        now = running(cluster, namespace)
        return set(now) == set(before) and all(now[pod]["metadata"]["uid"] != before[pod]["metadata"]["uid"] for pod in before)

    wait_until("a new leader and a new worker", replaced)


def test_surge_keeps_a_ready_leader(cluster: Client, namespace: str, nodes):
    nodes(machines(4))
    apply_all(cluster, multi_node(namespace, rollout="surge"))
    wait_for_pods(cluster, namespace, f"{NAME}-0", f"{NAME}-0-1")
    wait_until("the first version", lambda: is_available(cluster, namespace))
    apply_all(cluster, multi_node(namespace, rollout="surge", image=NEW))

    def is_done() -> bool:
        assert ready_endpoints(cluster, namespace, "llama"), "no leader was ready during the update"
        return images(cluster, namespace) == {NEW} and set(running(cluster, namespace)) == {f"{NAME}-0", f"{NAME}-0-1"}

    wait_until("the new version alone", is_done, seconds=90)


@pytest.mark.parametrize(("replicas", "rollout"), [(1, None), (2, "surge")])
def test_longest_name_forms_a_node_group(cluster: Client, namespace: str, nodes, replicas: int, rollout: str | None):
    nodes(machines(2 * replicas + 2))
    service_name = "n" * find_longest_multi_node_name(replicas, rollout)
    apply_all(cluster, multi_node(namespace, service_name, replicas=replicas, **({} if rollout is None else {"rollout": rollout})))
    name = f"{service_name}-group"
    names = [f"{name}-{at}{suffix}" for at in range(replicas) for suffix in ("", "-1")]
    wait_for_pods(cluster, namespace, *names)
    wait_until("the condition that Pulumi waits for", lambda: is_available(cluster, namespace, name))


def test_node_group_without_nodes_is_diagnosed(cluster: Client, namespace: str, nodes, control_plane: ControlPlane, tmp_path: Path):
    """Its leader has a node, and no worker can get one."""
    nodes(machines(1))
    apply_all(cluster, multi_node(namespace))
    wait_for_pods(cluster, namespace, f"{NAME}-0")
    wait_for_unschedulable(cluster, namespace)
    assert not is_available(cluster, namespace)
    _, output, errors = run(tmp_path, control_plane.kubeconfig, "explain", "llama", "-n", namespace)
    said = output + errors
    assert f"{NAME}-0-1" in said
    assert "nvidia.com/gpu" in said
