"""KEDA's operator, and its adapter for the API of external metrics."""

from pathlib import Path

from tests.cluster.controlplane import ControlPlane
from tests.cluster.pod_network import PodNetwork
from tests.cluster.processes import free_ports

from .aggregated_apis import is_served, register_api
from .certificates import Authority
from .loopback import ADDRESS, listens

NAMESPACE = "keda"
OPERATOR, ADAPTER = "keda-operator", "keda-adapter"
"""Names of the processes."""
GROUP = "external.metrics.k8s.io"
SERVICE = "keda-metrics-apiserver"


def start_keda(control_plane: ControlPlane, network: PodNetwork, programs: dict[str, Path], authority: Authority) -> None:
    """Start both programs, and wait until the API server serves external metrics."""
    client = control_plane.client()
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    metrics, health, grpc, adapter, adapter_metrics = free_ports(5)
    certificates = authority.write(control_plane.folder / "keda", ADDRESS)
    variables = {
        "POD_NAMESPACE": NAMESPACE,
        "KEDA_CLUSTER_OBJECT_NAMESPACE": NAMESPACE,
        "WATCH_NAMESPACE": "",
        "KUBECONFIG": str(control_plane.kubeconfig),
    }
    control_plane.run(
        OPERATOR,
        [
            str(programs[OPERATOR]),
            f"--kubeconfig={control_plane.kubeconfig}",
            f"--metrics-bind-address={ADDRESS}:{metrics}",
            f"--health-probe-bind-address={ADDRESS}:{health}",
            f"--metrics-service-bind-address={ADDRESS}:{grpc}",
            f"--cert-dir={certificates}",
            "--leader-elect=false",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
        ],
        variables,
    )
    control_plane.wait("KEDA's operator", lambda: listens(grpc), log=OPERATOR)
    control_plane.run(
        ADAPTER,
        [
            str(programs[ADAPTER]),
            f"--lister-kubeconfig={control_plane.kubeconfig}",
            f"--authentication-kubeconfig={control_plane.kubeconfig}",
            f"--authorization-kubeconfig={control_plane.kubeconfig}",
            "--authentication-skip-lookup",
            f"--bind-address={ADDRESS}",
            f"--secure-port={adapter}",
            f"--port={adapter_metrics}",
            f"--cert-dir={certificates}",
            f"--tls-cert-file={certificates / 'tls.crt'}",
            f"--tls-private-key-file={certificates / 'tls.key'}",
            f"--metrics-service-address={ADDRESS}:{grpc}",
        ],
        variables,
    )
    register_api(client, network, SERVICE, NAMESPACE, GROUP, adapter)
    control_plane.wait("the API of external metrics", lambda: is_served(client, GROUP), log=ADAPTER)
