"""Every stack and the example, on a cluster that has what they ask for: up, nothing to do, destroyed. What is left is a cache that is to be kept."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.cluster.client import Client, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.fixtures import remove_namespace
from tests.cluster.nodes import EIGHT_GPUS, GPU, GPU_TAINT, node

from ..hiding import find_in
from .project import ROOT, Project
from .resources import there

API_KEY, TOKEN = "nvapi-key-of-nobody-0123456789", "hf_token-of-nobody-0123456789"
LOGIN = json.dumps({"auths": {"nvcr.io": {"username": "$oauthtoken", "password": API_KEY}}})
DEDICATED = {"key": "dedicated", "value": "inference", "effect": "NoSchedule"}
L40S = [node("l40s", {GPU: 2}, taints=[GPU_TAINT], labels={f"{GPU}.product": "NVIDIA-L40S"})]
H100 = [node(f"h100-{n}", {GPU: 8}, taints=[GPU_TAINT, DEDICATED], labels={"cloud.google.com/gke-nodepool": "h100"}) for n in range(3)]


def applied(namespace: str, name: str, **values: str) -> dict[str, Any]:
    """A Secret as `kubectl apply` makes it: an annotation holds all of it once more."""
    kind = "kubernetes.io/dockerconfigjson" if ".dockerconfigjson" in values else "Opaque"
    given = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "type": kind, "stringData": values}
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(given)}
    return {**given, "metadata": {**given["metadata"], "annotations": annotations}}


@pytest.fixture
def stack(project: Callable[..., Project], control_plane: ControlPlane, namespace: str) -> Callable[[str], Project]:
    """A stack of this project as its file says, but for the test's namespace, and keys of nobody in place of the placeholders."""

    def make(name: str) -> Project:
        given = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{name}.yaml").read_text(encoding="utf-8"))["config"]
        secure = [key for key, value in given.items() if "secure" in value]
        config = {key: value for key, value in given.items() if key not in (*secure, "kubernetes:renderYamlToDirectory")}
        config["nim:defaults"] = {**config.get("nim:defaults", {}), "namespace": namespace}
        made = project(ROOT, name, config, str(control_plane.kubeconfig))
        for key in secure:
            made.set_secret(key, TOKEN if key == "nim:hfToken" else API_KEY)
        return made

    return make


def come_up(made: Project, cluster: Client, namespace: str, deployments: set[str]) -> None:
    """Deploys, and nothing is left to do; every pod is ready, and no key stands anywhere in the state."""
    made.up()
    live = cluster.list("apps/v1", "Deployment", namespace)
    assert {each["metadata"]["name"] for each in live} == deployments
    assert [each["status"].get("readyReplicas") for each in live] == [each["spec"]["replicas"] for each in live]
    assert made.preview().keys() <= {"same", "read"}  # what is referred to is read each time
    assert find_in(made.state(), [API_KEY, TOKEN]) == []


def go_down(made: Project, cluster: Client, namespace: str) -> set[tuple[str, str]]:
    """Destroys, and gives what is there when everything has gone that goes by itself."""
    made.stack.destroy()
    assert not made.stack.export_stack().deployment.get("resources")
    gone = {"Pod", "ReplicaSet", "EndpointSlice", "Deployment"}
    wait_until("the end of the pods", lambda: not gone & {kind for kind, _ in there(cluster, namespace)})
    return there(cluster, namespace)


def test_dev(stack: Callable[[str], Project], cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    cluster.create(applied(namespace, "my-ngc-image-pull-secret", **{".dockerconfigjson": LOGIN, "ngc_api_key": API_KEY}))
    cluster.create(applied(namespace, "huggingface", hf_token=TOKEN))
    made = stack("dev")
    come_up(made, cluster, namespace, {"llama3-8b"})
    assert go_down(made, cluster, namespace) == {("Secret", "my-ngc-image-pull-secret"), ("Secret", "huggingface")}


def test_staging(stack: Callable[[str], Project], cluster: Client, namespace: str, nodes, disk):
    nodes(L40S)
    disk("50Gi", "standard-ssd")
    disk("20Gi", "standard-ssd")
    cluster.create(applied(namespace, "ngc-pull", **{".dockerconfigjson": LOGIN}))
    cluster.create(applied(namespace, "ngc", NGC_API_KEY=API_KEY))
    made = stack("staging")
    come_up(made, cluster, namespace, {"llama3-8b", "embed"})
    assert go_down(made, cluster, namespace) == {("Secret", "ngc-pull"), ("Secret", "ngc")}


def test_prod(stack: Callable[[str], Project], cluster: Client, namespace: str, nodes, disk):
    nodes(H100)
    disk("50Gi", "filestore-rwx", "ReadWriteMany")
    disk("300Gi", "filestore-rwx", "ReadWriteMany")
    cluster.apply({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "inference"}, "value": 1000})
    made = stack("prod")
    come_up(made, cluster, namespace, {"llama3-8b", "llama3-70b"})
    left = go_down(made, cluster, namespace)
    assert {kind for kind, _ in left} == {"PersistentVolumeClaim"}
    assert {name.rpartition("-cache-")[0] for _, name in left} == {"llama3-8b", "llama3-70b"}


def test_the_platform(project: Callable[..., Project], control_plane: ControlPlane, cluster: Client, namespace: str, nodes, disk):
    nodes(EIGHT_GPUS)
    disk("100Gi", "shared-models", "ReadWriteMany")
    made = project(ROOT / "examples" / "platform", "dev", {}, str(control_plane.kubeconfig))
    made.set_secret("ngcApiKey", API_KEY)
    try:
        come_up(made, cluster, "serving", {"chat", "embed", "rag-client"})
        code, output = made.run("destroy", "--yes", "--skip-preview")
        assert code != 0
        assert "protected" in output
        made.run("state", "unprotect", "--all", "--yes")
        made.stack.destroy()
        wait_until("the end of the namespace", lambda: cluster.find("v1", "Namespace", "serving") is None, seconds=60)
    finally:
        remove_namespace(cluster, "serving")
