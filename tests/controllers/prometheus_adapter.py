"""prometheus-adapter with its own rules and those of the guide."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.cluster.controlplane import ControlPlane
from tests.cluster.pod_network import PodNetwork
from tests.cluster.processes import free_ports

from .aggregated_apis import is_served, register_api
from .certificates import Authority
from .documented import read_snippet
from .loopback import ADDRESS
from .monitoring import NAMESPACE

NAME = "prometheus-adapter"
"""Name of the process, and of the Service."""
GUIDE = "autoscaling.md"
CUSTOM, EXTERNAL = "custom.metrics.k8s.io", "external.metrics.k8s.io"
"""APIs of metrics."""


class Adapter:
    """The process. It serves custom metrics; KEDA's adapter can have the external metrics."""

    def __init__(
        self, control_plane: ControlPlane, network: PodNetwork, programs: Mapping[str, Path], authority: Authority, prometheus: str
    ) -> None:
        self._control_plane, self._network, self._client = control_plane, network, control_plane.client()
        (self._port,) = free_ports(1)
        certificates = authority.write(control_plane.folder / NAME, ADDRESS)
        rules = control_plane.folder / "prometheus-adapter.yaml"
        rules.write_text(yaml.safe_dump(read_rules(programs["prometheus-adapter-config"])))
        control_plane.run(
            NAME,
            [
                str(programs[NAME]),
                f"--lister-kubeconfig={control_plane.kubeconfig}",
                f"--authentication-kubeconfig={control_plane.kubeconfig}",
                f"--authorization-kubeconfig={control_plane.kubeconfig}",
                "--authentication-skip-lookup",
                f"--bind-address={ADDRESS}",
                f"--secure-port={self._port}",
                f"--tls-cert-file={certificates / 'tls.crt'}",
                f"--tls-private-key-file={certificates / 'tls.key'}",
                f"--prometheus-url={prometheus}",
                f"--config={rules}",
                "--metrics-relist-interval=1s",
                "--metrics-max-age=10s",
            ],
        )
        self.serve(CUSTOM)

    def serve(self, group: str) -> None:
        """Serve an API, also in place of another program."""
        register_api(self._client, self._network, NAME, NAMESPACE, group, self._port)
        self._control_plane.wait(group, lambda: is_served(self._client, group), log=NAME)


def read_rules(program: Path) -> dict[str, list[object]]:
    """Return the adapter's own rules, followed by those of the guide."""
    own = yaml.safe_load(subprocess.run([program], capture_output=True, text=True, check=True).stdout)
    metrics, external = read_snippet(GUIDE, "rules:\n  - seriesQuery: '{__name__=~\"^(vllm"), read_snippet(GUIDE, "externalRules:")
    return {"rules": [*own["rules"], *metrics["rules"]], "externalRules": external["externalRules"]}
