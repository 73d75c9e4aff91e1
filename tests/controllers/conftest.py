"""Fixtures of this folder.

Its control plane is not that of the other tests, which need objects that no controller touches.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.client import Client
from tests.cluster.controlplane import ControlPlane
from tests.cluster.crds import install_crds
from tests.cluster.fixtures import cluster, make_namespace, namespace, nodes, run_control_plane, skip_outside_ci
from tests.cluster.go_programs import NoGoError
from tests.cluster.pod_network import PodNetwork

from .certificates import Authority
from .gatekeeper import install_policies, start_gatekeeper
from .gateway import Gateway
from .keda import start_keda
from .leader_worker_sets import start_leader_worker_sets
from .monitoring import Prometheus, start_operator
from .programs import provide_controllers, provide_definitions
from .prometheus_adapter import Adapter
from .servers import Servers

__all__ = ["cluster", "make_namespace", "namespace", "nodes"]


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """Return the control plane of this folder."""
    with run_control_plane() as running:
        yield running


@pytest.fixture(scope="session")
def network(control_plane: ControlPlane) -> Iterator[PodNetwork]:
    """Return the network from the API server to the processes."""
    with PodNetwork(control_plane.folder) as running:
        yield running


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Return the authority of all certificates."""
    return Authority()


@pytest.fixture(scope="session")
def provide(cluster: Client) -> Callable[..., dict[str, Path]]:
    """Return a function that returns programs by name.

    What all controllers watch is installed before.
    """
    try:
        install_crds(cluster, provide_definitions())
    except NoGoError as error:
        skip_outside_ci(error)

    def find(*names: str) -> dict[str, Path]:
        try:
            return provide_controllers(names)
        except NoGoError as error:
            skip_outside_ci(error)

    return find


@pytest.fixture(scope="session")
def leader_worker_sets(
    control_plane: ControlPlane, network: PodNetwork, provide: Callable[..., dict[str, Path]], authority: Authority
) -> None:
    """Run the LeaderWorkerSet controller."""
    start_leader_worker_sets(control_plane, network, provide("lws")["lws"], authority)


@pytest.fixture(scope="session")
def prometheus(control_plane: ControlPlane, network: PodNetwork, provide: Callable[..., dict[str, Path]]) -> Prometheus:
    """Run the Prometheus Operator, kube-state-metrics and Prometheus."""
    programs = provide("prometheus-operator", "prometheus", "kube-state-metrics")
    start_operator(control_plane, programs["prometheus-operator"])
    return Prometheus(control_plane, network, programs["prometheus"], programs["kube-state-metrics"])


@pytest.fixture(scope="session")
def keda(control_plane: ControlPlane, network: PodNetwork, provide: Callable[..., dict[str, Path]], authority: Authority) -> None:
    """Run KEDA's operator and its adapter."""
    start_keda(control_plane, network, provide("keda-operator", "keda-adapter"), authority)


@pytest.fixture(scope="session")
def adapter(
    control_plane: ControlPlane,
    network: PodNetwork,
    provide: Callable[..., dict[str, Path]],
    authority: Authority,
    prometheus: Prometheus,
) -> Adapter:
    """Run prometheus-adapter."""
    programs = provide("prometheus-adapter", "prometheus-adapter-config")
    return Adapter(control_plane, network, programs, authority, prometheus.url)


@pytest.fixture(scope="session")
def gatekeeper(control_plane: ControlPlane, network: PodNetwork, provide: Callable[..., dict[str, Path]], authority: Authority) -> None:
    """Run Gatekeeper with the policies."""
    start_gatekeeper(control_plane, network, provide("gatekeeper")["gatekeeper"], authority)
    install_policies(control_plane.client())


@pytest.fixture
def serve(cluster: Client, network: PodNetwork, namespace: str) -> Iterator[Callable[[str], Servers]]:
    """Return a function that runs a stub NIM for each pod."""
    with contextlib.ExitStack() as held:
        yield lambda generation: held.enter_context(Servers(cluster, network, namespace, generation))


@pytest.fixture(scope="session")
def gateway(control_plane: ControlPlane, network: PodNetwork, provide: Callable[..., dict[str, Path]], authority: Authority) -> Gateway:
    """Run Traefik."""
    return Gateway(control_plane, network, provide("traefik")["traefik"], authority)
