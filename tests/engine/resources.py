"""What the tests look at: on the cluster, and in what the engine has written down."""

from tests.cluster.client import Client, Object

from .project import Operation

OF_KUBERNETES = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
"""What Kubernetes itself puts into every namespace."""


def there(cluster: Client, namespace: str) -> set[tuple[str, str]]:
    """Kind and name of everything in a namespace that somebody put there."""
    return cluster.everything(namespace) - OF_KUBERNETES


def live_deployment(cluster: Client, namespace: str, name: str = "llama") -> Object:
    """The Deployment as the server has it."""
    return cluster.get("apps/v1", "Deployment", name, namespace)


def names(cluster: Client, namespace: str, kind: str) -> set[str]:
    """The names of a kind."""
    return {name for found, name in there(cluster, namespace) if found == kind}


def of(logical_name: str, operations: list[Operation]) -> list[str]:
    """What was done to one resource."""
    return [operation for operation, name in operations if name == logical_name]


def assert_replaced_around_the_deployment(replaced: str, operations: list[Operation], deployment: str = "llama-deployment") -> None:
    """The new child, then the Deployment in place, the old child last."""
    of_both = [(operation, name) for operation, name in operations if name in (replaced, deployment)]
    steps = [each for each in of_both if each[0] not in ("same", "replace")]  # a "replace" is the sum of the two others
    assert steps == [("create-replacement", replaced), ("update", deployment), ("delete-replaced", replaced)]
