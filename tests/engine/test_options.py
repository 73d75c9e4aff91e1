"""Resource options of Pulumi on a service, on the real engine."""

from collections.abc import Callable

import pytest

from tests.cluster.client import Client, wait_until
from tests.cluster.controlplane import ControlPlane
from tests.cluster.nodes import ONE_GPU

from .project import ROOT, Project
from .resources import live_deployment, objects_in

START = """
import pulumi
import pulumi_kubernetes as k8s
from nim_component import NIM, CacheArgs, NIMSecrets, NIMService

namespace = {namespace!r}
key = pulumi.Output.secret("nvapi-key-of-nobody")
nim = NIM(
    secrets=NIMSecrets(ngc_api_key=key), namespace=namespace,
    hf_repo_ids=["my-org/one"], lora_adapter_mem="1Gi", env={{"NIM_PEFT_SOURCE": "/opt/nim/peft"}},
)
"""
CHILDREN = {"Secret", "ConfigMap", "PersistentVolumeClaim", "Deployment", "Service"}


@pytest.fixture
def program(on_cluster: Callable[..., Project], namespace: str) -> Callable[[str], Project]:
    """Return a function that creates a project whose program ends with the given lines."""

    def make(lines: str) -> Project:
        made = on_cluster(unused={})
        made.write_program(START.format(namespace=namespace) + lines)
        return made

    return make


@pytest.mark.parametrize("option", ["provider=cluster", "providers=[cluster]", "providers={'kubernetes': cluster}"])
def test_every_child_has_the_explicit_provider(
    option: str, project: Callable[..., Project], control_plane: ControlPlane, cluster: Client, namespace: str, nodes
):
    nodes(ONE_GPU)
    made = project(ROOT, "dev", {"nim:services": {}})  # the kubeconfig of the environment is empty
    made.write_program(
        START.format(namespace=namespace)
        + f"""
cluster = k8s.Provider("cluster", kubeconfig={str(control_plane.kubeconfig)!r})
NIMService("llama", nim, pulumi.ResourceOptions({option}))
"""
    )
    made.up()
    assert {kind for kind, _ in objects_in(cluster, namespace)} >= CHILDREN
    resources = made.stack.export_stack().deployment["resources"]
    assert {each["provider"].split("::")[-2] for each in resources if each["type"].startswith("kubernetes:")} == {"cluster"}


TRANSFORM = """
def label(args):
    if not args.type_.startswith("kubernetes:") or "metadata" not in args.props:
        return None
    metadata = args.props["metadata"]
    labels = {**(metadata.get("labels") or {}), "example.com/team": "ml"}
    return RESULT({**args.props, "metadata": {**metadata, "labels": labels}}, args.opts)

NIMService("llama", nim, pulumi.ResourceOptions(OPTION=[label]))
"""


@pytest.mark.parametrize(
    ("option", "result"),
    [("transforms", "pulumi.ResourceTransformResult"), ("transformations", "pulumi.ResourceTransformationResult")],
)
def test_transform_changes_every_child(option: str, result: str, program: Callable[[str], Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = program(TRANSFORM.replace("RESULT", result).replace("OPTION", option))
    made.up()
    kinds = [("apps/v1", "Deployment"), *(("v1", kind) for kind in sorted(CHILDREN - {"Deployment"}))]
    live = [each for version, kind in kinds for each in cluster.list(version, kind, namespace)]
    own = [each for each in live if each["metadata"]["name"].startswith("llama")]
    assert len(own) == 6
    assert {each["metadata"]["labels"]["example.com/team"] for each in own} == {"ml"}
    assert made.preview().keys() == {"same"}


DEPENDING = """
first = k8s.core.v1.ConfigMap("first", metadata={"name": "first", "namespace": namespace})
llama = NIMService("llama", nim, pulumi.ResourceOptions(depends_on=[first]))
k8s.core.v1.ConfigMap("last", metadata={"name": "last", "namespace": namespace}, opts=pulumi.ResourceOptions(depends_on=[llama]))
"""


def test_dependents_of_service_wait_for_pods(program: Callable[[str], Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    operations = program(DEPENDING).up()
    created = [name for operation, name in operations if operation == "create"]
    children = [name for name in created if name.startswith("llama-")]
    assert created.index("first") < min(map(created.index, children))
    assert created[-1] == "last"
    created_at = cluster.get("v1", "ConfigMap", "last", namespace)["metadata"]["creationTimestamp"]
    conditions = live_deployment(cluster, namespace)["status"]["conditions"]
    available = next(each["lastTransitionTime"] for each in conditions if each["type"] == "Available")
    assert available <= created_at


def test_protect_keeps_objects(program: Callable[[str], Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = program("NIMService('llama', nim, pulumi.ResourceOptions(protect=True))")
    made.up()
    before = objects_in(cluster, namespace)
    code, output = made.run("destroy", "--yes", "--skip-preview")
    assert code != 0
    assert "protected" in output
    assert {each for each in before if each[0] in ("Deployment", "Service", "PersistentVolumeClaim", "Pod")} <= objects_in(
        cluster, namespace
    )
    assert before == objects_in(cluster, namespace)


def test_retain_on_delete_keeps_objects(program: Callable[[str], Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = program("NIMService('llama', nim, pulumi.ResourceOptions(retain_on_delete=True))")
    made.up()
    before = objects_in(cluster, namespace)
    made.stack.destroy()
    assert objects_in(cluster, namespace) == before


KEPT = "NIMService('llama', nim.model_copy(update={'cache': CacheArgs(%s)}))"


def test_retained_cache_can_be_reused(program: Callable[[str], Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = program(KEPT % "retain=True")
    made.up()
    made.stack.destroy()
    wait_until("only the PVC", lambda: {kind for kind, _ in objects_in(cluster, namespace)} == {"PersistentVolumeClaim"})
    ((_, pvc),) = objects_in(cluster, namespace)
    volume = cluster.get("v1", "PersistentVolumeClaim", pvc, namespace)["spec"]["volumeName"]

    made.write_program(START.format(namespace=namespace) + KEPT % f"existing_claim={pvc!r}")
    made.up()
    assert cluster.get("v1", "PersistentVolumeClaim", pvc, namespace)["spec"]["volumeName"] == volume
    made.stack.destroy()
    wait_until("only the PVC", lambda: objects_in(cluster, namespace) == {("PersistentVolumeClaim", pvc)})
