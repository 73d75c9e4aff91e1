"""The real Pulumi engine, where it is on PATH: with the provider that renders to files, and on the control plane of `tests/cluster`."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.client import Client
from tests.cluster.controlplane import ControlPlane
from tests.cluster.fixtures import cluster, control_plane, make_namespace, namespace, nodes
from tests.cluster.nodes import volume_for

from .project import ROOT, Project

pytest.register_assert_rewrite("tests.engine.resources")

__all__ = ["cluster", "control_plane", "make_namespace", "namespace", "nodes"]

REASON = "no pulumi on PATH: install the Pulumi CLI to run the engine tests (https://www.pulumi.com/docs/install)"


@pytest.fixture(autouse=True, scope="session")
def engine() -> None:
    """Skips where there is no engine, in CI too: it is in no package index, and the GitHub workflow installs it."""
    if shutil.which("pulumi") is None:
        pytest.skip(REASON)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Makes a project that asks no cluster: `project(source, stack, config)`."""
    made: list[Project] = []

    def make(source: Path = ROOT, stack: str = "dev", config: dict[str, Any] | None = None, kubeconfig: str = os.devnull) -> Project:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Project(source, folder, stack, config, {"KUBECONFIG": kubeconfig}))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def on_cluster(project: Callable[..., Project], control_plane: ControlPlane, namespace: str) -> Callable[..., Project]:
    """Makes a project whose services live in the test's namespace: `on_cluster(llama={"gpu": 2})`. Without keys, unless said."""

    def make(**services: dict[str, Any]) -> Project:
        defaults = {"namespace": namespace, "secrets": {"without_key": True}}
        return project(ROOT, "dev", {"nim:defaults": defaults, "nim:services": services}, str(control_plane.kubeconfig))

    return make


@pytest.fixture
def disk(cluster: Client, namespace: str) -> Iterator[Callable[..., None]]:
    """Adds a volume of a storage class that nothing makes volumes for: `disk("50Gi", "fast")`."""
    made: list[str] = []

    def add(size: str, storage_class: str, mode: str = "ReadWriteOnce") -> None:
        made.append(f"{namespace}-{len(made)}")
        spec = {"resources": {"requests": {"storage": size}}, "accessModes": [mode], "storageClassName": storage_class}
        cluster.create(volume_for(made[-1], spec))

    yield add
    for name in made:
        cluster.delete("v1", "PersistentVolume", name)
