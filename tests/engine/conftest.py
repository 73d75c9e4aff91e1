"""Fixtures for the real Pulumi engine, with rendered files or on the control plane."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.client import Client
from tests.cluster.controlplane import ControlPlane
from tests.cluster.fixtures import cluster, control_plane, crds, make_namespace, namespace, nodes
from tests.cluster.nodes import volume_for

from .project import ROOT, Project
from .updates import SHORT

pytest.register_assert_rewrite("tests.engine.resources")

__all__ = ["cluster", "control_plane", "crds", "make_namespace", "namespace", "nodes"]

REASON = "no pulumi on PATH: install the Pulumi CLI to run the engine tests (https://www.pulumi.com/docs/install)"


@pytest.fixture(autouse=True, scope="session")
def engine() -> None:
    """Skip without an engine, also in CI.

    It is in no package index; the GitHub workflow installs it.
    """
    if shutil.which("pulumi") is None:
        pytest.skip(REASON)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Return a function that creates a project without a cluster."""
    created: list[Project] = []

    def make(source: Path = ROOT, stack: str = "dev", config: dict[str, Any] | None = None, kubeconfig: str = os.devnull) -> Project:
        folder = tmp_path / str(len(created))
        folder.mkdir()
        created.append(Project(source, folder, stack, config, {"KUBECONFIG": kubeconfig}))
        return created[-1]

    yield make
    for each in created:
        each.close()


@pytest.fixture
def on_cluster(project: Callable[..., Project], control_plane: ControlPlane, namespace: str) -> Callable[..., Project]:
    """Return a function that creates a project with services in the test's namespace.

    By default they have no keys.

    Example:
        `on_cluster(llama={"gpu": 2})`
    """

    def make(**services: dict[str, Any]) -> Project:
        defaults = {"namespace": namespace, "secrets": {"without_key": True}}
        return project(ROOT, "dev", {"nim:defaults": defaults, "nim:services": services}, str(control_plane.kubeconfig))

    return make


@pytest.fixture
def with_short_timeouts(on_cluster: Callable[..., Project]) -> Callable[..., Project]:
    """Return a function that creates a project with the shortest time-outs."""

    def make(**fields: Any) -> Project:
        made = on_cluster(llama={"startup_timeout": 30, **fields})
        made.write_program(SHORT)
        return made

    return make


@pytest.fixture
def disk(cluster: Client, namespace: str) -> Iterator[Callable[..., None]]:
    """Return a function that creates a volume of a class without a provisioner."""
    names: list[str] = []

    def add(size: str, storage_class: str, mode: str = "ReadWriteOnce") -> None:
        names.append(f"{namespace}-{len(names)}")
        spec = {"resources": {"requests": {"storage": size}}, "accessModes": [mode], "storageClassName": storage_class}
        cluster.create(volume_for(names[-1], spec))

    yield add
    for name in names:
        cluster.delete("v1", "PersistentVolume", name)
