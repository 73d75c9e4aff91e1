"""Tests of programs that use `NIMService`, without a cluster and without the Pulumi CLI.

    from nim_component.testing import record

    def test_the_model_gets_its_gpus():
        seen = record(lambda: NIMService("llama", NIM(secrets=NIMSecrets.keyless(), gpu=2)))
        assert seen.container("llama")["resources"]["limits"]["nvidia.com/gpu"] == "2"
        assert seen.find("kubernetes:core/v1:ConfigMap") == []

`record` runs a function, or a project's program, until every Output has resolved; what it raises, in a constructor or in an apply, is
raised in the test. Every registration is there with its inputs (camelCase, as the engine gets them), options, provider and parent; a
secret is a `Secret`, what is not known an `UNKNOWN`. With pytest, `pytest_plugins = ["nim_component.testing"]` gives it as the fixture
`recorder`.
"""

import base64
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .local.engine import execute
from .local.markers import UNKNOWN, Secret
from .local.resources import Resource, Run
from .names import SERVER_CONTAINER

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SERVICE = "kubernetes:core/v1:Service"
SECRET = "kubernetes:core/v1:Secret"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
SCALED_OBJECT = "kubernetes:keda.sh/v1alpha1:ScaledObject"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
HTTP_ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
GRPC_ROUTE = "kubernetes:gateway.networking.k8s.io/v1:GRPCRoute"
INFERENCE_POOL = "kubernetes:inference.networking.k8s.io/v1:InferencePool"
LEADER_WORKER_SET = "kubernetes:leaderworkerset.x-k8s.io/v1:LeaderWorkerSet"
DISRUPTION_BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
CLAIM_TEMPLATE = "kubernetes:resource.k8s.io/v1:ResourceClaimTemplate"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SERVICE_MONITOR = "kubernetes:monitoring.coreos.com/v1:ServiceMonitor"
POD_MONITOR = "kubernetes:monitoring.coreos.com/v1:PodMonitor"
PROMETHEUS_RULE = "kubernetes:monitoring.coreos.com/v1:PrometheusRule"
NIM_SERVICE = "nim:index:NIMService"

__all__ = [
    "AUTOSCALER",
    "CLAIM",
    "CLAIM_TEMPLATE",
    "CONFIG_MAP",
    "DEPLOYMENT",
    "DISRUPTION_BUDGET",
    "GRPC_ROUTE",
    "HTTP_ROUTE",
    "INFERENCE_POOL",
    "INGRESS",
    "LEADER_WORKER_SET",
    "NETWORK_POLICY",
    "NIM_SERVICE",
    "POD_MONITOR",
    "PROMETHEUS_RULE",
    "SCALED_OBJECT",
    "SECRET",
    "SERVICE",
    "SERVICE_MONITOR",
    "UNKNOWN",
    "Recording",
    "Resource",
    "Secret",
    "record",
    "record_project",
]


@dataclass(frozen=True)
class Recording:
    """What a program registered."""

    run: Run
    """Everything: resources in a fixed order, stack outputs, log."""

    def find(self, type_: str) -> list[Resource]:
        """The resources of a type, such as `kubernetes:apps/v1:Deployment`."""
        return self.run.of(type_)

    def one(self, type_: str, name: str | None = None) -> Resource:
        """The one resource of a type, or the one of that logical name. `LookupError` names what there is otherwise."""
        found = [resource for resource in self.run.of(type_) if name is None or resource.name == name]
        if len(found) != 1:
            there = ", ".join(resource.name for resource in self.run.of(type_)) or "none"
            raise LookupError(f"{len(found)} resources of type {type_}{f' named {name}' if name else ''}; there: {there}")
        return found[0]

    def service(self, name: str) -> Resource:
        """A `NIMService`, by its name."""
        return self.one(NIM_SERVICE, name)

    def children(self, name: str) -> dict[str, Resource]:
        """The children of a `NIMService`, by logical name."""
        return {child.name: child for child in self.run.children(self.service(name))}

    def child(self, name: str, type_: str) -> Resource:
        """The one child of that type."""
        found = [child for child in self.children(name).values() if child.type == type_]
        if len(found) != 1:
            raise LookupError(f"{name} has {len(found)} children of type {type_}; there: {', '.join(self.children(name))}")
        return found[0]

    def deployment(self, name: str) -> dict[str, Any]:
        """The Deployment's inputs of a `NIMService`."""
        return self.child(name, DEPLOYMENT).inputs

    def pod(self, name: str) -> dict[str, Any]:
        """The pod's spec of a `NIMService`."""
        return self.deployment(name)["spec"]["template"]["spec"]

    def container(self, name: str, container: str = SERVER_CONTAINER) -> dict[str, Any]:
        """A container, or init container, of a `NIMService`'s pod."""
        pod = self.pod(name)
        containers = {each["name"]: each for each in [*pod.get("initContainers", []), *pod["containers"]]}
        if container not in containers:
            raise LookupError(f"{name} has no container {container}; there: {', '.join(containers)}")
        return containers[container]

    def env(self, name: str, container: str = SERVER_CONTAINER) -> dict[str, Any]:
        """A container's environment: name to value, or to its `valueFrom`."""
        return {each["name"]: each.get("value", each.get("valueFrom")) for each in self.container(name, container).get("env", [])}

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the program exported."""
        return self.run.outputs

    def warnings(self) -> list[str]:
        """What it warned of."""
        return [entry.message for entry in self.run.log if entry.severity == "warning"]


def record(
    program: Callable[[], object],
    *,
    config: Mapping[str, object] | None = None,
    secret_keys: tuple[str, ...] = (),
    cluster: Mapping[str, Mapping[str, str]] | None = None,
    preview: bool = False,
    project: str = "project",
    stack: str = "stack",
) -> Recording:
    """Runs `program` and returns what it registered.

    `config` has full keys (`nim:services`); `secret_keys` are those of it that are secret. `cluster` holds the Secrets that are there,
    `namespace/name` to plain data (with `type` as the key of the Secret's type, if it matters): reading one that is not there fails as it
    does on the engine. Without `cluster` reads answer nothing known. `preview`: what no resource has answered yet is then unknown.
    """
    read = None if cluster is None else _reader(cluster)
    run = execute(program, project=project, stack=stack, config=config, secret_keys=secret_keys, read=read, preview=preview)
    return Recording(run)


def record_project(directory: str | Path, stack: str) -> Recording:
    """Runs the program of a Pulumi project with the configuration of one of its stacks."""
    from .local.project import run_project

    return Recording(run_project(directory, stack))


def _reader(cluster: Mapping[str, Mapping[str, str]]) -> Callable[[str, str], Mapping[str, Any] | None]:
    def read(type_: str, id_: str) -> Mapping[str, Any] | None:
        if type_ != SECRET:
            return None
        if id_ not in cluster:
            raise LookupError(f"resource '{id_}' does not exist")
        namespace, _, name = id_.partition("/")
        data = {key: base64.b64encode(value.encode()).decode() for key, value in cluster[id_].items() if key != "type"}
        return {
            "metadata": {"name": name, "namespace": namespace},
            "type": cluster[id_].get("type", "Opaque"),
            "data": Secret(data),
        }

    return read


with contextlib.suppress(ModuleNotFoundError):
    import pytest

    @pytest.fixture
    def recorder() -> Callable[..., Recording]:
        """`record`, for a test that asks for it by name."""
        return record
