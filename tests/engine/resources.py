"""Resources on the cluster, and the engine's operations on them."""

from tests.cluster.client import Client, Object

from .project import Operation

CREATED_BY_KUBERNETES = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
"""Objects that Kubernetes creates in every namespace."""


def objects_in(cluster: Client, namespace: str) -> set[tuple[str, str]]:
    """Return (kind, name) of the objects in a namespace, without those that Kubernetes creates."""
    return cluster.everything(namespace) - CREATED_BY_KUBERNETES


def live_deployment(cluster: Client, namespace: str, name: str = "llama") -> Object:
    """Return the live Deployment."""
    return cluster.get("apps/v1", "Deployment", name, namespace)


def names(cluster: Client, namespace: str, kind: str) -> set[str]:
    """Return the names of the objects of a kind."""
    return {name for found, name in objects_in(cluster, namespace) if found == kind}


def operations_on(logical_name: str, operations: list[Operation]) -> list[str]:
    """Return the operations on one resource."""
    return [operation for operation, name in operations if name == logical_name]


def assert_replaced_around_the_deployment(replaced: str, operations: list[Operation], deployment: str = "llama-deployment") -> None:
    """Check the order: new content, update of the Deployment, deletion of the old content."""
    steps_of_both = [(operation, name) for operation, name in operations if name in (replaced, deployment)]
    steps = [each for each in steps_of_both if each[0] != "same"]
    assert steps == [("create", replaced), ("update", deployment), ("delete", replaced)]
