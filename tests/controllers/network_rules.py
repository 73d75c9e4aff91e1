"""NetworkPolicies as Cyclonus evaluates them, a simulator of Kubernetes' rules."""

import itertools
import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.cluster.client import Object


@dataclass(frozen=True)
class Place:
    """End of a connection: a pod with its namespace, or an address outside the cluster."""

    name: str
    address: str
    namespace: str | None = None
    labels: dict[str, str] | None = field(default=None, hash=False)

    def describe(self) -> dict[str, Any]:
        """Return the place in the form of Cyclonus."""
        if self.namespace is None:
            return {"IP": self.address}
        names = {"kubernetes.io/metadata.name": self.namespace}
        return {"IP": self.address, "Internal": {"Namespace": self.namespace, "NamespaceLabels": names, "PodLabels": self.labels or {}}}


class Connection(NamedTuple):
    """Connection between two places."""

    source: Place
    destination: Place
    port: int
    protocol: str = "TCP"


def connect(
    sources: Iterable[Place], destinations: Iterable[Place], ports: Iterable[int], protocols: Iterable[str] = ("TCP", "UDP")
) -> list[Connection]:
    """Return every connection of these sources, destinations, ports and protocols."""
    return [Connection(*each) for each in itertools.product(sources, destinations, ports, protocols)]


class Rules:
    """NetworkPolicies of a list of objects."""

    def __init__(self, program: Path, folder: Path, objects: list[Object]) -> None:
        self._program, self._folder = program, folder
        policies = folder / "policies"
        policies.mkdir()
        for each in objects:
            if each["kind"] == "NetworkPolicy":
                (policies / f"{each['metadata']['name']}.yaml").write_text(yaml.safe_dump(each))

    def allowed(self, connections: list[Connection]) -> list[Connection]:
        """Return the connections that the policies of both ends allow."""
        file = self._folder / "connections.json"
        described = [
            {
                "Source": each.source.describe(),
                "Destination": each.destination.describe(),
                "ResolvedPort": each.port,
                "ResolvedPortName": "",
                "Protocol": each.protocol,
            }
            for each in connections
        ]
        file.write_text(json.dumps(described))
        options = ["--mode=query-traffic", f"--policy-path={self._folder / 'policies'}", f"--traffic-path={file}"]
        output = subprocess.run([self._program, "analyze", *options], capture_output=True, text=True, check=True).stdout
        verdicts = re.findall(r"IS ALLOWED\?\s*\|\s*(TRUE|FALSE)", output)
        assert len(verdicts) == len(connections)
        return [each for each, verdict in zip(connections, verdicts, strict=True) if verdict == "TRUE"]
