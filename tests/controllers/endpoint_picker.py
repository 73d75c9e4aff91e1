"""The reference picker of InferencePools, and the calls of a gateway to it.

The messages are those of Envoy's `ext_proc.proto`, written field by field.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import grpc
import yaml

from tests.cluster.client import Object
from tests.cluster.controlplane import ControlPlane
from tests.cluster.crds import install_crds
from tests.cluster.pod_network import PodNetwork
from tests.cluster.processes import free_ports

from .loopback import ADDRESS, listens
from .programs import provide_picker_definitions

NAME = "endpoint-picker"
"""Name of the process."""
SCORERS = ("queue-scorer", "kv-cache-utilization-scorer")
"""Of the scorers in the extension's chart, those that read the load of the pods."""
CONFIGURATION: Object = {
    "apiVersion": "inference.networking.x-k8s.io/v1alpha1",
    "kind": "EndpointPickerConfig",
    "plugins": [{"type": each} for each in SCORERS],
    "schedulingProfiles": [{"name": "default", "plugins": [{"pluginRef": each, "weight": 1} for each in SCORERS]}],
}
_PROCESS = "/envoy.service.ext_proc.v3.ExternalProcessor/Process"
_DESTINATION = re.compile(rb"x-gateway-destination-endpoint.{1,6}?(\d+\.\d+\.\d+\.\d+:\d+)", re.DOTALL)


class EndpointPicker:
    """The picker of one pool. It has no option to listen on one interface."""

    def __init__(
        self, control_plane: ControlPlane, network: PodNetwork, program: Path, namespace: str, pool: str, options: Sequence[str]
    ) -> None:
        install_crds(control_plane.client(), provide_picker_definitions())
        self._port, health = free_ports(2)
        file = control_plane.folder / "endpoint-picker.yaml"
        file.write_text(yaml.safe_dump(CONFIGURATION))
        control_plane.run(
            NAME,
            [
                str(program),
                f"--kubeconfig={control_plane.kubeconfig}",
                f"--pool-namespace={namespace}",
                f"--pool-name={pool}",
                f"--grpc-port={self._port}",
                f"--grpc-health-port={health}",
                "--metrics-port=0",
                "--secure-serving=false",
                "--enable-pprof=false",
                "--tracing=false",
                "--refresh-metrics-interval=200ms",
                f"--config-file={file}",
                *options,
            ],
            {"HTTP_PROXY": network.listen()},
        )
        control_plane.wait("the endpoint picker", lambda: listens(self._port), log=NAME)

    def pick(self, body: bytes) -> str | None:
        """Return the address of the pod for a chat completion, or None if there is none."""
        path = _field(1, b":path") + _field(3, b"/v1/chat/completions")
        headers = _field(2, _field(1, _field(1, path)))
        with grpc.insecure_channel(f"{ADDRESS}:{self._port}") as channel:
            answers = channel.stream_stream(_PROCESS)(iter([headers, _field(4, _field(1, body) + b"\x10\x01")]), timeout=10)
            try:
                for answer in answers:
                    if found := _DESTINATION.search(answer):
                        return found[1].decode()
            except grpc.RpcError:
                return None
        return None


def _field(number: int, value: bytes) -> bytes:
    """Return a field of Protocol Buffers with a length."""
    size, length = b"", len(value)
    while length > 127:
        size, length = size + bytes([length & 127 | 128]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + value
