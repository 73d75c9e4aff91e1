"""The LeaderWorkerSet controller with its webhooks.

The webhooks label the pods and set the address of the leader.
"""

from pathlib import Path
from typing import Any

import yaml

from tests.cluster.client import Object
from tests.cluster.controlplane import ControlPlane
from tests.cluster.pod_network import PodNetwork
from tests.cluster.processes import free_ports

from .certificates import Authority
from .loopback import ADDRESS, listens
from .programs import provide_webhooks

NAME = "lws"
"""Name of the process."""
_POD = "pod.kb.io"
"""End of the name of the webhooks for pods."""


def start_leader_worker_sets(control_plane: ControlPlane, network: PodNetwork, program: Path, authority: Authority) -> None:
    """Start the controller, and wait until its webhooks answer."""
    webhook, health = free_ports(2)
    configuration: Object = {
        "apiVersion": "config.lws.x-k8s.io/v1alpha1",
        "kind": "Configuration",
        "leaderElection": {"leaderElect": False},
        "internalCertManagement": {"enable": False},
        "webhook": {"host": ADDRESS, "port": webhook, "certDir": str(authority.write(control_plane.folder / NAME, ADDRESS))},
        "health": {"healthProbeBindAddress": f"{ADDRESS}:{health}"},
        "metrics": {"bindAddress": "0"},
    }
    file = control_plane.folder / "lws.yaml"
    file.write_text(yaml.safe_dump(configuration))
    control_plane.run(NAME, [str(program), f"--kubeconfig={control_plane.kubeconfig}", f"--config={file}", "--metrics-bind-address=0"])
    # The API server reaches webhooks through the same proxy as pods.
    network.route(ADDRESS, webhook, webhook)
    client = control_plane.client()
    for each in list_webhooks(f"https://{ADDRESS}:{webhook}", authority.bundle):
        client.create(each)
    control_plane.wait("the LeaderWorkerSet controller", lambda: listens(webhook), log=NAME)


def list_webhooks(address: str, bundle: str) -> list[Object]:
    """Return the webhook configurations of the project, with the address of the process.

    Those of pods are limited to the pods of node groups, as in the project's installation.
    """
    configurations: list[Any] = [each for file in provide_webhooks() for each in yaml.safe_load_all(file.read_text())]
    for configuration in configurations:
        for webhook in configuration["webhooks"]:
            path = webhook["clientConfig"].pop("service")["path"]
            webhook["clientConfig"] = {"url": f"{address}{path}", "caBundle": bundle}
            if webhook["name"].endswith(_POD):
                webhook["objectSelector"] = {"matchExpressions": [{"key": "leaderworkerset.sigs.k8s.io/name", "operator": "Exists"}]}
    return configurations
