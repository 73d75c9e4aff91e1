"""Faults of the cluster: each ends an `up` with one clear error, and the next `up` completes.

Other faults are in other modules: existing objects in `test_refusals`, field conflicts in
`test_drift`, interrupted runs in `test_interruptions`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cluster.client import Client
from tests.cluster.controlplane import VISITOR, ControlPlane
from tests.cluster.nodes import EIGHT_GPUS, NO_GPU, ONE_GPU
from tests.cluster.waiting import set_quota, wait_for_unschedulable

from .project import ROOT, Project
from .resources import live_deployment, names, objects_in

UP = ("up", "--yes", "--skip-preview")
SHORT = """
from nim_component.manifests import timing
from nim_component.stack import deploy_stack
timing.PULL_ALLOWANCE = timing.MARGIN = 5  # a time-out of 40 s in place of 15 minutes
deploy_stack()
"""
KEYLESS = {"secrets": {"without_key": True}}


@pytest.fixture
def with_short_timeouts(on_cluster: Callable[..., Project]) -> Callable[..., Project]:
    """Return a function that creates a project with the shortest time-outs."""

    def make(**fields: Any) -> Project:
        made = on_cluster(llama={"startup_timeout": 30, **fields})
        made.write_program(SHORT)
        return made

    return make


@pytest.fixture
def outage(control_plane: ControlPlane) -> Iterator[Callable[[], None]]:
    """Return a function that stops the API server. It starts again after the test."""
    yield lambda: control_plane.halt("kube-apiserver")
    if "kube-apiserver.pid" not in {file.name for file in control_plane.folder.iterdir()}:
        control_plane.resume_api()


def fails(made: Project) -> str:
    """Run an `up` that fails, and return its diagnostics."""
    code, output = made.run(*UP)
    assert code != 0
    assert "nim_component/" not in output  # no line of our code
    return output.partition("Diagnostics:")[2]


def completes(made: Project, *arguments: str) -> None:
    """Run an `up` that succeeds, after which a preview shows no change."""
    code, output = made.run(*UP, *arguments)
    assert code == 0, output
    assert made.preview().keys() == {"same"}


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


def test_return_to_adapters_before_failed_change(with_short_timeouts: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    lora = {"lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}}
    made = with_short_timeouts(hf_repo_ids=["my-org/one"], **lora)
    completes(made)
    (before,) = names(cluster, namespace, "ConfigMap")
    made.change("llama", hf_repo_ids=["my-org/two"], gpu=2)
    fails(made)
    assert names(cluster, namespace, "ConfigMap") > {before}  # the engine deletes it after a successful update

    made.change("llama", hf_repo_ids=["my-org/one"], gpu=1)
    assert f'configmaps "{before}" already exists' in fails(made)
    cluster.delete("v1", "ConfigMap", before, namespace)
    completes(made, "--refresh")
    assert names(cluster, namespace, "ConfigMap") == {before}
    volumes = live_deployment(cluster, namespace)["spec"]["template"]["spec"]["volumes"]
    assert before in [each["configMap"]["name"] for each in volumes if "configMap" in each]
