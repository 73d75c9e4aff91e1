"""What a person reads when something is wrong: one clear error of the real CLI, no traceback, nothing created, and the next `up` completes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.client import Client
from tests.cluster.controlplane import VISITOR, ControlPlane
from tests.cluster.nodes import ONE_GPU

from .project import ROOT, Project
from .resources import live_deployment, there

KEY = "nvapi-of-nobody-0123456789"
BY_NAME = {"ngc_image_secret": "pull", "ngc_secret_key": "NGC_API_KEY"}


@pytest.fixture
def referring(project: Callable[..., Project], control_plane: ControlPlane, namespace: str) -> Project:
    """A service that names its Secrets."""
    services = {"llama": {"namespace": namespace, "secrets": BY_NAME}}
    return project(ROOT, "dev", {"nim:services": services}, str(control_plane.kubeconfig))


def pull_secret(namespace: str, kind: str = "kubernetes.io/dockerconfigjson", **more: str) -> dict[str, Any]:
    data = {".dockerconfigjson": '{"auths": {}}', **more} if kind != "Opaque" else more
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull", "namespace": namespace}, "type": kind, "stringData": data}


def refused_by_the_engine(made: Project, *arguments: str) -> str:
    """What the CLI says when a resource fails. It interrupts the program, which shows as a traceback of the SDK's own now and then."""
    code, output = made.run(*arguments)
    assert code != 0
    assert "nim_component/" not in output  # no line of our code
    assert KEY not in output
    return output


def refused(made: Project, *arguments: str) -> str:
    """What the CLI says when the component refuses something."""
    output = refused_by_the_engine(made, *arguments)
    assert "Traceback" not in output
    return output


def test_a_missing_secret(referring: Project, cluster: Client, namespace: str, nodes):
    output = refused_by_the_engine(referring, "preview")
    assert f"resource '{namespace}/pull' does not exist" in output

    nodes(ONE_GPU)
    cluster.create(pull_secret(namespace, NGC_API_KEY=KEY))
    referring.up()
    assert live_deployment(cluster, namespace)["status"]["readyReplicas"] == 1


def test_a_missing_key(referring: Project, cluster: Client, namespace: str):
    cluster.create(pull_secret(namespace, ngc_key=KEY))
    output = refused(referring, "preview")
    assert "NIMService 'llama' has 1 problem:" in output
    assert f"secrets.ngc_secret_key: Secret {namespace}/pull has no key 'NGC_API_KEY'; its keys are: .dockerconfigjson, ngc_key" in output
    assert f"kubectl -n {namespace} edit secret pull" in output


def test_a_pull_secret_of_another_type(referring: Project, cluster: Client, namespace: str):
    cluster.create(pull_secret(namespace, "Opaque", NGC_API_KEY=KEY))
    output = refused(referring, "preview")
    assert f"Secret {namespace}/pull is of type Opaque, not kubernetes.io/dockerconfigjson" in output


def test_wrong_arguments_all_at_once(on_cluster: Callable[..., Project], cluster: Client, namespace: str):
    made = on_cluster(llama={"gpus": 2, "mem": "8Gi", "shm_size": "16Gi"})
    output = refused(made, "preview")
    assert "NIMService 'llama' has 2 problems:" in output
    assert "gpus" in output
    assert "mem" in output
    refused(made, "up", "--yes", "--skip-preview")
    assert there(cluster, namespace) == set()


LATE = """
import pulumi
from nim_component import NIM, NIMSecrets, NIMService
NIMService("llama", NIM(secrets=NIMSecrets.keyless(), namespace={namespace!r}, port=pulumi.Output.from_input(70000)))
"""


def test_a_wrong_output(on_cluster: Callable[..., Project], cluster: Client, namespace: str):
    made = on_cluster(unused={})
    made.write_program(LATE.format(namespace=namespace))
    output = refused(made, "preview")
    assert "NIMService 'llama' has 1 problem:" in output
    assert "70000" in output
    refused(made, "up", "--yes", "--skip-preview")
    assert "Deployment" not in {kind for kind, _ in there(cluster, namespace)}


def test_an_object_of_somebody_else_is_not_taken(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    theirs = {"selector": {"app": "of-somebody-else"}, "ports": [{"port": 80}]}
    cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "llama", "namespace": namespace}, "spec": theirs})
    made = on_cluster(llama={})
    output = refused_by_the_engine(made, "up", "--yes", "--skip-preview")
    assert '"llama" already exists' in output
    assert cluster.get("v1", "Service", "llama", namespace)["spec"]["selector"] == {"app": "of-somebody-else"}

    cluster.delete("v1", "Service", "llama", namespace)
    made.up()
    assert made.preview() == {"same": 5}


def test_a_namespace_where_one_may_do_nothing(
    project: Callable[..., Project], control_plane: ControlPlane, cluster: Client, namespace: str
):
    services = {"llama": {"namespace": namespace, "secrets": BY_NAME}}
    made = project(ROOT, "dev", {"nim:services": services}, str(control_plane.kubeconfig_of(VISITOR)))
    cluster.create(pull_secret(namespace, NGC_API_KEY=KEY))
    output = refused_by_the_engine(made, "preview")
    assert f'cannot get resource "secrets" in API group "" in the namespace "{namespace}"' in output


def test_no_cluster_there(project: Callable[..., Project]):
    made = project(ROOT, "dev", {"nim:services": {"llama": {"secrets": BY_NAME}}})
    output = refused_by_the_engine(made, "preview")
    assert "unreachable" in output
