"""Rendered stacks, examples and generated services against the strict schemas of Kubernetes."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pulumi_kubernetes as k8s
import pytest
from hypothesis import HealthCheck, given, settings

from nim_component import NIM, NIMService
from nim_component.kubernetes.version import KUBERNETES_VERSION
from nim_component.local.manifests import Manifest, collect_manifests, validate_manifests
from nim_component.local.schema_files import bundled_versions
from nim_component.testing import record, record_project

from ..strategies import nims

ROOT = Path(__file__).parents[2]
FOLDERS = [ROOT, *(file.parent for file in sorted((ROOT / "examples").glob("*/Pulumi.yaml")))]
PROJECTS = [
    (str(folder.relative_to(ROOT)), file.name.split(".")[1])
    for folder in FOLDERS
    for file in sorted([*folder.glob("Pulumi.*.yaml"), *folder.glob("stacks/Pulumi.*.yaml")])
]
"""Folder and name of every stack of this repository and of its examples."""

CUSTOM = (
    "GRPCRoute",
    "HTTPRoute",
    "InferencePool",
    "LeaderWorkerSet",
    "PodMonitor",
    "PrometheusRule",
    "ScaledObject",
    "ServiceMonitor",
    "VerticalPodAutoscaler",
)
"""Kinds of custom resources. The cluster tests validate them against their CRDs."""


def manifests(project: str, stack: str) -> list[Manifest]:
    return collect_manifests(record_project(ROOT / project, stack).run)


@pytest.mark.parametrize(("project", "stack"), PROJECTS)
@pytest.mark.parametrize("version", bundled_versions()[-3:])
def test_rendered_stack_passes_strict_schema(project: str, stack: str, version: str):
    objects = manifests(project, stack)
    assert len(objects) >= 4
    for manifest in objects:
        if manifest.kind not in CUSTOM:
            kubernetes_validate.validate(manifest.masked, version, strict=True)


def test_schema_refuses_unknown_field():
    untyped: Any = {"name": "a", "lables": {}}
    seen = record(lambda: k8s.core.v1.ConfigMap("a", metadata=untyped))
    (error,) = validate_manifests(collect_manifests(seen.run), KUBERNETES_VERSION)[0]
    assert "metadata.lables: unknown field. Did you mean 'labels'?" in error


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nim=nims())
def test_generated_objects_pass_strict_schema(nim: NIM):
    objects = collect_manifests(record(lambda: NIMService("llama", nim)).run)
    assert validate_manifests(objects, KUBERNETES_VERSION) == ([], [])
    assert len({(each.kind, each.name) for each in objects}) == len(objects)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nim=nims())
def test_equal_arguments_give_equal_bytes(nim: NIM):
    def texts() -> list[str]:
        return [each.text for each in collect_manifests(record(lambda: NIMService("llama", nim)).run)]

    assert texts() == texts()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nim=nims())
def test_generated_pod_is_restricted(nim: NIM):
    # The rules of Pod Security `restricted`. The cluster tests use the real admission controller.
    pod = record(lambda: NIMService("llama", nim)).pod("llama")
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert "privileged" not in container["securityContext"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert all({"hostPath"}.isdisjoint(volume) for volume in pod["volumes"])
