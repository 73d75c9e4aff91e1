"""Fixtures of tests that need a cluster. Import them by name in the `conftest.py` of a folder.

All folders share one control plane.
"""

import contextlib
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from .binaries import provide_programs
from .cache import locked
from .client import Client, Object, wait_until
from .controlplane import ControlPlane
from .crds import install_crds
from .go_programs import NoGoError

_running: list[ControlPlane] = []
_numbers = itertools.count()
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@contextlib.contextmanager
def run_control_plane() -> Iterator[ControlPlane]:
    """Run a control plane of its own, also until SIGTERM."""
    try:
        programs = provide_programs()
    except NoGoError as error:
        skip_outside_ci(error)
    # Without a handler, SIGTERM ends the process before fixtures are torn down.
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.exit("ended by SIGTERM", returncode=143))
    try:
        with contextlib.ExitStack() as held:
            with locked("start"):  # parallel test runs would slow down each other's start
                running = held.enter_context(ControlPlane(programs))
            yield running
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """Return the control plane.

    It starts at the first test that uses it, and ends with the session.
    """
    if _running:  # started by this fixture in another folder
        yield _running[0]
        return
    with run_control_plane() as running:
        _running.append(running)
        yield running
    _running.clear()


@pytest.fixture(scope="session")
def cluster(control_plane: ControlPlane) -> Client:
    """Return the administrator's client."""
    return control_plane.client()


@pytest.fixture(scope="session")
def crds(cluster: Client) -> None:
    """Install the custom resources of `crds.py`, such as HTTPRoute and LeaderWorkerSet."""
    try:
        install_crds(cluster)
    except NoGoError as error:
        skip_outside_ci(error)


@pytest.fixture
def make_namespace(cluster: Client) -> Iterator[Callable[[], str]]:
    """Return a function that creates a namespace with Pod Security `restricted`."""
    created: list[str] = []

    def make() -> str:
        name = f"test-{next(_numbers)}"
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}})
        created.append(name)
        wait_until("the namespace's service account", lambda: cluster.find("v1", "ServiceAccount", "default", name))
        return name

    yield make
    for name in created:
        remove_namespace(cluster, name)


@pytest.fixture
def namespace(make_namespace: Callable[[], str]) -> str:
    """Return the name of a new namespace."""
    return make_namespace()


@pytest.fixture
def nodes(cluster: Client, namespace: str) -> Iterator[Callable[[list[Object]], None]]:
    """Return a function that adds nodes and waits until they accept pods: `nodes(ONE_GPU)`.

    The cluster has no other nodes until the test ends.
    """
    names: list[str] = []

    def add(new: list[Object]) -> None:
        for each in new:
            cluster.create(each)
            names.append(each["metadata"]["name"])
        for each in new:
            wait_until(f"node {each['metadata']['name']}", lambda each=each: _accepts_pods(cluster, each))

    yield add
    remove_namespace(cluster, namespace)  # pods first: the controllers delete pods without a node only after a while
    for name in names:
        cluster.delete("v1", "Node", name)


def skip_outside_ci(error: Exception) -> NoReturn:
    """Skip a test with the error's text, or fail it in CI: the machine lacks a tool."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(error))


def remove_namespace(cluster: Client, name: str) -> None:
    """Delete a namespace, then its pods immediately.

    No controller can create pods there any more.
    """
    cluster.delete("v1", "Namespace", name)
    cluster.delete_all("v1", "Pod", name)


def _accepts_pods(cluster: Client, node: Object) -> bool:
    found: Any = cluster.get("v1", "Node", node["metadata"]["name"])
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in found["status"].get("conditions", []))
    return ready and len(found["spec"].get("taints", [])) == len(node["spec"]["taints"])
