"""Stacks and the platform example on a cluster: deployed, unchanged, destroyed.

Only retained caches stay.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.cluster.client import Client, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.fixtures import remove_namespace
from tests.cluster.nodes import EIGHT_GPUS, GPU, GPU_TAINT, node

from ..encoded_secrets import find_in
from .project import ROOT, Project
from .resources import objects_in

API_KEY, TOKEN = "nvapi-key-of-nobody-0123456789", "hf_token-of-nobody-0123456789"
LOGIN = json.dumps({"auths": {"nvcr.io": {"username": "$oauthtoken", "password": API_KEY}}})
DEDICATED = {"key": "dedicated", "value": "inference", "effect": "NoSchedule"}
L40S = [node("l40s", {GPU: 2}, taints=[GPU_TAINT], labels={f"{GPU}.product": "NVIDIA-L40S"})]
H100 = [node(f"h100-{n}", {GPU: 8}, taints=[GPU_TAINT, DEDICATED], labels={"cloud.google.com/gke-nodepool": "h100"}) for n in range(3)]


def applied_secret(namespace: str, name: str, **values: str) -> dict[str, Any]:
    """Return a Secret as `kubectl apply` creates it: an annotation contains all of it again."""
    kind = "kubernetes.io/dockerconfigjson" if ".dockerconfigjson" in values else "Opaque"
    given = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "type": kind, "stringData": values}
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(given)}
    return {**given, "metadata": {**given["metadata"], "annotations": annotations}}


@pytest.fixture
def stack(project: Callable[..., Project], control_plane: ControlPlane, namespace: str) -> Callable[[str], Project]:
    """Return a function that creates a stack of this project in the test's namespace."""

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


def deploy(made: Project, cluster: Client, namespace: str, deployments: set[str]) -> None:
    """Deploy: every pod is ready, a preview shows no change, and the state contains no key."""
    made.up()
    live = cluster.list("apps/v1", "Deployment", namespace)
    assert {each["metadata"]["name"] for each in live} == deployments
    assert [each["status"].get("readyReplicas") for each in live] == [each["spec"]["replicas"] for each in live]
    assert made.preview().keys() <= {"same", "read"}  # existing Secrets are read each time
    assert find_in(made.state(), [API_KEY, TOKEN]) == []


def destroy(made: Project, cluster: Client, namespace: str) -> set[tuple[str, str]]:
    """Destroy, wait for the garbage collection, and return the remaining objects."""
    made.stack.destroy()
    assert not made.stack.export_stack().deployment.get("resources")
    collected = {"Pod", "ReplicaSet", "EndpointSlice", "Deployment"}
    wait_until("the end of the pods", lambda: not collected & {kind for kind, _ in objects_in(cluster, namespace)})
    return objects_in(cluster, namespace)


def test_dev_stack_deploys_and_is_destroyed(stack: Callable[[str], Project], cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    cluster.create(applied_secret(namespace, "my-ngc-image-pull-secret", **{".dockerconfigjson": LOGIN, "ngc_api_key": API_KEY}))
    cluster.create(applied_secret(namespace, "huggingface", hf_token=TOKEN))
    made = stack("dev")
    deploy(made, cluster, namespace, {"llama3-8b"})
    assert destroy(made, cluster, namespace) == {("Secret", "my-ngc-image-pull-secret"), ("Secret", "huggingface")}


def test_staging_stack_deploys_and_is_destroyed(stack: Callable[[str], Project], cluster: Client, namespace: str, nodes, disk):
    nodes(L40S)
    disk("50Gi", "standard-ssd")
    disk("20Gi", "standard-ssd")
    cluster.create(applied_secret(namespace, "ngc-pull", **{".dockerconfigjson": LOGIN}))
    cluster.create(applied_secret(namespace, "ngc", NGC_API_KEY=API_KEY))
    made = stack("staging")
    deploy(made, cluster, namespace, {"llama3-8b", "embed"})
    assert destroy(made, cluster, namespace) == {("Secret", "ngc-pull"), ("Secret", "ngc")}


def test_prod_stack_keeps_its_caches(stack: Callable[[str], Project], cluster: Client, namespace: str, nodes, disk):
    nodes(H100)
    disk("50Gi", "filestore-rwx", "ReadWriteMany")
    disk("300Gi", "filestore-rwx", "ReadWriteMany")
    cluster.apply({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "inference"}, "value": 1000})
    made = stack("prod")
    deploy(made, cluster, namespace, {"llama3-8b", "llama3-70b"})
    remaining = destroy(made, cluster, namespace)
    assert {kind for kind, _ in remaining} == {"PersistentVolumeClaim"}
    assert {name.rpartition("-cache-")[0] for _, name in remaining} == {"llama3-8b", "llama3-70b"}


def test_platform_example_protects_its_namespace(
    project: Callable[..., Project], control_plane: ControlPlane, cluster: Client, namespace: str, nodes, disk
):
    nodes(EIGHT_GPUS)
    disk("100Gi", "shared-models", "ReadWriteMany")
    made = project(ROOT / "examples" / "platform", "dev", {}, str(control_plane.kubeconfig))
    made.set_secret("ngcApiKey", API_KEY)
    try:
        deploy(made, cluster, "serving", {"chat", "embed", "rag-client"})
        code, output = made.run("destroy", "--yes", "--skip-preview")
        assert code != 0
        assert "protected" in output
        made.run("state", "unprotect", "--all", "--yes")
        made.stack.destroy()
        wait_until("the end of the namespace", lambda: cluster.find("v1", "Namespace", "serving") is None, seconds=60)
    finally:
        remove_namespace(cluster, "serving")
