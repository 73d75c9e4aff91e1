"""Changes on the cluster without the engine."""

from collections.abc import Callable

from tests.cluster.client import Client
from tests.cluster.nodes import EIGHT_GPUS, ONE_GPU

from .project import Project
from .resources import live_deployment, operations_on


def test_refresh_finds_no_drift(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = on_cluster(llama={})
    made.up()
    before = live_deployment(cluster, namespace)
    assert dict(made.stack.refresh().summary.resource_changes or {}) == {"same": 5}
    assert made.preview() == {"same": 5}
    assert live_deployment(cluster, namespace)["metadata"]["generation"] == before["metadata"]["generation"]


def test_manually_deleted_service_is_created_again(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = on_cluster(llama={})
    made.up()
    cluster.delete("v1", "Service", "llama", namespace)
    made.stack.refresh()
    assert made.preview() == {"same": 4, "create": 1}
    assert operations_on("llama-service", made.up()) == ["create"]
    assert cluster.find("v1", "Service", "llama", namespace)
    assert made.preview() == {"same": 5}


def test_manual_scaling_conflicts_until_arguments_agree(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    shared = {"access_mode": "ReadWriteMany"}
    made = on_cluster(llama={"replicas": 2, "cache": shared})
    made.up()
    deployment = live_deployment(cluster, namespace)
    cluster.patch(deployment, {"spec": {"replicas": 3}})
    made.change("llama", replicas=4)
    code, output = made.run("up", "--yes", "--skip-preview")
    assert code != 0
    assert "conflict" in output
    assert ".spec.replicas" in output
    assert live_deployment(cluster, namespace)["spec"]["replicas"] == 3

    made.change("llama", replicas=3)
    made.up()
    assert live_deployment(cluster, namespace)["spec"]["replicas"] == 3
    assert made.preview() == {"same": 5}
