"""Namespaces that a stack creates, on the real engine."""

from collections.abc import Callable, Iterator

import pytest

from tests.cluster.client import Client
from tests.cluster.controlplane import ControlPlane
from tests.cluster.nodes import ONE_GPU

from .project import ROOT, Project

ENFORCE = "pod-security.kubernetes.io/enforce"


@pytest.fixture
def created(cluster: Client, namespace: str) -> Iterator[str]:
    """Yield the name of a namespace that does not exist. Delete the namespace after the test."""
    name = f"{namespace}-created"
    yield name
    cluster.delete("v1", "Namespace", name)


def test_namespace_is_created_first_and_retained(
    project: Callable[..., Project], control_plane: ControlPlane, cluster: Client, nodes, created: str
):
    nodes(ONE_GPU)
    service = {"namespace": created, "secrets": {"without_key": True}, "cache": {"empty_dir": True}}
    made = project(ROOT, "dev", {"nim:namespaces": {created: None}, "nim:services": {"llama": service}}, str(control_plane.kubeconfig))

    operations = [name for operation, name in made.up() if operation == "create"]
    assert operations.index(created) < operations.index("llama-deployment")
    assert cluster.get("v1", "Namespace", created)["metadata"]["labels"][ENFORCE] == "restricted"
    assert made.preview().keys() == {"same"}

    made.stack.destroy()
    assert cluster.find("v1", "Namespace", created) is not None
    assert cluster.find("apps/v1", "Deployment", "llama", created) is None
