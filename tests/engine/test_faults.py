"""Faults of the cluster: each ends an `up` with one clear error, and the next `up` completes.

Other faults are in other modules: existing objects in `test_refusals`, field conflicts in
`test_drift`, interrupted runs in `test_interruptions`.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.cluster.client import Client
from tests.cluster.controlplane import VISITOR, ControlPlane
from tests.cluster.nodes import EIGHT_GPUS, NO_GPU, ONE_GPU
from tests.cluster.waiting import set_quota, wait_for_unschedulable

from .project import ROOT, Project
from .resources import live_deployment, objects_in
from .updates import UP, completes, fails

KEYLESS = {"secrets": {"without_key": True}}


@pytest.fixture
def outage(control_plane: ControlPlane) -> Iterator[Callable[[], None]]:
    """Return a function that stops the API server. It starts again after the test."""
    yield lambda: control_plane.halt("kube-apiserver")
    if "kube-apiserver.pid" not in {file.name for file in control_plane.folder.iterdir()}:
        control_plane.resume_api()


def test_missing_create_permission_then_success(
    project: Callable[..., Project], control_plane: ControlPlane, cluster: Client, namespace: str, nodes
):
    nodes(ONE_GPU)
    services = {"llama": {"namespace": namespace, **KEYLESS}}
    made = project(ROOT, "dev", {"nim:services": services}, str(control_plane.kubeconfig_of(VISITOR)))
    output = fails(made)
    assert f'User "{VISITOR}" cannot create resource "persistentvolumeclaims" in API group "" in the namespace "{namespace}"' in output
    assert objects_in(cluster, namespace) == set()

    group = "rbac.authorization.k8s.io"
    cluster.create(
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "visitor", "namespace": namespace},
            "subjects": [{"kind": "User", "name": VISITOR, "apiGroup": group}],
            "roleRef": {"kind": "ClusterRole", "name": "edit", "apiGroup": group},
        }
    )
    completes(made)


def test_quota_refuses_pvc_then_success(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    set_quota(cluster, namespace, "limit", persistentvolumeclaims="0")
    made = on_cluster(llama={})
    assert "exceeded quota: limit, requested: persistentvolumeclaims=1, used: persistentvolumeclaims=0" in fails(made)
    set_quota(cluster, namespace, "limit", persistentvolumeclaims="1")
    completes(made)


def test_quota_refuses_pods_then_success(with_short_timeouts: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    gpus = "requests.nvidia.com/gpu"
    set_quota(cluster, namespace, "limit", **{gpus: "1"})
    made = with_short_timeouts(gpu=2)
    output = fails(made)
    assert "error: llama: not ready after " in output
    assert f"exceeded quota: limit, requested: {gpus}=2, used: {gpus}=0" in output
    assert "timed out waiting for the condition" in output
    set_quota(cluster, namespace, "limit", **{gpus: "2"})
    completes(made)


def test_update_survives_api_server_restart(
    with_short_timeouts: Callable[..., Project],
    control_plane: ControlPlane,
    cluster: Client,
    namespace: str,
    nodes,
    outage: Callable[[], None],
):
    nodes(NO_GPU)
    made = with_short_timeouts()
    made.change("llama", startup_timeout=120)
    process = made.start(*UP)
    wait_for_unschedulable(cluster, namespace)
    outage()
    control_plane.resume_api()
    nodes(ONE_GPU)
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 0, output
    assert live_deployment(cluster, namespace)["status"]["readyReplicas"] == 1
    assert made.preview() == {"same": 5}


def test_missing_api_server_times_out_then_success(
    with_short_timeouts: Callable[..., Project],
    control_plane: ControlPlane,
    cluster: Client,
    namespace: str,
    nodes,
    outage: Callable[[], None],
):
    nodes(NO_GPU)
    made = with_short_timeouts()
    process = made.start(*UP)
    wait_for_unschedulable(cluster, namespace)
    before = live_deployment(cluster, namespace)
    outage()
    output, _ = process.communicate(timeout=180)
    assert process.returncode != 0
    assert "nim_component/" not in output
    assert "timed out waiting for the condition" in output.partition("Diagnostics:")[2]

    with control_plane.without(
        "kube-controller-manager", "kube-scheduler", "kwok"
    ):  # without the API server they exit, or retry only after a while
        control_plane.resume_api()
    nodes(ONE_GPU)
    completes(made)
    assert live_deployment(cluster, namespace)["metadata"]["uid"] == before["metadata"]["uid"]
