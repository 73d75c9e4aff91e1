"""Tests of programs that use `NIMService`, without a cluster and without the Pulumi CLI.

    from nim_component.testing import record

    def test_model_gets_two_gpus():
        recording = record(lambda: NIMService("llama", NIM(secrets=NIMSecrets.keyless(), gpu=2)))
        assert recording.container("llama")["resources"]["limits"]["nvidia.com/gpu"] == "2"
        assert recording.find("kubernetes:core/v1:ConfigMap") == []

`record` runs a function, or the program of a project, and returns after every Output has resolved.
It raises an exception of the program, also one inside an apply.

A recording contains every registration: inputs (camelCase, as sent to the engine), options,
provider and parent. A secret value is a `Secret`, an unknown value is `UNKNOWN`.

With pytest, `pytest_plugins = ["nim_component.testing"]` provides `record` as the fixture
`recorder`.
"""

import base64
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .kubernetes.generated_names import strip_content_hash
from .local.engine import execute
from .local.markers import UNKNOWN, Secret
from .local.resources import Resource, Run
from .names import SERVER_CONTAINER

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SERVICE = "kubernetes:core/v1:Service"
SECRET = "kubernetes:core/v1:Secret"
PVC = "kubernetes:core/v1:PersistentVolumeClaim"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
SCALED_OBJECT = "kubernetes:keda.sh/v1alpha1:ScaledObject"
JOB = "kubernetes:batch/v1:Job"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
HTTP_ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
GRPC_ROUTE = "kubernetes:gateway.networking.k8s.io/v1:GRPCRoute"
INFERENCE_POOL = "kubernetes:inference.networking.k8s.io/v1:InferencePool"
LEADER_WORKER_SET = "kubernetes:leaderworkerset.x-k8s.io/v1:LeaderWorkerSet"
DISRUPTION_BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
RESOURCE_CLAIM_TEMPLATE = "kubernetes:resource.k8s.io/v1:ResourceClaimTemplate"
NAMESPACE = "kubernetes:core/v1:Namespace"
SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SERVICE_MONITOR = "kubernetes:monitoring.coreos.com/v1:ServiceMonitor"
POD_MONITOR = "kubernetes:monitoring.coreos.com/v1:PodMonitor"
PROMETHEUS_RULE = "kubernetes:monitoring.coreos.com/v1:PrometheusRule"
VERTICAL_AUTOSCALER = "kubernetes:autoscaling.k8s.io/v1:VerticalPodAutoscaler"
NIM_SERVICE = "nim:index:NIMService"

__all__ = [
    "AUTOSCALER",
    "CONFIG_MAP",
    "DEPLOYMENT",
    "DISRUPTION_BUDGET",
    "GRPC_ROUTE",
    "HTTP_ROUTE",
    "INFERENCE_POOL",
    "INGRESS",
    "JOB",
    "LEADER_WORKER_SET",
    "NAMESPACE",
    "NETWORK_POLICY",
    "NIM_SERVICE",
    "POD_MONITOR",
    "PROMETHEUS_RULE",
    "PVC",
    "RESOURCE_CLAIM_TEMPLATE",
    "SCALED_OBJECT",
    "SECRET",
    "SERVICE",
    "SERVICE_ACCOUNT",
    "SERVICE_MONITOR",
    "UNKNOWN",
    "VERTICAL_AUTOSCALER",
    "Recording",
    "Resource",
    "Secret",
    "record",
    "record_project",
]


@dataclass(frozen=True)
class Recording:
    """Registrations of a program."""

    run: Run
    """Whole result: resources in a fixed order, outputs of the stack, and the log."""

    def find(self, type_: str) -> list[Resource]:
        """Return the resources of a type, such as `kubernetes:apps/v1:Deployment`."""
        return self.run.of(type_)

    def one(self, type_: str, name: str | None = None) -> Resource:
        """Return the only resource of a type, or the one with a logical name.

        Raises:
            LookupError: If there is no such resource, or more than one.
        """
        found = [resource for resource in self.run.of(type_) if name is None or resource.name == name]
        if len(found) != 1:
            names = ", ".join(resource.name for resource in self.run.of(type_)) or "none"
            named = f" and name {name}" if name else ""
            raise LookupError(f"{len(found)} resources of type {type_}{named}. Resources of this type: {names}")
        return found[0]

    def service(self, name: str) -> Resource:
        """Return a `NIMService` by its name."""
        return self.one(NIM_SERVICE, name)

    def children(self, name: str) -> dict[str, Resource]:
        """Return the children of a `NIMService` by logical name, without the content hash."""
        return {strip_content_hash(child.name, child.inputs): child for child in self.run.children(self.service(name))}

    def child(self, name: str, type_: str) -> Resource:
        """Return the only child of a type.

        Raises:
            LookupError: If there is no such child, or more than one.
        """
        children = self.children(name)
        found = [child for child in children.values() if child.type == type_]
        if len(found) != 1:
            raise LookupError(f"{name} has {len(found)} children of type {type_}. Its children: {', '.join(children)}")
        return found[0]

    def deployment(self, name: str) -> dict[str, Any]:
        """Return the inputs of a service's Deployment."""
        return self.child(name, DEPLOYMENT).inputs

    def pod(self, name: str) -> dict[str, Any]:
        """Return the pod spec of a service's Deployment."""
        return self.deployment(name)["spec"]["template"]["spec"]

    def container(self, name: str, container: str = SERVER_CONTAINER) -> dict[str, Any]:
        """Return a container or init container of a service's pod.

        Raises:
            LookupError: If the pod has no such container.
        """
        pod = self.pod(name)
        containers = {each["name"]: each for each in [*pod.get("initContainers", []), *pod["containers"]]}
        if container not in containers:
            raise LookupError(f"{name} has no container {container}. Its containers: {', '.join(containers)}")
        return containers[container]

    def env(self, name: str, container: str = SERVER_CONTAINER) -> dict[str, Any]:
        """Return the environment of a container: name to value, or to `valueFrom`."""
        return {each["name"]: each.get("value", each.get("valueFrom")) for each in self.container(name, container).get("env", [])}

    @property
    def outputs(self) -> Mapping[str, Any]:
        """Exports of the program."""
        return self.run.outputs

    def warnings(self) -> list[str]:
        """Return the warnings that the program logged."""
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
    """Run a program and return its registrations.

    Args:
        program: Function that creates resources.
        config: Configuration of the stack by full keys, such as `nim:services`.
        secret_keys: Keys of `config` whose values are secret.
        cluster: Secrets of the cluster: `<namespace>/<name>` to plain data. The key `type` is the
            type of the Secret. Reading another Secret fails as in the engine. Without `cluster`,
            reads return no known values.
        preview: Whether values that only a cluster provides are unknown.
        project: Name of the project.
        stack: Name of the stack.
    """
    read = None if cluster is None else _create_reader(cluster)
    run = execute(program, project=project, stack=stack, config=config, secret_keys=secret_keys, read=read, preview=preview)
    return Recording(run)


def record_project(directory: str | Path, stack: str) -> Recording:
    """Run the program of a Pulumi project with the configuration of one of its stacks."""
    from .local.program import run_project

    return Recording(run_project(directory, stack))


def _create_reader(cluster: Mapping[str, Mapping[str, str]]) -> Callable[[str, str], Mapping[str, Any] | None]:
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
        """Return `record`, as a fixture."""
        return record
