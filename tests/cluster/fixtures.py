"""Fixtures of every test that needs a cluster. Import them by name in the `conftest.py` of a folder; one control plane serves all of them."""

import contextlib
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from .binaries import NoGoError, provide_programs
from .cache import alone
from .client import Client, Object, wait_until
from .controlplane import ControlPlane
from .crds import install_crds

_running: list[ControlPlane] = []
_numbers = itertools.count()
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """The control plane: `.kubeconfig` is the administrator's file. Started at the first test that asks, ended with the session."""
    if _running:  # by the same fixture as another folder imports it
        yield _running[0]
        return
    try:
        programs = provide_programs()
    except NoGoError as error:
        skip_but_in_ci(error)
    # Without a handler SIGTERM ends the process before any fixture is torn down.
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.exit("ended by SIGTERM", returncode=143))
    try:
        with contextlib.ExitStack() as held:
            with alone("start"):  # tests that run side by side would make each other's start-up look slow
                running = held.enter_context(ControlPlane(programs))
            _running.append(running)
            yield running
    finally:
        _running.clear()
        signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def cluster(control_plane: ControlPlane) -> Client:
    """The administrator's client."""
    return control_plane.client()


@pytest.fixture(scope="session")
def crds(cluster: Client) -> None:
    """The cluster serves HTTPRoute, InferencePool, ScaledObject, ServiceMonitor, LeaderWorkerSet and their like; see `crds.py`."""
    try:
        install_crds(cluster)
    except NoGoError as error:
        skip_but_in_ci(error)


@pytest.fixture
def make_namespace(cluster: Client) -> Iterator[Callable[[], str]]:
    """Makes namespaces that enforce Pod Security `restricted`; what is in them goes when the test ends."""
    made: list[str] = []

    def make() -> str:
        name = f"test-{next(_numbers)}"
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}})
        made.append(name)
        wait_until("the namespace's service account", lambda: cluster.find("v1", "ServiceAccount", "default", name))
        return name

    yield make
    for name in made:
        remove_namespace(cluster, name)


@pytest.fixture
def namespace(make_namespace: Callable[[], str]) -> str:
    """A fresh namespace."""
    return make_namespace()


@pytest.fixture
def nodes(cluster: Client, namespace: str) -> Iterator[Callable[[list[Object]], None]]:
    """Adds nodes and waits until they take pods: `nodes(ONE_GPU)`. The cluster has these and no others, until the test ends."""
    names: list[str] = []

    def add(wanted: list[Object]) -> None:
        for each in wanted:
            cluster.create(each)
            names.append(each["metadata"]["name"])
        for each in wanted:
            wait_until(f"node {each['metadata']['name']}", lambda each=each: _takes_pods(cluster, each))

    yield add
    remove_namespace(cluster, namespace)  # pods first: without its node a pod would not be missed for a while
    for name in names:
        cluster.delete("v1", "Node", name)


def skip_but_in_ci(error: Exception) -> NoReturn:
    """Ends a test for want of what this machine has not: a skip with the error's words, and in CI a failure."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(error))


def remove_namespace(cluster: Client, name: str) -> None:
    """Deletes a namespace and, at once, its pods: no controller can make new ones there."""
    cluster.delete("v1", "Namespace", name)
    cluster.delete_all("v1", "Pod", name)


def _takes_pods(cluster: Client, wanted: Object) -> bool:
    found: Any = cluster.get("v1", "Node", wanted["metadata"]["name"])
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in found["status"].get("conditions", []))
    return ready and len(found["spec"].get("taints", [])) == len(wanted["spec"]["taints"])
