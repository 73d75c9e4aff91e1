"""Refusals: the CLI prints one clear error, creates nothing, and the next `up` completes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.client import Client
from tests.cluster.controlplane import VISITOR, ControlPlane
from tests.cluster.nodes import ONE_GPU

from .project import ROOT, Project
from .resources import live_deployment, objects_in

KEY = "nvapi-of-nobody-0123456789"
NAMED_SECRETS = {"ngc_image_secret": "pull", "ngc_secret_key": "NGC_API_KEY"}


@pytest.fixture
def with_secret_names(project: Callable[..., Project], control_plane: ControlPlane, namespace: str) -> Project:
    """Return a project with a service that names its Secrets."""
    services = {"llama": {"namespace": namespace, "secrets": NAMED_SECRETS}}
    return project(ROOT, "dev", {"nim:services": services}, str(control_plane.kubeconfig))


def pull_secret(namespace: str, kind: str = "kubernetes.io/dockerconfigjson", **more: str) -> dict[str, Any]:
    data = {".dockerconfigjson": '{"auths": {}}', **more} if kind != "Opaque" else more
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull", "namespace": namespace}, "type": kind, "stringData": data}


def run_refused_by_engine(made: Project, *arguments: str) -> str:
    """Return the output for a failed resource.

    The engine interrupts the program, so it may contain a traceback of the SDK.
    """
    code, output = made.run(*arguments)
    assert code != 0
    assert "nim_component/" not in output  # no line of our code
    assert KEY not in output
    return output


def run_refused(made: Project, *arguments: str) -> str:
    """Return the output for arguments that the component refuses."""
    output = run_refused_by_engine(made, *arguments)
    assert "Traceback" not in output
    return output


def test_missing_secret_fails_preview(with_secret_names: Project, cluster: Client, namespace: str, nodes):
    output = run_refused_by_engine(with_secret_names, "preview")
    assert f"resource '{namespace}/pull' does not exist" in output

    nodes(ONE_GPU)
    cluster.create(pull_secret(namespace, NGC_API_KEY=KEY))
    with_secret_names.up()
    assert live_deployment(cluster, namespace)["status"]["readyReplicas"] == 1


def test_missing_secret_key_fails_preview(with_secret_names: Project, cluster: Client, namespace: str):
    cluster.create(pull_secret(namespace, ngc_key=KEY))
    output = run_refused(with_secret_names, "preview")
    assert "NIMService 'llama' has 1 problem:" in output
    assert f"secrets.ngc_secret_key: Secret {namespace}/pull has no key 'NGC_API_KEY'; its keys are: .dockerconfigjson, ngc_key" in output
    assert f"kubectl -n {namespace} edit secret pull" in output


def test_pull_secret_of_other_type_fails_preview(with_secret_names: Project, cluster: Client, namespace: str):
    cluster.create(pull_secret(namespace, "Opaque", NGC_API_KEY=KEY))
    output = run_refused(with_secret_names, "preview")
    assert f"Secret {namespace}/pull is of type Opaque, not kubernetes.io/dockerconfigjson" in output


def test_all_wrong_arguments_are_reported_together(on_cluster: Callable[..., Project], cluster: Client, namespace: str):
    made = on_cluster(llama={"gpus": 2, "mem": "8Gi", "shm_size": "16Gi"})
    output = run_refused(made, "preview")
    assert "NIMService 'llama' has 2 problems:" in output
    assert "gpus" in output
    assert "mem" in output
    run_refused(made, "up", "--yes", "--skip-preview")
    assert objects_in(cluster, namespace) == set()


LATE = """
import pulumi
from nim_component import NIM, NIMSecrets, NIMService
NIMService("llama", NIM(secrets=NIMSecrets.keyless(), namespace={namespace!r}, port=pulumi.Output.from_input(70000)))
"""


def test_wrong_output_fails_preview(on_cluster: Callable[..., Project], cluster: Client, namespace: str):
    made = on_cluster(unused={})
    made.write_program(LATE.format(namespace=namespace))
    output = run_refused(made, "preview")
    assert "NIMService 'llama' has 1 problem:" in output
    assert "70000" in output
    run_refused(made, "up", "--yes", "--skip-preview")
    assert "Deployment" not in {kind for kind, _ in objects_in(cluster, namespace)}


def test_foreign_object_is_not_adopted(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    foreign = {"selector": {"app": "of-another-program"}, "ports": [{"port": 80}]}
    cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "llama", "namespace": namespace}, "spec": foreign})
    made = on_cluster(llama={})
    output = run_refused_by_engine(made, "up", "--yes", "--skip-preview")
    assert '"llama" already exists' in output
    assert cluster.get("v1", "Service", "llama", namespace)["spec"]["selector"] == {"app": "of-another-program"}

    cluster.delete("v1", "Service", "llama", namespace)
    made.up()
    assert made.preview() == {"same": 5}


def test_missing_permission_fails_preview(project: Callable[..., Project], control_plane: ControlPlane, cluster: Client, namespace: str):
    services = {"llama": {"namespace": namespace, "secrets": NAMED_SECRETS}}
    made = project(ROOT, "dev", {"nim:services": services}, str(control_plane.kubeconfig_of(VISITOR)))
    cluster.create(pull_secret(namespace, NGC_API_KEY=KEY))
    output = run_refused_by_engine(made, "preview")
    assert f'cannot get resource "secrets" in API group "" in the namespace "{namespace}"' in output


def test_unreachable_cluster_fails_preview(project: Callable[..., Project]):
    made = project(ROOT, "dev", {"nim:services": {"llama": {"secrets": NAMED_SECRETS}}})
    output = run_refused_by_engine(made, "preview")
    assert "unreachable" in output
