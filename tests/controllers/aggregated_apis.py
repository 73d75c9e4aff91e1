"""APIs of metrics that programs serve behind the API server."""

from tests.cluster.client import Client, Object, condition
from tests.cluster.pod_network import PodNetwork

EVERYBODY: Object = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "aggregated-apis"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:anonymous"}],
}
"""The control plane has no certificate for aggregated APIs, so the programs see no user."""


def name_api(group: str) -> str:
    """Return the name of the APIService that serves an API, such as `custom.metrics.k8s.io`."""
    return f"v1beta1.{group}"


def register_api(client: Client, network: PodNetwork, service: str, namespace: str, group: str, port: int) -> None:
    """Let the API server send requests of an API to a port of loopback.

    A former program of that API is replaced.
    """
    host = f"{service}.localhost"
    network.route(host, 443, port)
    client.apply(EVERYBODY)
    client.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": service, "namespace": namespace},
            "spec": {"type": "ExternalName", "externalName": host},
        }
    )
    spec = {
        "service": {"name": service, "namespace": namespace},
        "group": group,
        "version": "v1beta1",
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "insecureSkipTLSVerify": True,
    }
    client.apply({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": name_api(group)}, "spec": spec})


def is_served(client: Client, group: str) -> bool:
    """Return whether the API server reaches the program of an API."""
    live = client.get("apiregistration.k8s.io/v1", "APIService", name_api(group))
    return condition(live, "Available").get("status") == "True"
